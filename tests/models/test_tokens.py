"""How is a token kept, found and shown to stand?"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories import Cast, request_token, use
from tests.facts import places_of
from tokens import credentials
from tokens.actions import tokens as deeds
from tokens.models import Secret, Token, User, search
from tokens.models.tokens import UNUSED_AFTER, Status

DAY = timedelta(days=1)


def change(token: Token, **facts: object) -> Token:
    """Gives the token what no screen sets yet, or what the realm's writer sets."""
    Token.objects.filter(pk=token.pk).update(**facts)
    return Token.objects.get(pk=token.pk)


def test_a_secret_is_kept_as_its_digest_and_nowhere_else(cast: Cast) -> None:
    token, secret = request_token(cast.bram)
    row = Secret.objects.get(token=token)
    assert bytes(row.digest) == credentials.digest(secret)
    assert row.retires_at is None
    assert places_of(secret) == []


def test_the_search_for_secrets_finds_one_that_is_there(cast: Cast) -> None:
    secret = request_token(cast.bram).secret
    request_token(cast.bram, f"My secret is {secret}")
    assert {"tokens_token.description", "tokens_event.object_name"} <= set(places_of(secret))


def test_a_hint_is_the_last_four_characters_and_all_that_is_shown(cast: Cast) -> None:
    token, secret = request_token(cast.bram)
    row = Secret.objects.get(token=token)
    assert row.hint == secret[-4:]
    assert str(row) == f"…{secret[-4:]}"
    assert repr(row) == f"<Secret {row.pk}>"


@pytest.mark.parametrize(
    "facts",
    [
        lambda token, other: {"username": other.username},
        lambda token, other: {"request_nonce": other.request_nonce},
        lambda token, other: {"revoked_by": token.requested_by},
    ],
    ids=["a username twice", "a nonce twice", "revoked by somebody at no time"],
)
def test_the_database_refuses(
    facts: Callable[[Token, Token], dict[str, object]], cast: Cast
) -> None:
    token, other = request_token(cast.bram).token, request_token(cast.bram).token
    with pytest.raises(IntegrityError), transaction.atomic():
        change(token, **facts(token, other))


def test_two_tokens_never_share_a_digest(cast: Cast) -> None:
    requested = request_token(cast.bram)
    other = request_token(cast.bram).token
    with pytest.raises(IntegrityError), transaction.atomic():
        Secret.objects.create(token=other, digest=credentials.digest(requested.secret), hint="aaaa")


def test_a_token_is_seen_by_its_company_and_by_the_vendors_admins_and_auditors(cast: Cast) -> None:
    token = request_token(cast.bram).token
    everybody: list[User] = [
        *(cast.ana, cast.bram, cast.chloe, cast.dirk, cast.eva, cast.farid),
        *(cast.max, cast.tom, cast.vera),
    ]
    seeing = [one for one in everybody if token in Token.objects.visible_to(one)]
    assert seeing == [cast.ana, cast.bram, cast.chloe, cast.dirk, cast.tom, cast.vera]


def test_a_token_of_the_vendor_is_seen_by_the_vendors_people_only(cast: Cast) -> None:
    token = request_token(cast.max).token
    everybody = [cast.ana, cast.eva, cast.max, cast.tom, cast.vera]
    seeing = [one for one in everybody if token in Token.objects.visible_to(one)]
    assert seeing == [cast.max, cast.tom, cast.vera]


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, Status.LIVE),
        ({"expires_at": DAY}, Status.LIVE),
        ({"expires_at": -DAY}, Status.EXPIRED),
        ({"suspended_at": -DAY}, Status.SUSPENDED),
        ({"suspended_at": -DAY, "expires_at": -DAY}, Status.SUSPENDED),
        ({"revoked_at": -DAY}, Status.REVOKED),
        ({"revoked_at": -DAY, "suspended_at": -DAY, "expires_at": -DAY}, Status.REVOKED),
    ],
)
def test_the_status_of_a_token_is_the_worst_that_holds(
    facts: dict[str, timedelta], status: Status, cast: Cast
) -> None:
    now = timezone.now()
    token = request_token(cast.bram).token
    token = change(token, **{name: now + offset for name, offset in facts.items()})
    assert token.status == status
    assert token.is_live == (status == Status.LIVE)
    assert (token in Token.objects.live()) == token.is_live


