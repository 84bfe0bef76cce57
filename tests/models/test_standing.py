"""What does the realm's one query cost, and what does it bring?"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import Cast, request_token
from tests.queries import AssertQueries
from tests.views.machine import Machine
from tokens.actions import tokens as deeds
from tokens.credentials import digest
from tokens.models import Company, Entitlement, Secret, Standing, Token

READ = {"tokens_token", "tokens_company", "tokens_secret", "tokens_entitlement"}
MANY = 1_000  # companies
# Before and after each token that there is.
NOBODYS = ("aaaa-aaaaaaaa", "zzzz-zzzzzzzz")


@pytest.fixture
def machine(cast: Cast) -> Machine:
    """A machine of Acme, among others of Acme and of Globex."""
    for person in (cast.bram, cast.chloe, cast.farid):
        request_token(person)
    return Machine(*request_token(cast.bram))


@pytest.fixture
def query(machine: Machine, assert_queries: AssertQueries) -> str:
    """What the realm asked the database when it answered with a grant."""
    with assert_queries(1) as asked:
        assert machine.ask("repository:public/universal:pull").access
    return asked[0].replace("?", "%s") % f"'{machine.username}'"


def rows_of(*statements: str) -> list[tuple[Any, ...]]:
    """What the last of the statements answers."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def test_a_request_is_answered_with_one_query(machine: Machine, assert_queries) -> None:
    with assert_queries(1):
        assert machine.ask().status == 200


def test_a_refusal_takes_no_other_query_than_a_grant(
    machine: Machine, cast: Cast, assert_queries
) -> None:
    another = Machine(machine.token, request_token(cast.bram).secret)
    unknown = Machine(Token(username="acme-aaaaaaaa"), machine.secret)
    deeds.revoke(machine.token, by=cast.bram)
    for refused in (another, unknown, machine):
        with assert_queries(1):
            assert refused.ask().status == 401


@pytest.mark.parametrize("username", NOBODYS)
def test_another_tokens_rows_are_read_in_the_place_of_nobodys(query: str, username: str) -> None:
    """So that a refusal takes as long as that of a wrong secret."""
    assert rows_of(re.sub(r"'.*'", f"'{username}'", query))


@pytest.mark.parametrize("username", NOBODYS)
def test_no_secret_is_right_for_a_username_that_is_nobodys(cast: Cast, username: str) -> None:
    token, secret = request_token(cast.bram)
    assert Machine(token, secret).ask().status == 200
    assert Machine(Token(username=username), secret).ask().status == 401


def test_a_mistyped_secret_is_refused_without_a_query(machine: Machine, assert_queries) -> None:
    mistyped = Machine(machine.token, machine.secret.swapcase())
    with assert_queries(0):
        assert mistyped.ask().status == 401


def test_the_query_reads_tokens_secrets_companies_and_entitlements(query: str) -> None:
    assert set(re.findall(r"tokens_\w+", query)) == READ


@pytest.fixture
def crowd(cast: Cast) -> None:
    """Many companies with a token each: even a good plan reads a table of a few rows as a whole."""
    companies = Company.objects.bulk_create(
        Company(slug=f"company-{number}", name=f"Company {number}") for number in range(MANY)
    )
    tokens = Token.objects.bulk_create(
        Token(
            company=company,
            username=f"{company.slug}-aaaaaaaa",
            requested_by=cast.bram,
            request_nonce=company.slug,
        )
        for company in companies
    )
    Secret.objects.bulk_create(
        Secret(token=token, digest=digest(token.username), hint="aaaa") for token in tokens
    )
    Entitlement.objects.bulk_create(
        Entitlement(company=company, pattern="public/*") for company in companies
    )


def whole_tables_read(query: str) -> list[str]:
    """The steps of the database's plan that go through a table or an index from end to end."""
    if connection.vendor == "sqlite":
        steps = [str(step) for *_, step in rows_of(f"EXPLAIN QUERY PLAN {query}")]
        return [step for step in steps if step.startswith("SCAN ")]
    ((plan,),) = rows_of("ANALYZE", f"EXPLAIN (FORMAT JSON) {query}")
    conditions = {"Index Cond", "Recheck Cond"}
    scans = [step for step in steps_of(plan[0]["Plan"]) if "Scan" in step["Node Type"]]
    return [step["Node Type"] for step in scans if not conditions & step.keys()]


def steps_of(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for part in step.get("Plans", []):
        yield from steps_of(part)


@pytest.mark.usefixtures("crowd")
def test_every_row_is_found_by_an_index(query: str) -> None:
    assert whole_tables_read(query) == []


@pytest.mark.usefixtures("machine", "crowd")
def test_a_search_without_an_index_would_be_noticed() -> None:
    assert whole_tables_read("SELECT id FROM tokens_token WHERE description = 'A machine'")


class TestStanding:
    @pytest.mark.parametrize("username", NOBODYS)
    def test_of_an_unknown_username_there_is_none(self, machine: Machine, username: str) -> None:
        assert Standing.find(username, now=timezone.now()) is None

    @pytest.mark.django_db
    def test_without_any_token_there_is_none(self) -> None:
        assert Standing.find("acme-aaaaaaaa", now=timezone.now()) is None

    def test_each_secret_and_entitlement_comes_once(self, machine: Machine, cast: Cast) -> None:
        second = Secret.objects.mint(machine.token)
        Entitlement.objects.create(company=cast.acme, pattern="extra/*", can_push=True)
        standing = Standing.find(machine.username, now=timezone.now())
        assert standing is not None
        assert sorted(standing.digests) == sorted(map(digest, (machine.secret, second)))
        assert standing.entitlements == {"public/*": False, "extra/*": True}

    def test_what_is_over_does_not_come(self, machine: Machine) -> None:
        now = timezone.now()
        Secret.objects.update(retires_at=now)
        Entitlement.objects.update(ends_at=now)
        standing = Standing.find(machine.username, now=timezone.now())
        assert standing is not None
        assert (standing.digests, standing.entitlements) == ([], {})

    def test_what_ends_later_comes(self, machine: Machine) -> None:
        later = timezone.now() + timedelta(minutes=1)
        Secret.objects.update(retires_at=later)
        Entitlement.objects.update(ends_at=later)
        standing = Standing.find(machine.username, now=timezone.now())
        assert standing is not None
        assert (standing.digests, standing.entitlements) == (
            [digest(machine.secret)],
            {"public/*": False},
        )

    def test_a_token_stands_without_secrets_and_entitlements(self, machine: Machine) -> None:
        Secret.objects.all().delete()
        Entitlement.objects.all().delete()
        assert Standing.find(machine.username, now=timezone.now())

    def test_moments_are_the_same_on_every_database(self, machine: Machine) -> None:
        moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
        machine.change(expires_at=moment, suspended_at=moment, revoked_at=moment)
        standing = Standing.find(machine.username, now=timezone.now())
        assert standing is not None
        assert standing.expires_at == standing.suspended_at == standing.revoked_at == moment
