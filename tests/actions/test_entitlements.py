"""May a company pull what it is entitled to, as long as that holds?"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.factories import Cast
from tests.facts import everything
from tokens.actions import entitlements as deeds
from tokens.models import CONSOLE, Event
from tokens.models.events import Action

SOON = datetime(2999, 1, 1, tzinfo=UTC)
LATER = datetime(2999, 2, 1, tzinfo=UTC)


def test_a_company_may_pull_what_was_added_until_it_ends(cast: Cast) -> None:
    deeds.add(cast.acme, pattern="acme/*", by=cast.vera)
    deeds.add(cast.acme, pattern="trial/app", by=cast.vera, ends_at=SOON)
    assert cast.acme.pulls() == ["acme/*", "public/*", "trial/app"]
    assert cast.acme.pushes() == []
    deeds.end(cast.acme.entitlements.get(pattern="acme/*"), by=cast.vera, reason="Not paid for")
    assert cast.acme.pulls() == ["public/*", "trial/app"]


def test_the_vendors_own_company_may_push_where_that_was_added(cast: Cast) -> None:
    deeds.add(cast.vendor, pattern="beta/*", by=cast.vera, can_push=True)
    assert "beta/*" in cast.vendor.pushes()


@pytest.mark.parametrize(
    "pattern", ["", "*", "/*", "acme*", "acme/**", "acme/App", "acme/../x", "acme/app ", "a" * 256]
)
def test_what_is_no_pattern_is_refused(pattern: str, cast: Cast) -> None:
    company, by = cast.acme, cast.vera
    before = everything()
    with pytest.raises(ValidationError):
        deeds.add(company, pattern=pattern, by=by)
    assert everything() == before


def test_what_a_company_has_is_not_added_twice(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="listed already"):
        deeds.add(cast.acme, pattern="public/*", by=cast.vera)


def test_what_another_company_has_is_added(cast: Cast) -> None:
    deeds.add(cast.globex, pattern="trial/app", by=cast.vera)
    deeds.add(cast.acme, pattern="trial/app", by=cast.vera)
    assert "trial/app" in cast.acme.pulls()


def test_an_end_does_not_lie_behind_us(cast: Cast) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    with pytest.raises(ValidationError, match="not over yet"):
        deeds.add(cast.acme, pattern="acme/*", by=cast.vera, ends_at=yesterday)
    with pytest.raises(ValidationError, match="not over yet"):
        deeds.change_end(cast.acme.entitlements.get(), ends_at=yesterday, by=cast.vera)
    with time_machine.travel(SOON, tick=False), pytest.raises(ValidationError):
        deeds.add(cast.acme, pattern="acme/*", by=CONSOLE, ends_at=SOON)


def test_an_earlier_end_needs_a_reason_and_a_later_one_none(cast: Cast) -> None:
    entitlement = cast.acme.entitlements.get()
    with pytest.raises(ValidationError, match="at least 3"):
        deeds.change_end(entitlement, ends_at=LATER, by=cast.vera)
    entitlement = deeds.change_end(entitlement, ends_at=LATER, by=cast.vera, reason="A trial")
    with pytest.raises(ValidationError, match="at least 3"):
        deeds.change_end(entitlement, ends_at=SOON, by=cast.vera)
    entitlement = deeds.change_end(entitlement, ends_at=SOON, by=cast.vera, reason="A trial")
    entitlement = deeds.change_end(entitlement, ends_at=LATER, by=cast.vera)
    entitlement = deeds.change_end(entitlement, ends_at=None, by=cast.vera)
    assert entitlement.ends_at is None
    event = Event.objects.of(cast.acme)[0]
    assert event.details["before"] == "2999-02-01T00:00:00+00:00"
    assert event.details["ends_at"] == ""


def test_an_end_takes_a_reason_from_whoever_is_no_colleague(cast: Cast) -> None:
    theirs = deeds.change_end(
        cast.acme.entitlements.get(), ends_at=LATER, by=cast.vera, reason="  A trial "
    )
    with pytest.raises(ValidationError, match="at least 3"):
        deeds.end(theirs, by=cast.vera, reason=" a ")
    deeds.end(theirs, by=cast.vera, reason="  Not paid for ")
    assert Event.objects.of(cast.acme)[0].details["reason"] == "Not paid for"
    own = deeds.add(cast.vendor, pattern="beta/*", by=cast.vera, ends_at=LATER)
    deeds.end(deeds.change_end(own, ends_at=SOON, by=cast.vera), by=cast.vera)
    for event in Event.objects.of(cast.vendor)[:2]:
        assert "reason" not in event.details


def test_an_end_is_told_to_the_second(cast: Cast) -> None:
    deeds.add(cast.acme, pattern="acme/*", by=cast.vera, ends_at=SOON.replace(microsecond=7))
    assert Event.objects.of(cast.acme)[0].details["ends_at"] == "2999-01-01T00:00:00+00:00"


def test_what_somebody_else_has_changed_is_changed_from_there(cast: Cast) -> None:
    entitlement, seen_by_another = (cast.acme.entitlements.get() for _ in range(2))
    deeds.change_end(entitlement, ends_at=LATER, by=cast.vera, reason="A trial")
    deeds.change_end(seen_by_another, ends_at=SOON, by=cast.vera, reason="A trial")
    assert Event.objects.of(cast.acme)[0].details["before"] == "2999-02-01T00:00:00+00:00"
    deeds.end(entitlement, by=cast.vera, reason="Not paid for")
    before = everything()
    deeds.end(seen_by_another, by=cast.vera, reason="Not paid for")
    assert everything() == before


def test_the_same_end_again_leaves_no_event(cast: Cast) -> None:
    entitlement = cast.acme.entitlements.get()
    assert cast.vera
    before = everything()
    assert deeds.change_end(entitlement, ends_at=None, by=cast.vera) == entitlement
    assert everything() == before


def test_what_has_ended_is_ended_once_and_may_hold_again(cast: Cast) -> None:
    entitlement = deeds.end(cast.acme.entitlements.get(), by=cast.vera, reason="Not paid for")
    before = everything()
    deeds.end(entitlement, by=cast.vera, reason="Not paid for")
    assert everything() == before
    deeds.change_end(entitlement, ends_at=None, by=cast.vera)
    assert cast.acme.pulls() == ["public/*"]


def test_an_end_is_told_with_its_pattern_and_reason(cast: Cast) -> None:
    deeds.end(cast.acme.entitlements.get(), by=cast.vera, reason="Not paid for")
    event = Event.objects.get(action=Action.ENTITLEMENT_ENDED)
    assert event.company == "acme"
    assert event.sentence == (
        "<bdi><strong>Vera Visser</strong></bdi> no longer lets"
        " <bdi><strong>Acme</strong></bdi> pull <code>public/*</code>: <bdi>Not paid for</bdi>"
    )
