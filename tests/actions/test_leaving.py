"""What becomes of somebody's tokens when their access ends? Nothing breaks that nobody chose."""

from datetime import UTC, datetime

import pytest
import time_machine

from tests.factories import Cast, request_token
from tests.facts import everything, proof
from tokens.actions import people as deeds
from tokens.actions import tokens
from tokens.models import CONSOLE, Event, Token
from tokens.models.events import Action
from tokens.permissions import NotAllowed

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def since(before: Event) -> list[tuple[str, str]]:
    events = Event.objects.filter(pk__gt=before.pk).order_by("pk")
    return list(events.values_list("action", "object_name"))


def test_tokens_are_kept_or_revoked_as_chosen_with_an_event_each(cast: Cast) -> None:
    kept, given, revoked = (request_token(cast.bram, f"Node {n}").token for n in range(3))
    heirs = {kept: cast.ana, given: cast.chloe, revoked: None}
    before = Event.objects.latest("pk")

    deeds.deactivate(cast.bram, by=cast.ana, heir_of=heirs.__getitem__)

    for token, heir in heirs.items():
        token.refresh_from_db()
        assert token.is_live == (heir is not None)
        assert token.requested_by == (heir or cast.bram)
    assert since(before) == [
        (Action.PERSON_DEACTIVATED, "Bram de Wit"),
        (Action.TOKEN_HANDED_OVER, "Node 0"),
        (Action.TOKEN_HANDED_OVER, "Node 1"),
        (Action.TOKEN_REVOKED, "Node 2"),
    ]
    assert proof().is_whole


def test_a_token_that_is_revoked_says_why(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    deeds.deactivate(cast.bram, by=cast.ana, heir_of=lambda token: None)
    token.refresh_from_db()
    assert (token.revoked_by, token.revoked_reason) == (cast.ana, "Bram de Wit has left")


def test_unless_something_is_chosen_every_token_stays_as_it_is(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    deeds.deactivate(cast.bram, by=cast.ana)
    token.refresh_from_db()
    assert token.is_live
    assert token.requested_by == cast.bram
    assert token.handed_over_at is None


def test_only_their_own_live_tokens_are_asked_about(cast: Cast) -> None:
    colleagues = request_token(cast.chloe).token
    revoked = tokens.revoke(request_token(cast.bram).token, by=cast.bram)
    live = request_token(cast.bram).token
    asked = []
    deeds.deactivate(cast.bram, by=cast.ana, heir_of=asked.append)
    assert asked == [live]
    colleagues.refresh_from_db()
    assert colleagues.is_live
    assert Token.objects.get(pk=revoked.pk).revoked_by == cast.bram


def test_tokens_of_somebody_who_left_before_are_handed_over_later(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    person = deeds.deactivate(cast.bram, by=cast.ana)
    before = Event.objects.latest("pk")
    assert deeds.settle(person, by=cast.ana, heir_of=lambda token: cast.ana) == [token]
    token.refresh_from_db()
    assert token.requested_by == cast.ana
    assert since(before) == [(Action.TOKEN_HANDED_OVER, token.description)]


def test_whoever_deactivates_second_decides_about_nothing(cast: Cast) -> None:
    request_token(cast.bram)
    person = deeds.deactivate(cast.bram, by=cast.ana)
    before = everything()
    deeds.deactivate(person, by=cast.ana, heir_of=lambda token: None)
    assert everything() == before


def test_it_is_done_as_a_whole_or_not_at_all(cast: Cast) -> None:
    fine, refused = request_token(cast.bram).token, request_token(cast.bram).token
    heirs = {fine: cast.ana, refused: cast.eva}
    before = everything()
    with pytest.raises(tokens.NoColleague):
        deeds.deactivate(cast.bram, by=cast.ana, heir_of=heirs.__getitem__)
    assert everything() == before
    with pytest.raises(tokens.NoColleague):
        deeds.settle(cast.bram, by=cast.ana, heir_of=heirs.__getitem__)
    assert everything() == before


def test_whoever_may_not_change_people_does_not_settle_what_they_left(cast: Cast) -> None:
    token, chloe = request_token(cast.bram).token, cast.chloe
    with pytest.raises(NotAllowed):
        deeds.settle(cast.bram, by=chloe, heir_of=lambda token: None)
    assert Token.objects.get(pk=token.pk).is_live


def test_the_last_admin_keeps_their_tokens(cast: Cast) -> None:
    request_token(cast.ana)
    before = everything()
    with pytest.raises(deeds.LastAdmin):
        deeds.deactivate(cast.ana, by=cast.ana, heir_of=lambda token: None)
    assert everything() == before


def test_an_operator_hands_over_in_every_company(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    deeds.deactivate(cast.bram, by=cast.vera, heir_of=lambda token: cast.ana)
    token.refresh_from_db()
    assert token.requested_by == cast.ana


def test_it_is_remembered_when_their_access_last_ended(cast: Cast) -> None:
    assert cast.bram
    with time_machine.travel(NOON, tick=False):
        deeds.deactivate(cast.bram, by=CONSOLE)
    person = deeds.reactivate(cast.bram, by=CONSOLE)
    assert person.deactivated_at == NOON
