"""What does each token pull, and what was refused to it?"""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import request_token
from tokens.models import Notification, Pull, Refusal, noted_pulls, noted_refusals
from tokens.models.refusals import Attempt
from tokens.models.standing import Reason
from tokens.registry.notifications import Pulled

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def token(cast):
    return request_token(cast.bram).token


def pull(token, id_, *, at=NOON, reference="latest"):
    Pull.record(Pulled(id_, token.username, "public/universal", reference), at=at)


def test_refusals_are_counted_by_the_hour(token):
    for at in (NOON, NOON + MINUTE, NOON + 60 * MINUTE):
        Refusal.record(Attempt(token.pk, Reason.REVOKED, "203.0.113.7"), at=at)
        noted_refusals.write_everything()
    hours = [(refusal.hour.hour, refusal.count) for refusal in Refusal.objects.of(token)]
    assert hours == [(13, 1), (12, 2)]


def test_refusals_are_told_apart_by_reason_address_and_repository(token):
    for attempt in (
        Attempt(token.pk, Reason.REVOKED, "203.0.113.7"),
        Attempt(token.pk, Reason.WRONG_SECRET, "203.0.113.7"),
        Attempt(token.pk, Reason.REVOKED, "203.0.113.8"),
        Attempt(token.pk, Reason.NOT_ENTITLED, "203.0.113.7", "internal/builder"),
    ):
        Refusal.record(attempt, at=NOON)
    noted_refusals.write_everything()
    assert Refusal.objects.of(token).count() == 4


def test_a_pull_is_counted_once_however_often_it_is_told(token):
    for _ in range(2):
        pull(token, "one")
        pull(token, "one")
        noted_pulls.write_everything()
    assert Pull.objects.of(token).get().count == 1
    assert Notification.objects.count() == 1


def test_pulls_are_counted_by_day_and_reference(token):
    pull(token, "one")
    pull(token, "two", at=NOON + MINUTE)
    pull(token, "three", at=NOON + timedelta(days=1))
    pull(token, "four", reference="2025.1.10")
    noted_pulls.write_everything()
    found = {(p.day, p.reference): (p.count, p.last_at) for p in Pull.objects.of(token)}
    assert found == {
        (date(2026, 3, 1), "latest"): (2, NOON + MINUTE),
        (date(2026, 3, 2), "latest"): (1, NOON + timedelta(days=1)),
        (date(2026, 3, 1), "2025.1.10"): (1, NOON),
    }


def test_a_pull_of_nobody_is_remembered_and_not_counted(token):
    Pull.record(Pulled("one", "portal", "public/universal", "latest"), at=NOON)
    noted_pulls.write_everything()
    assert not Pull.objects.exists()
    assert Notification.objects.filter(id="one").exists()
