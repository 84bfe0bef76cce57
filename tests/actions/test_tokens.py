"""Do request, describe, hand over and revoke keep their promises, also when they are refused?"""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.html import strip_tags

from tests.factories import Cast, request_token
from tests.facts import everything
from tokens import credentials
from tokens.actions import tokens as deeds
from tokens.actions.people import deactivate
from tokens.models import CONSOLE, Event, Token
from tokens.models.events import Action

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 4, 15, 30, tzinfo=UTC)

UNSEEN = {
    "\x00": "without a name (U+0000)",
    "\x1b": "without a name (U+001B)",
    "\n": "without a name (U+000A)",
    "\u200b": "ZERO WIDTH SPACE (U+200B)",
    "\u200d": "ZERO WIDTH JOINER (U+200D)",
    "\u202e": "RIGHT-TO-LEFT OVERRIDE (U+202E)",
    "\u2066": "LEFT-TO-RIGHT ISOLATE (U+2066)",
    "\u2028": "LINE SEPARATOR (U+2028)",
    "\ufeff": "ZERO WIDTH NO-BREAK SPACE (U+FEFF)",
    "\ud83d": "without a name (U+D83D)",
    "\ue000": "without a name (U+E000)",
}
unseen = pytest.mark.parametrize("character", UNSEEN, ids=lambda one: f"U+{ord(one):04X}")


def test_a_new_token_belongs_to_the_company_and_names_who_requested_it(cast: Cast) -> None:
    with time_machine.travel(NOON, tick=False):
        token, _secret = request_token(cast.bram, "Build server")
    assert token.company == cast.acme
    assert token.requested_by == cast.bram
    assert token.requested_at == NOON
    assert token.description == "Build server"
    assert token.is_live
    assert not token.can_push


def test_a_new_token_has_a_username_of_its_company_and_a_well_formed_secret(cast: Cast) -> None:
    token, secret = request_token(cast.bram)
    assert token.username.startswith("acme-")
    assert credentials.is_username(token.username)
    assert credentials.is_well_formed(secret, "twc_")


def test_a_token_that_pushes_is_one_and_its_event_says_so(cast: Cast) -> None:
    token = deeds.request(by=cast.max, description="Pipeline", nonce="n", can_push=True).token
    assert Token.objects.get(pk=token.pk).can_push
    assert Event.objects.about(token)[0].details == {"can_push": True}


def test_two_tokens_share_neither_username_nor_secret(cast: Cast) -> None:
    one, other = request_token(cast.bram), request_token(cast.bram)
    assert one.token.username != other.token.username
    assert one.secret != other.secret


def test_a_nonce_makes_one_token_and_the_second_answer_names_it(cast: Cast) -> None:
    first = deeds.request(by=cast.bram, description="Build server", nonce="pressed twice")
    before = everything()

    with pytest.raises(deeds.AlreadyRequested) as refusal:
        deeds.request(by=cast.bram, description="Build server", nonce="pressed twice")

    assert refusal.value.token == first.token
    assert everything() == before


def test_a_nonce_is_one_for_all_colleagues(cast: Cast) -> None:
    first = deeds.request(by=cast.bram, description="Build server", nonce="pressed twice")
    with pytest.raises(deeds.AlreadyRequested) as refusal:
        deeds.request(by=cast.chloe, description="Test machine", nonce="pressed twice")
    assert refusal.value.token == first.token


def test_another_company_may_use_the_same_nonce(cast: Cast) -> None:
    ours = deeds.request(by=cast.bram, description="Build server", nonce="the same")
    theirs = deeds.request(by=cast.farid, description="Build server", nonce="the same")
    assert ours.token != theirs.token
    with pytest.raises(deeds.AlreadyRequested) as refusal:
        deeds.request(by=cast.bram, description="Build server", nonce="the same")
    assert refusal.value.token == ours.token


def test_a_nonce_stays_used_after_its_token_was_revoked(cast: Cast) -> None:
    first = deeds.request(by=cast.bram, description="Build server", nonce="pressed twice")
    deeds.revoke(first.token, by=cast.bram)
    with pytest.raises(deeds.AlreadyRequested):
        deeds.request(by=cast.bram, description="Build server", nonce="pressed twice")


