"""Is every token that should be revoked, and no other, however many there are?"""

import time

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import Cast, request_token
from tests.facts import everything, proof
from tokens.actions import tokens as deeds
from tokens.models import CONSOLE, Company, Event, Token, User
from tokens.models.events import Action
from tokens.models.tokens import TokenQuerySet

MANY = 10_000
A_MINUTE = 60


def all_of(company: Company) -> TokenQuerySet:
    return Token.objects.of(company)


def make_many(by: User, number: int) -> None:
    """As if they had been requested: how a token is made is not the question here."""
    Token.objects.bulk_create(
        Token(
            company=by.company,
            username=f"{by.company.slug}-many{place}",
            description=f"Machine {place}",
            requested_by=by,
            request_nonce=f"many{place}",
        )
        for place in range(number)
    )


def test_each_has_its_reason_its_event_and_who_did_it(cast: Cast) -> None:
    tokens = [request_token(person).token for person in (cast.ana, cast.bram)]
    done = deeds.revoke_all(all_of(cast.acme), company=cast.acme, by=cast.vera, reason=" Leaked ")
    assert {token.pk for token in done} == {token.pk for token in tokens}
    for token in Token.objects.all():
        assert (token.revoked_by, token.revoked_reason) == (cast.vera, "Leaked")
        event = Event.objects.about(token)[0]
        assert (event.company, event.action) == ("acme", Action.TOKEN_REVOKED)
        assert (event.actor_name, event.details) == ("Vera Visser", {"reason": "Leaked"})
    assert len({token.revoked_at for token in done}) == 1
    assert proof().is_whole


def test_doing_it_again_does_nothing(cast: Cast) -> None:
    request_token(cast.bram)
    deeds.revoke_all(all_of(cast.acme), company=cast.acme, by=cast.ana)
    before = everything()
    assert deeds.revoke_all(all_of(cast.acme), company=cast.acme, by=cast.bram) == []
    assert everything() == before


def test_those_that_are_revoked_already_stay_as_they_are(cast: Cast) -> None:
    earlier = deeds.revoke(request_token(cast.bram).token, by=cast.bram, reason="It was lost")
    later = request_token(cast.bram).token
    assert deeds.revoke_all(all_of(cast.acme), company=cast.acme, by=cast.ana) == [later]
    earlier.refresh_from_db()
    assert (earlier.revoked_by, earlier.revoked_reason) == (cast.bram, "It was lost")


def test_a_token_of_another_company_is_never_among_them(cast: Cast) -> None:
    theirs = request_token(cast.farid).token
    assert deeds.revoke_all(Token.objects.all(), company=cast.acme, by=cast.ana) == []
    assert Token.objects.get(pk=theirs.pk).is_live


@pytest.mark.parametrize("reason", ["", "   ", "ab", "x" * 201, "It \u202eleaked"])
def test_whoever_is_no_colleague_gives_a_reason(reason: str, cast: Cast) -> None:
    token = request_token(cast.bram).token
    assert cast.vera
    before = everything()
    with pytest.raises(ValidationError):
        deeds.revoke(token, by=cast.vera, reason=reason)
    with pytest.raises(ValidationError):
        deeds.revoke_all(all_of(cast.acme), company=cast.acme, by=cast.vera, reason=reason)
    assert everything() == before


def test_colleagues_and_the_console_need_none(cast: Cast) -> None:
    for by in (cast.bram, CONSOLE):
        token = deeds.revoke(request_token(cast.bram).token, by=by, reason="  ")
        assert token.revoked_reason == ""
        assert Event.objects.about(token)[0].details == {}
    own = deeds.revoke(request_token(cast.vera).token, by=cast.vera)
    assert own.revoked_reason == ""


def test_the_reason_stands_in_the_sentence_as_text(cast: Cast) -> None:
    token = deeds.revoke(request_token(cast.bram).token, by=cast.ana, reason="<b>Leaked</b>")
    assert Event.objects.about(token)[0].sentence.endswith(": <bdi>&lt;b&gt;Leaked&lt;/b&gt;</bdi>")


def test_ten_thousand_take_few_queries_and_leave_a_chain_that_holds(cast: Cast) -> None:
    make_many(cast.bram, MANY)
    started = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        done = deeds.revoke_all(all_of(cast.acme), company=cast.acme, by=cast.ana)
    assert time.perf_counter() - started < A_MINUTE
    assert len(done) == MANY
    assert len(queries) < MANY / 20
    assert Event.objects.filter(action=Action.TOKEN_REVOKED).count() == MANY
    assert not Token.objects.listed().exists()
    assert proof().is_whole
