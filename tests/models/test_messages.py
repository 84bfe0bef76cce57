"""Is each mail of the outbox sent by one, tried again for long enough, and then given up?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError

from tests.factories import Cast
from tokens.models import Message
from tokens.models.messages import GIVEN_UP_AFTER, Kind

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def message(cast: Cast) -> Message:
    """The only one."""
    assert cast.bram
    Message.objects.all().delete()
    Message.objects.put(Kind.NEW_PLACE, cast.bram, about={"event": 1})
    return Message.objects.get()


def is_due(at: datetime) -> bool:
    return Message.objects.due(at).exists()


def fail(message: Message, at: datetime) -> None:
    assert message.claim(at)
    message.mark_failed(TimeoutError("ana@acme.example did not answer"), at)


def test_a_mail_is_due_at_once(message: Message) -> None:
    assert is_due(NOON)
    assert message.recipient.email == "bram@acme.example"


def test_of_two_who_want_to_send_it_one_may(message: Message) -> None:
    same = Message.objects.get()
    assert message.claim(NOON)
    assert not same.claim(NOON)
    assert not is_due(NOON)
    assert Message.objects.get().attempts == 1


def test_whoever_claimed_it_and_died_is_followed_by_another(message: Message) -> None:
    assert message.claim(NOON)
    assert is_due(NOON + 5 * MINUTE)
    assert Message.objects.get().claim(NOON + 5 * MINUTE)


def test_what_is_sent_is_never_due_again(message: Message) -> None:
    message.claim(NOON)
    message.mark_sent(NOON)
    assert not is_due(NOON + timedelta(days=365))
    assert not Message.objects.unsent().exists()
    assert Message.objects.try_again(NOON) == 0


def test_it_is_tried_again_more_and_more_seldom(message: Message) -> None:
    at, waits = NOON, []
    for _ in range(7):
        fail(message, at)
        assert message.next_attempt_at
        waits.append((message.next_attempt_at - at) // MINUTE)
        at = message.next_attempt_at
    assert waits == [1, 5, 30, 120, 360, 360, 360]


def test_it_is_given_up_after_three_days(message: Message) -> None:
    fail(message, NOON + GIVEN_UP_AFTER)
    assert is_due(NOON + GIVEN_UP_AFTER + MINUTE)
    fail(message, NOON + GIVEN_UP_AFTER + MINUTE)
    assert not is_due(NOON + timedelta(days=365))
    assert Message.objects.unsent().exists()


def test_of_an_error_its_kind_is_kept_and_nothing_else(message: Message) -> None:
    fail(message, NOON)
    assert Message.objects.get().last_error == "TimeoutError"


def test_what_failed_is_tried_again_when_somebody_wants_it(message: Message) -> None:
    fail(message, NOON + 2 * GIVEN_UP_AFTER)
    later = NOON + 3 * GIVEN_UP_AFTER
    assert Message.objects.try_again(later) == 1
    assert is_due(later)


def test_what_is_being_sent_right_now_is_not_sent_twice_by_that(message: Message) -> None:
    fail(message, NOON)
    assert message.claim(NOON + MINUTE)
    assert Message.objects.try_again(NOON + MINUTE) == 0
    assert not is_due(NOON + MINUTE)


def test_it_is_stuck_when_it_was_not_sent_for_ten_minutes(message: Message) -> None:
    assert not Message.objects.stuck(NOON + 10 * MINUTE).exists()
    assert Message.objects.stuck(NOON + 11 * MINUTE).exists()
    message.mark_sent(NOON)
    assert not Message.objects.stuck(NOON + 11 * MINUTE).exists()


def test_what_is_given_up_is_stuck_no_more(message: Message) -> None:
    """One wrong address would alarm for as long as it is remembered."""
    fail(message, NOON + GIVEN_UP_AFTER)
    assert Message.objects.stuck(NOON + GIVEN_UP_AFTER).exists()
    fail(message, NOON + GIVEN_UP_AFTER + MINUTE)
    assert not Message.objects.stuck(NOON + GIVEN_UP_AFTER + MINUTE).exists()


def test_of_several_that_are_to_be_sent_once_one_is_kept(message: Message, cast: Cast) -> None:
    for person in (cast.bram, cast.bram, cast.chloe):
        for month in ("2026-03", "2026-03", "2026-04"):
            Message.objects.put(Kind.TOKENS_UNUSED, person, once=month)
    assert Message.objects.filter(kind=Kind.TOKENS_UNUSED).count() == 4


def test_a_mail_goes_to_somebody(message: Message) -> None:
    with pytest.raises(IntegrityError):
        Message.objects.create(kind=Kind.NEW_PLACE)
