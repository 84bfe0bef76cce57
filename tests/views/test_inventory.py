"""Does the inventory show of each token what an auditor asks?"""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast, request_token, use
from tokens.actions import reviews
from tokens.actions import tokens as deeds
from tokens.actions.people import deactivate
from tokens.inventory import Flag
from tokens.models import CONSOLE, Event, Pull, Review, Token, noted_pulls
from tokens.registry.notifications import Pulled

Browser = Callable[..., Client]


@pytest.fixture
def dirk(cast: Cast, sign_in: Browser) -> Client:
    """An auditor of Acme."""
    return sign_in(cast.dirk)


@pytest.fixture
def token(cast: Cast) -> Token:
    return request_token(cast.bram, "Production cluster").token


def rows(browser: Client) -> list[dict[str, str]]:
    answer = browser.get("/audit/tokens.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(answer.getvalue().decode())))


def flags(browser: Client) -> str:
    (row,) = rows(browser)
    shown = browser.get("/audit/tokens/").content.decode()
    assert all(str(Flag(flag).label) in shown for flag in row["flags"].split())
    return row["flags"]


def test_a_token_is_listed_with_its_use(token: Token, dirk: Client) -> None:
    use(token, "203.0.113.7", "203.0.113.8")
    Pull.record(Pulled("1", token.username, "public/universal", "1"), at=timezone.now())
    Pull.record(Pulled("2", token.username, "public/universal", "2"), at=timezone.now())
    noted_pulls.write_everything()
    (row,) = rows(dirk)
    assert (row["username"], row["requested_by"]) == (token.username, "Bram de Wit")
    assert (row["addresses"], row["pulls_in_30_days"]) == ("2", "2")
    assert (row["status"], row["age_days"], row["flags"]) == ("live", "0", "")


def test_what_was_pulled_longer_ago_does_not_count(token: Token, dirk: Client) -> None:
    long_ago = timezone.now() - timedelta(days=31)
    Pull.record(Pulled("1", token.username, "public/universal", "1"), at=long_ago)
    noted_pulls.write_everything()
    assert rows(dirk)[0]["pulls_in_30_days"] == "0"


class TestFlags:
    def test_never_used(self, token: Token, dirk: Client) -> None:
        assert flags(dirk) == "never_used"

    def test_unused_for_90_days(self, token: Token, dirk: Client) -> None:
        use(token, "203.0.113.7", days_ago=91)
        assert flags(dirk) == "idle"

    def test_used_from_many_addresses(self, token: Token, dirk: Client) -> None:
        use(token, *(f"203.0.113.{number}" for number in range(4)))
        assert flags(dirk) == ""
        use(token, "203.0.113.200")
        assert flags(dirk) == "many_addresses"

    def test_requester_left(self, token: Token, cast: Cast, dirk: Client) -> None:
        use(token, "203.0.113.7")
        deactivate(cast.bram, by=CONSOLE)
        assert flags(dirk) == "requester_left"
        assert rows(dirk)[0]["requester_works_here"] == "no"

    def test_of_a_revoked_token_are_none(self, token: Token, cast: Cast, dirk: Client) -> None:
        deeds.revoke(token, by=cast.bram)
        assert flags(dirk) == ""
        assert rows(dirk)[0]["status"] == "revoked"

    def test_no_review_for_a_year(self, token: Token, cast: Cast, dirk: Client) -> None:
        use(token, "203.0.113.7")
        let_years_pass(token, days=366)
        assert flags(dirk) == "not_reviewed"
        reviews.review(by=cast.eva)
        assert flags(dirk) == "not_reviewed"
        reviews.review(by=cast.ana)
        assert flags(dirk) == ""
        Review.objects.update(at=timezone.now() - timedelta(days=366))
        assert flags(dirk) == "not_reviewed"

    def test_a_token_of_this_year_needs_none(self, token: Token, dirk: Client) -> None:
        use(token, "203.0.113.7")
        let_years_pass(token, days=364)
        assert flags(dirk) == ""


def let_years_pass(token: Token, *, days: int) -> None:
    Token.objects.filter(pk=token.pk).update(requested_at=timezone.now() - timedelta(days=days))


def test_a_review_says_who_looked_when_and_at_what(token: Token, cast: Cast, dirk: Client) -> None:
    deeds.revoke(request_token(cast.bram).token, by=cast.bram)
    assert "Nobody has reviewed" in dirk.get("/audit/tokens/").content.decode()
    page = dirk.post("/audit/tokens/review/", follow=True).content.decode()
    assert "Your review of 2 tokens is recorded." in page
    assert "<bdi>Dirk Smit</bdi> reviewed 2 tokens" in page
    assert "1 of them live" in page
    event = Event.objects.latest("pk")
    assert (event.action, event.details) == ("inventory.reviewed", {"tokens": 2, "live": 1})


def test_a_member_reads_reviews_and_records_none(
    token: Token, cast: Cast, sign_in: Browser
) -> None:
    bram = sign_in(cast.bram)
    assert "I have reviewed them" not in bram.get("/audit/tokens/").content.decode()
    assert bram.post("/audit/tokens/review/").status_code == 403
    assert not Review.objects.exists()


def test_tokens_of_another_company_are_not_there(
    token: Token, cast: Cast, sign_in: Browser
) -> None:
    eva = sign_in(cast.eva)
    assert rows(eva) == []
    assert "No token yet" in eva.get("/audit/tokens/").content.decode()


def test_taking_it_home_is_an_event(token: Token, cast: Cast, dirk: Client) -> None:
    rows(dirk)
    event = Event.objects.latest("pk")
    assert (event.action, event.actor_name) == ("inventory.exported", cast.dirk.name)


def test_no_cell_is_a_formula(cast: Cast, dirk: Client) -> None:
    request_token(cast.bram, "=cmd|' /C calc'!A0")
    assert rows(dirk)[0]["description"] == "'=cmd|' /C calc'!A0"


def test_a_page_asks_as_often_for_many_tokens_as_for_few(
    token: Token, cast: Cast, dirk: Client
) -> None:
    dirk.get("/audit/tokens/")
    with CaptureQueriesContext(connection) as few:
        dirk.get("/audit/tokens/")
    for _ in range(30):
        request_token(cast.bram)
    with CaptureQueriesContext(connection) as many:
        dirk.get("/audit/tokens/")
    assert len(many) == len(few)


def test_a_token_that_was_handed_over_says_since_when(
    token: Token, cast: Cast, dirk: Client
) -> None:
    assert rows(dirk)[0]["handed_over_at"] == ""
    deeds.hand_over(token, to=cast.ana, by=cast.ana)
    (row,) = rows(dirk)
    assert (row["requested_by"], row["requester_works_here"]) == ("Ana Vos", "yes")
    assert row["handed_over_at"].startswith(f"{timezone.now():%Y-%m-%d}")


def test_a_review_counts_the_tokens_of_the_company(cast: Cast) -> None:
    deeds.revoke(request_token(cast.bram).token, by=cast.ana)
    for person in (cast.bram, cast.farid, cast.farid):
        request_token(person)
    done = reviews.review(by=cast.dirk)
    assert (done.tokens, done.live) == (2, 1)
