"""While no connection is to be had, is it tried for once a second rather than by everybody?"""

import time

import pytest
from django.db import OperationalError
from psycopg_pool import PoolTimeout

from tokens.models.outage import TRIED_EVERY, Outage, StillAway


class Clock:
    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(time, "monotonic", lambda: Clock.now)
    return Clock


def in_vain(outage: Outage) -> None:
    """Waits for a connection until none is to be had."""
    with pytest.raises(OperationalError, match="no connection"), outage:
        raise OperationalError("no connection") from PoolTimeout()


def test_whoever_comes_within_a_second_does_not_wait(clock: type[Clock]) -> None:
    outage = Outage()
    in_vain(outage)
    clock.now += TRIED_EVERY / 2
    with pytest.raises(StillAway), outage:
        raise AssertionError("it was tried")


def test_after_a_second_one_tries_and_the_others_do_not_wait_for_that(clock: type[Clock]) -> None:
    outage = Outage()
    in_vain(outage)
    clock.now += TRIED_EVERY
    with outage, pytest.raises(StillAway), outage:
        raise AssertionError("it was tried")
    with outage:
        pass


def test_an_error_of_a_connection_that_was_had_keeps_nobody_out() -> None:
    outage = Outage()
    with pytest.raises(OperationalError), outage:
        raise OperationalError("the statement took too long")
    with outage:
        pass