def test_the_list_holds_all_but_the_revoked_ones(cast: Cast) -> None:
    live, revoked, expired = (request_token(cast.bram).token for _ in range(3))
    deeds.revoke(revoked, by=cast.bram)
    change(expired, expires_at=timezone.now() - DAY)
    assert set(Token.objects.chosen("")) == {live, expired}
    assert set(Token.objects.chosen("live")) == {live}
    assert set(Token.objects.chosen("revoked")) == {revoked}
    assert set(Token.objects.chosen("junk")) == {live, expired}


def test_unused_tokens_are_live_never_used_and_older_than_30_days(cast: Cast) -> None:
    with time_machine.travel(timezone.now() - UNUSED_AFTER - DAY):
        idle, used, revoked, expired = (request_token(cast.bram).token for _ in range(4))
        deeds.revoke(revoked, by=cast.bram)
    with time_machine.travel(timezone.now() - UNUSED_AFTER + DAY):
        young = request_token(cast.bram).token
    use(used)
    change(expired, expires_at=timezone.now() - DAY)
    assert set(Token.objects.chosen("unused")) == {idle}
    tokens = (idle, used, revoked, expired, young)
    marked = [t for t in tokens if Token.objects.get(pk=t.pk).is_long_unused]
    assert marked == [idle]


def test_tokens_come_newest_first(cast: Cast) -> None:
    tokens = [request_token(cast.bram).token for _ in range(3)]
    assert list(Token.objects.of(cast.acme)) == tokens[::-1]


def test_tokens_of_one_moment_have_one_order_all_the_same(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        tokens = [request_token(cast.bram).token for _ in range(3)]
    assert list(Token.objects.of(cast.acme)) == tokens[::-1]


def found(words: str) -> list[Token]:
    return list(Token.objects.matching(words, people=User.objects.all()))


@pytest.mark.parametrize(
    "words",
    ["cluster", "CLUSTER", "luste", "node eu", "eu  node", "Wit", "bram cluster", "acme-", ""],
)
def test_a_search_finds_every_word_somewhere(words: str, cast: Cast) -> None:
    token = request_token(cast.bram, "Production cluster, node pool EU").token
    assert found(words) == [token]


def test_a_search_finds_the_username(cast: Cast) -> None:
    token, _other = request_token(cast.bram).token, request_token(cast.bram).token
    assert found(token.username) == [token]


@pytest.mark.parametrize(
    "words", ["clusters", "node asia", "%", "_", "\\", "pool%EU", "'", '"', "*"]
)
def test_a_search_takes_every_character_as_itself(words: str, cast: Cast) -> None:
    request_token(cast.bram, "Production cluster, node pool EU")
    assert found(words) == []


@pytest.mark.parametrize("rare", [0, 500])
def test_a_search_finds_what_is_rare_and_what_is_common(
    rare: int, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "RARE", rare)
    tokens = [request_token(cast.bram, text).token for text in ("Node ÅSE", "Ünode", "Pool")]
    assert found("node") == tokens[1::-1]
    assert found("ode ÅSE") == tokens[:1]
    assert found("Ünode") == tokens[1:2]
    assert found("pooled") == []


def test_a_search_knows_a_description_that_was_changed(cast: Cast) -> None:
    token = request_token(cast.bram, "Production cluster").token
    deeds.describe(token, by=cast.bram, description="Acceptance cluster")
    assert found("production") == []
    assert found("acceptance") == [token]


def test_a_search_of_many_words_asks_few_questions(
    cast: Cast, assert_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    request_token(cast.bram, "Production cluster")
    with assert_queries(4):
        assert found("cluster production " * 20) != []
    with assert_queries(4):
        assert found("uste duct " * 20) != []


def test_a_list_without_words_asks_nothing_about_them(
    cast: Cast, assert_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    token = request_token(cast.bram).token
    with assert_queries(1):
        assert found("") == [token]


def test_a_twin_is_another_live_token_of_the_same_description(cast: Cast) -> None:
    token = request_token(cast.bram, "Build server").token
    assert Token.objects.of(cast.acme).twin_of(token) is None
    twin = request_token(cast.chloe, "Build server").token
    assert Token.objects.of(cast.acme).twin_of(token) == twin
    deeds.revoke(twin, by=cast.bram)
    assert Token.objects.of(cast.acme).twin_of(token) is None


def test_a_token_of_another_company_is_no_twin(cast: Cast) -> None:
    token = request_token(cast.bram, "Build server").token
    request_token(cast.farid, "Build server")
    assert Token.objects.of(cast.acme).twin_of(token) is None


def test_a_token_lives_at_its_username(cast: Cast) -> None:
    token = request_token(cast.bram, "Build server").token
    assert token.get_absolute_url() == f"/tokens/{token.username}/"
    assert token.party == ("token", token.username, "Build server")
    assert str(token) == "Build server"
