"""Which networks have failed to log in too often within this minute?"""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from tokens.models import Failure
from tokens.models import failures as failures_module
from tokens.models.failures import MOST_A_MINUTE, Throttle, network_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ADDRESS = "203.0.113.7"


def fail(throttle, times, *, address=ADDRESS, now=NOON):
    for _ in range(times):
        throttle.count(address, now=now)


def test_sixty_a_minute_are_let_pass():
    throttle = Throttle()
    fail(throttle, MOST_A_MINUTE - 1)
    assert not throttle.is_over(ADDRESS, now=NOON)
    fail(throttle, 1)
    assert throttle.is_over(ADDRESS, now=NOON)


def test_the_next_minute_begins_anew():
    throttle = Throttle()
    fail(throttle, MOST_A_MINUTE, now=NOON + 59 * SECOND)
    assert not throttle.is_over(ADDRESS, now=NOON + 60 * SECOND)


def test_other_networks_are_not_touched():
    throttle = Throttle()
    fail(throttle, MOST_A_MINUTE)
    assert not throttle.is_over("203.0.113.8", now=NOON)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_a_network_is_what_one_client_can_choose_from(address, network):
    assert network_of(address) == network


@pytest.mark.django_db
def test_processes_learn_each_others_failures():
    one, other = Throttle(), Throttle()
    fail(one, 40)
    fail(other, 20)
    one.write(now=NOON)
    other.write(now=NOON)
    assert other.is_over(ADDRESS, now=NOON)
    assert not one.is_over(ADDRESS, now=NOON)
    fail(one, 1)
    one.write(now=NOON)
    assert one.is_over(ADDRESS, now=NOON)
    assert Failure.objects.get().count == 61


@pytest.mark.django_db
def test_what_fails_while_the_minute_turns_is_of_the_next(monkeypatch):
    throttle, add, later = Throttle(), failures_module._add, NOON + 60 * SECOND
    fail(throttle, MOST_A_MINUTE)

    def slowly(counts, minute):
        fail(throttle, 1, now=later)
        return add(counts, minute)

    monkeypatch.setattr(failures_module, "_add", slowly)
    throttle.write(now=NOON)
    assert not throttle.is_over(ADDRESS, now=later)
    fail(throttle, MOST_A_MINUTE - 1, now=later)
    assert throttle.is_over(ADDRESS, now=later)


@pytest.mark.django_db
def test_failures_are_written_once():
    throttle = Throttle()
    fail(throttle, 3)
    throttle.write(now=NOON)
    throttle.write(now=NOON)
    throttle.write_everything()
    assert Failure.objects.get().count == 3


@pytest.mark.django_db
def test_failures_are_kept_while_the_database_is_away(monkeypatch):
    throttle = Throttle()
    fail(throttle, MOST_A_MINUTE)

    def away(*args):
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(failures_module, "_add", away)
        with pytest.raises(DatabaseError):
            throttle.write(now=NOON)
    assert throttle.is_over(ADDRESS, now=NOON)
    throttle.write(now=NOON)
    assert Failure.objects.get().count == MOST_A_MINUTE


def test_no_more_networks_are_kept_than_memory_is_meant_for(monkeypatch):
    monkeypatch.setattr(failures_module, "MOST_NETWORKS", 2)
    throttle = Throttle()
    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
        fail(throttle, MOST_A_MINUTE, address=address)
    assert [throttle.is_over(f"203.0.113.{n}", now=NOON) for n in (1, 2, 3)] == [True, True, False]