def test_a_request_that_fails_for_another_reason_says_so(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = request_token(cast.bram).token
    monkeypatch.setattr(credentials, "mint_username", lambda slug: taken.username)
    before = everything()
    with pytest.raises(IntegrityError):
        request_token(cast.bram)
    assert everything() == before


def test_two_live_tokens_may_have_the_same_description(cast: Cast) -> None:
    assert request_token(cast.bram).token.description == request_token(cast.ana).token.description


@pytest.mark.parametrize("description", ["abc", "  abc  ", "x" * 200, " " + "x" * 200 + " "])
def test_a_description_has_3_to_200_characters_after_trimming(description: str, cast: Cast) -> None:
    token = request_token(cast.bram, description).token
    assert token.description == description.strip()
    again = deeds.describe(request_token(cast.bram).token, by=cast.bram, description=description)
    assert again.description == description.strip()


@pytest.mark.parametrize("description", ["", "  ", "ab", " ab ", "x" * 201, "é" * 10_000_000])
def test_other_lengths_are_refused(description: str, cast: Cast) -> None:
    token = request_token(cast.bram).token
    before = everything()
    with pytest.raises(ValidationError, match=r"Write at (least 3|most 200) characters"):
        request_token(cast.bram, description)
    with pytest.raises(ValidationError, match=r"Write at (least 3|most 200) characters"):
        deeds.describe(token, by=cast.bram, description=description)
    assert everything() == before


@unseen
def test_a_character_that_cannot_be_seen_is_refused_by_its_name(character: str, cast: Cast) -> None:
    token = request_token(cast.bram).token
    before = everything()
    with pytest.raises(ValidationError) as refusal:
        request_token(cast.bram, f"Build{character}server")
    assert UNSEEN[character] in refusal.value.messages[0]
    with pytest.raises(ValidationError) as refusal:
        deeds.describe(token, by=cast.bram, description=f"Build{character}server")
    assert UNSEEN[character] in refusal.value.messages[0]
    assert everything() == before


def test_a_description_is_stored_normalised(cast: Cast) -> None:
    assert request_token(cast.bram, "Cafe\u0301").token.description == "Caf\u00e9"


def test_a_new_description_replaces_the_old_one_everywhere_but_in_the_trail(cast: Cast) -> None:
    token = request_token(cast.bram, "Build server").token
    deeds.describe(token, by=cast.chloe, description=" Test machine ")
    assert Token.objects.get().description == "Test machine"
    newest, oldest = Event.objects.about(token)
    assert newest.details == {"before": "Build server", "after": "Test machine"}
    assert newest.object_name == "Test machine"
    assert oldest.object_name == "Build server"


@pytest.mark.parametrize("same", ["Build server", "  Build server "])
def test_the_same_description_again_changes_nothing_and_leaves_no_event(
    same: str, cast: Cast
) -> None:
    chloe, token = cast.chloe, request_token(cast.bram, "Build server").token
    before = everything()
    assert deeds.describe(token, by=chloe, description=same).description == "Build server"
    assert everything() == before


def test_the_description_before_is_the_one_in_the_database(cast: Cast) -> None:
    token = request_token(cast.bram, "Build server").token
    seen_by_chloe = Token.objects.get()
    deeds.describe(token, by=cast.bram, description="Test machine")
    deeds.describe(seen_by_chloe, by=cast.chloe, description="Laptop")
    assert Event.objects.latest("sequence").details["before"] == "Test machine"


def test_a_revoked_token_says_who_revoked_it_and_when(cast: Cast) -> None:
    token = request_token(cast.bram).token
    with time_machine.travel(NOON, tick=False):
        deeds.revoke(token, by=cast.chloe, reason="It was lost")
    token = Token.objects.get()
    assert (token.revoked_at, token.revoked_by) == (NOON, cast.chloe)
    assert token.revoked_reason == "It was lost"
    assert not token.is_live


def test_the_second_to_revoke_learns_who_was_quicker_and_leaves_no_event(cast: Cast) -> None:
    ana, token = cast.ana, request_token(cast.bram).token
    seen_by_ana = Token.objects.get()
    with time_machine.travel(NOON, tick=False):
        deeds.revoke(token, by=cast.chloe)
    before = everything()

    with time_machine.travel(LATER, tick=False), pytest.raises(deeds.AlreadyRevoked) as refusal:
        deeds.revoke(seen_by_ana, by=ana)

    assert refusal.value.token.revoked_by == cast.chloe
    assert refusal.value.token.revoked_at == NOON
    assert everything() == before
    assert Event.objects.filter(action=Action.TOKEN_REVOKED).count() == 1


def test_a_revoked_token_is_described_no_more(cast: Cast) -> None:
    ana, token = cast.ana, request_token(cast.bram, "Build server").token
    seen_by_ana = Token.objects.get()
    deeds.revoke(token, by=cast.chloe)
    before = everything()
    with pytest.raises(deeds.AlreadyRevoked) as refusal:
        deeds.describe(seen_by_ana, by=ana, description="Test machine")
    assert refusal.value.token.revoked_by == cast.chloe
    assert everything() == before


def test_the_console_revokes_without_a_person_and_the_trail_says_so(cast: Cast) -> None:
    token = deeds.revoke(request_token(cast.bram).token, by=CONSOLE)
    assert token.revoked_at
    assert token.revoked_by is None
    assert Event.objects.latest("sequence").actor_name == "console"


def test_an_operator_revokes_into_the_trail_of_the_tokens_company(cast: Cast) -> None:
    token = deeds.revoke(request_token(cast.bram).token, by=cast.vera, reason="It leaked")
    event = Event.objects.about(token)[0]
    assert (event.company, event.actor_name) == ("acme", "Vera Visser")


def test_the_tokens_of_somebody_deactivated_stay_the_companys(cast: Cast) -> None:
    token = request_token(cast.bram).token
    deactivate(cast.bram, by=cast.ana)
    assert Token.objects.get(pk=token.pk).is_live
    assert deeds.revoke(token, by=cast.chloe).revoked_by == cast.chloe


def test_a_token_handed_over_stands_under_another_name_and_works_on(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    with time_machine.travel(LATER, tick=False):
        deeds.hand_over(token, to=cast.chloe, by=cast.ana)
    handed = Token.objects.get(pk=token.pk)
    assert handed.requested_by == cast.chloe
    assert handed.requested_at == token.requested_at
    assert handed.handed_over_at == LATER
    assert handed.is_live


def test_the_event_of_handing_over_says_from_whom_to_whom(cast: Cast) -> None:
    token, _secret = request_token(cast.bram, "Build server")
    deeds.hand_over(token, to=cast.chloe, by=cast.ana)
    event = Event.objects.latest("pk")
    assert event.details == {
        "before": "Bram de Wit",
        "before_id": str(cast.bram.public_id),
        "after": "Chloé Martin",
        "after_id": str(cast.chloe.public_id),
    }
    assert strip_tags(event.sentence) == (
        "Ana Vos handed Build server over from Bram de Wit to Chloé Martin"
    )


def test_a_token_that_is_theirs_is_not_handed_over_again(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    assert cast.ana
    before = everything()
    assert deeds.hand_over(token, to=cast.bram, by=cast.ana) == token
    assert everything() == before


@pytest.mark.parametrize("name", ["eva", "vera", "dirk", "chloe"])
def test_a_token_goes_to_a_colleague_who_may_request_one(name: str, cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    heir = getattr(cast, name)
    if name == "chloe":
        heir = deactivate(heir, by=CONSOLE)
    before = everything()
    with pytest.raises(deeds.NoColleague):
        deeds.hand_over(token, to=heir, by=CONSOLE)
    assert everything() == before


def test_a_revoked_token_is_not_handed_over(cast: Cast) -> None:
    token, _secret = request_token(cast.bram)
    deeds.revoke(token, by=cast.bram)
    with pytest.raises(deeds.AlreadyRevoked):
        deeds.hand_over(token, to=cast.chloe, by=CONSOLE)
