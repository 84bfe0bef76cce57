"""Is it noted who came in, from where, and who tried to?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.factories import Cast
from tests.facts import proof
from tokens.actions import sign_ins as deeds
from tokens.actions.people import deactivate
from tokens.actions.sign_ins import Attempt, noted_attempts
from tokens.metrics import sign_ins as counted
from tokens.models import CONSOLE, Event, Message, User
from tokens.models.events import Action
from tokens.models.messages import Kind
from tokens.origin import Origin, coming_from

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
OFFICE, HOME = Origin("203.0.113.7", "a" * 32), Origin("2001:db8::1", "b" * 32)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def sign_in(person: User, here: Origin) -> Event:
    with coming_from(here):
        return deeds.sign_in(by=person)


def fail(person: User, here: Origin) -> Event | None:
    with coming_from(here):
        return deeds.fail(person)


def told_of_new_places(person: User) -> list[dict[str, object]]:
    return [m.about for m in Message.objects.filter(kind=Kind.NEW_PLACE, person=person)]


def failures() -> list[Event]:
    return list(Event.objects.filter(action=Action.PERSON_SIGN_IN_FAILED).order_by("pk"))


def outcomes() -> dict[str, float]:
    return {name: counted.labels(name)._value.get() for name in ("failed", "stranger")}


class TestNewPlace:
    def test_the_first_place_of_all_is_none(self, cast: Cast) -> None:
        assert sign_in(cast.bram, OFFICE).details == {}
        assert told_of_new_places(cast.bram) == []

    def test_is_one_where_the_person_never_signed_in(self, cast: Cast) -> None:
        sign_in(cast.bram, OFFICE)
        event = sign_in(cast.bram, HOME)
        assert event.details == {"new_place": True}
        assert told_of_new_places(cast.bram) == [{"event": event.pk}]

    def test_is_new_once(self, cast: Cast) -> None:
        for here in (OFFICE, HOME, HOME, OFFICE):
            last = sign_in(cast.bram, here)
        assert last.details == {}
        assert len(told_of_new_places(cast.bram)) == 1

    def test_is_told_to_nobody_else(self, cast: Cast) -> None:
        sign_in(cast.bram, OFFICE)
        sign_in(cast.chloe, HOME)
        assert not Message.objects.filter(kind=Kind.NEW_PLACE).exists()

    def test_what_was_done_or_tried_from_there_is_no_sign_in(self, cast: Cast) -> None:
        sign_in(cast.bram, OFFICE)
        fail(cast.bram, HOME)
        assert sign_in(cast.bram, HOME).details == {"new_place": True}

    def test_is_none_where_the_address_is_not_known(self, cast: Cast) -> None:
        sign_in(cast.bram, OFFICE)
        assert sign_in(cast.bram, Origin()).details == {}


class TestFailure:
    def test_is_an_event_of_the_person_from_where_it_was_tried(self, cast: Cast) -> None:
        event = fail(cast.bram, OFFICE)
        assert event
        assert event.actor_id == event.object_id == str(cast.bram.public_id)
        assert (event.address, event.request_id) == (OFFICE.address, OFFICE.request_id)
        assert "failed to sign in as <bdi><strong>Bram de Wit" in event.sentence

    def test_is_noted_once_for_an_address_and_hour(self, cast: Cast) -> None:
        assert fail(cast.bram, OFFICE)
        assert fail(cast.bram, OFFICE) is None
        assert fail(cast.bram, HOME)
        assert fail(cast.chloe, OFFICE)
        with time_machine.travel(NOON + timedelta(minutes=29, seconds=59), tick=False):
            assert fail(cast.bram, OFFICE) is None
        with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
            assert fail(cast.bram, OFFICE)

    def test_an_hour_begins_with_its_first_moment(self, cast: Cast) -> None:
        with time_machine.travel(NOON.replace(minute=0), tick=False):
            assert fail(cast.bram, OFFICE)
        with time_machine.travel(NOON.replace(minute=59, second=59, microsecond=9), tick=False):
            assert fail(cast.bram, OFFICE) is None

    def test_of_somebody_deactivated_is_noted_and_says_so(self, cast: Cast) -> None:
        person = deactivate(cast.bram, by=CONSOLE)
        event = fail(person, OFFICE)
        assert event
        assert event.details == {"deactivated": True}


class TestAttempts:
    """What is noted beside the answer."""

    def note(self, email: str, here: Origin = OFFICE) -> None:
        noted_attempts.note(Attempt(email, here), at=NOON)

    def test_leave_events_for_those_who_are_here(self, cast: Cast) -> None:
        for person in (cast.eva, cast.bram, cast.chloe):
            self.note(person.email)
        self.note(cast.bram.email, HOME)
        noted_attempts.write_everything()
        found = {(e.company, e.object_name, e.address) for e in failures()}
        assert found == {
            ("globex", "Eva Klein", OFFICE.address),
            ("acme", "Bram de Wit", OFFICE.address),
            ("acme", "Bram de Wit", HOME.address),
            ("acme", "Chloé Martin", OFFICE.address),
        }
        assert proof().is_whole

    def test_are_written_in_one_order_of_companies(self, cast: Cast) -> None:
        """Two processes that hold several trails wait for each other, and not in a circle."""
        eva, bram = cast.eva, cast.bram  # Globex is the older company, Bram's address the first
        assert eva.company_id < bram.company_id
        assert bram.email < eva.email
        self.note(bram.email)
        self.note(eva.email)
        noted_attempts.write_everything()
        assert [event.company for event in failures()] == ["globex", "acme"]

    def test_of_strangers_are_counted_and_nothing_else(self, cast: Cast) -> None:
        before, events = outcomes(), Event.objects.count()
        self.note("nobody@acme.example")
        self.note("")
        noted_attempts.write_everything()
        assert Event.objects.count() == events
        after = outcomes()
        assert (after["failed"], after["stranger"]) == (before["failed"], before["stranger"] + 2)

    def test_that_are_many_leave_one_event_and_count_each(self, cast: Cast) -> None:
        before = outcomes()
        for number in range(5):
            self.note(cast.bram.email, Origin(OFFICE.address, f"{number:032}"))
        noted_attempts.write_everything()
        assert len(failures()) == 1
        assert outcomes() == before | {"failed": before["failed"] + 5}

    def test_are_looked_up_in_a_constant_number_of_queries(
        self, cast: Cast, django_assert_num_queries
    ) -> None:
        for number in range(200):
            self.note(f"p{number}@acme.example")
        # One that finds the people, between the two that begin and end it.
        with django_assert_num_queries(3):
            noted_attempts.write_everything()
