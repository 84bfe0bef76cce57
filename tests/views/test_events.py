"""Does the audit show what was done, and export exactly what is filtered?"""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast, request_token
from tests.tampering import without_triggers
from tokens import trail
from tokens.actions import tokens as deeds
from tokens.forms.events import KINDS
from tokens.management.jobs import check_trails
from tokens.models import CONSOLE, Event, Token
from tokens.models.events import Action

Browser = Callable[..., Client]


@pytest.fixture
def token(cast: Cast) -> Token:
    """A token that Bram requested and Ana revoked."""
    token = request_token(cast.bram, "Production cluster").token
    deeds.revoke(token, by=cast.ana)
    return token


@pytest.fixture
def dirk(cast: Cast, sign_in: Browser) -> Client:
    """An auditor of Acme."""
    return sign_in(cast.dirk)


def shown(browser: Client, query: str = "") -> str:
    return str(browser.get(f"/audit/{query}").content.decode())


def exported(browser: Client, query: str = "", form: str = "jsonl") -> str:
    answer = browser.get(f"/audit/events.{form}{query}")
    assert answer.status_code == 200
    return b"".join(answer).decode()


def lines(browser: Client, query: str = "") -> list[dict]:
    return [json.loads(line) for line in exported(browser, query).splitlines()]


def actions(browser: Client, query: str) -> list[str]:
    return [line["action"] for line in lines(browser, query)]


def test_what_was_done_is_told_in_sentences(token: Token, dirk: Client) -> None:
    page = shown(dirk)
    assert "<strong>Ana Vos</strong></bdi> revoked <bdi><strong>Production cluster" in page
    assert token.username in page


def test_nothing_of_another_company_is_there(token: Token, cast: Cast, sign_in: Browser) -> None:
    eva = sign_in(cast.eva)
    assert "Production cluster" not in shown(eva)
    assert {line["company"] for line in lines(eva)} == {"globex"}
    for query in (f"?token={token.username}", f"?person={cast.ana.public_id}"):
        assert "No event matches" in shown(eva, query)
        assert lines(eva, query) == []


class TestFilters:
    def test_by_token(self, token: Token, cast: Cast, dirk: Client) -> None:
        request_token(cast.bram, "Another")
        query = f"?token={token.username}"
        assert actions(dirk, query) == ["token.requested", "token.revoked"]
        assert "Another" not in shown(dirk, query)

    def test_by_person_and_kind(self, token: Token, cast: Cast, dirk: Client) -> None:
        found = lines(dirk, f"?person={cast.ana.public_id}&kind=token.revoked")
        assert [(line["actor"]["name"], line["action"]) for line in found] == [
            ("Ana Vos", "token.revoked")
        ]

    def test_by_day(self, token: Token, dirk: Client) -> None:
        today = timezone.localdate()
        tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
        assert "token.revoked" in actions(dirk, f"?since={today}&until={today}")
        assert lines(dirk, f"?since={tomorrow}") == []
        assert lines(dirk, f"?until={yesterday}") == []

    def test_by_moment(self, token: Token, dirk: Client) -> None:
        event = Event.objects.get(action="token.revoked")
        moment = event.at.isoformat().replace("+00:00", "Z")
        assert actions(dirk, f"?since={moment}")[0] == "token.revoked"
        assert "token.revoked" not in actions(dirk, f"?until={moment}")

    def test_by_address(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.bram, REMOTE_ADDR="203.0.113.7")
        form = {"description": "Build server", "nonce": "n" * 16}
        browser.post("/tokens/request/", form)
        assert actions(browser, "?address=203.0.113.7&kind=token.requested") == ["token.requested"]
        assert lines(browser, "?address=203.0.113.8") == []

    @pytest.mark.parametrize(
        "query",
        ["?since=nonsense", "?until=2026-13-99", "?person=somebody", "?kind=everything"],
    )
    def test_that_make_no_sense_select_nothing(
        self, query: str, token: Token, dirk: Client
    ) -> None:
        assert "No event matches" in shown(dirk, query)
        assert lines(dirk, query) == []

    @pytest.mark.parametrize(
        "query",
        [
            "?before=-1",
            "?before=x",
            "?before=%C2%B2",
            "?before=" + "9" * 400,
            "?before=%00",
            "?person=%00",
            "?token=" + "x" * 3000,
            "?since=0001-01-01&until=9999-12-31",
            "?since=0001-01-01T00:00%2B23:59",
            "?address[]=1&kind__contains=x",
        ],
    )
    def test_of_any_kind_are_answered(self, query: str, token: Token, dirk: Client) -> None:
        for address in ("/audit/", "/audit/events.csv", "/audit/events.jsonl"):
            answer = dirk.get(address + query)
            assert answer.status_code == 200
            assert answer.getvalue() is not None


def test_pages_follow_each_other_by_key(token: Token, cast: Cast, dirk: Client) -> None:
    for number in range(60):
        deeds.describe(request_token(cast.bram).token, by=cast.ana, description=f"No {number}")
    kind = "?kind=token.described"
    first = dirk.get(f"/audit/{kind}").context["page"]
    second = dirk.get(f"/audit/{kind}&before={first.before}").context["page"]
    seen = [event.sequence for event in [*first.rows, *second.rows]]
    assert (len(first.rows), len(second.rows)) == (50, 10)
    assert seen == sorted(set(seen), reverse=True)
    assert second.before is None


def test_between_times_the_clock_orders_the_pages(cast: Cast, dirk: Client) -> None:
    noon, token = datetime(2026, 3, 1, 12, tzinfo=UTC), request_token(cast.bram).token
    for number in range(60):  # every fifth a minute late, as after the clock stepped back
        at = noon + timedelta(seconds=number - 60 * (number % 5 == 0))
        with time_machine.travel(at, tick=False):
            deeds.describe(token, by=cast.ana, description=f"No {number}")
    asked = "/audit/?kind=token.described&until=2026-03-01"
    first = dirk.get(asked).context["page"]
    second = dirk.get(f"{asked}&before={first.before}").context["page"]
    seen = [(event.at, event.sequence) for event in [*first.rows, *second.rows]]
    assert len(set(seen)) == 60
    assert seen == sorted(seen, reverse=True)


def test_a_page_begins_at_an_event_of_the_company(cast: Cast, dirk: Client) -> None:
    for _ in range(3):
        request_token(cast.bram)
    newest = Event.objects.of(cast.acme).first()
    assert newest
    # One of Globex with the same number, long before.
    with time_machine.travel(datetime(2001, 1, 1, 12, tzinfo=UTC), tick=False):
        while not Event.objects.of(cast.globex).filter(sequence=newest.sequence).exists():
            request_token(cast.farid)
    found = dirk.get(f"/audit/?kind=token.requested&since=2001-01-01&before={newest.sequence}")
    assert len(found.context["page"].rows) == 2


def test_a_page_asks_as_often_for_many_events_as_for_few(
    token: Token, cast: Cast, dirk: Client
) -> None:
    shown(dirk)
    with CaptureQueriesContext(connection) as few:
        shown(dirk)
    for _ in range(40):
        request_token(cast.bram)
    with CaptureQueriesContext(connection) as many:
        shown(dirk)
    assert len(many) == len(few)


class TestExport:
    def test_of_everything_is_verified_without_the_portal(
        self, token: Token, dirk: Client, tmp_path: Path
    ) -> None:
        file = tmp_path / "export.jsonl"
        file.write_text(exported(dirk))
        proof = trail.verify_file(file)
        assert proof.is_whole
        assert proof.events == Event.objects.filter(company="acme").count() - 1
        output = StringIO()
        call_command("verify_events", file=file, stdout=output)
        assert "whole" in output.getvalue()

    def test_that_was_changed_is_found_out(
        self, token: Token, dirk: Client, tmp_path: Path
    ) -> None:
        file = tmp_path / "export.jsonl"
        file.write_text(exported(dirk).replace("Production cluster", "Production-cluster"))
        with pytest.raises(trail.Broken):
            trail.verify_file(file)

    def test_is_an_event_itself(self, token: Token, cast: Cast, dirk: Client) -> None:
        exported(dirk, "?kind=token.revoked", "csv")
        event = Event.objects.latest("pk")
        assert (event.action, event.actor_name) == ("audit.exported", cast.dirk.name)
        assert event.details == {"form": "csv", "asked": {"kind": "token.revoked"}}
        assert "exported the audit trail" in shown(dirk)

    def test_as_csv_has_every_field(self, token: Token, dirk: Client) -> None:
        answer = dirk.get(f"/audit/events.csv?token={token.username}")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"].endswith('.csv"')
        assert answer.headers["Cache-Control"] == "no-store"
        requested, revoked = csv.DictReader(StringIO(answer.getvalue().decode()))
        assert requested["object_id"] == revoked["object_id"] == token.username
        assert (revoked["actor_name"], revoked["action"]) == ("Ana Vos", "token.revoked")
        assert (len(requested["hash"]), len(revoked["previous"])) == (64, 64)

    @pytest.mark.parametrize("description", ["=1+1", "+1+1", "-1-1", "@SUM(A1)"])
    def test_as_csv_holds_no_formula(self, description: str, cast: Cast, dirk: Client) -> None:
        token = request_token(cast.bram, description).token
        (row,) = csv.DictReader(StringIO(exported(dirk, f"?token={token.username}", "csv")))
        assert row["object_name"] == f"'{description}"

    def test_reads_a_part_at_a_time(
        self, token: Token, dirk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tokens.views.events.AT_ONCE", 2)
        found = lines(dirk)
        assert [line["sequence"] for line in found] == list(range(1, len(found) + 1))


def test_what_the_console_does_is_told_too(token: Token, cast: Cast, dirk: Client) -> None:
    deeds.revoke(request_token(cast.bram, "Leaked").token, by=CONSOLE, reason="It was leaked")
    assert "Leaked" in shown(dirk, "?kind=token.revoked")


def test_every_kind_of_event_can_be_asked_for() -> None:
    assert KINDS.keys() == set(Action)


def test_before_a_job_checked_the_trail_nothing_is_said_of_it(token: Token, dirk: Client) -> None:
    assert "was checked" not in shown(dirk)


def test_a_trail_that_was_checked_is_said_to_hold(token: Token, dirk: Client) -> None:
    check_trails()
    page = shown(dirk)
    assert "All of it was checked" in page
    assert "does not hold" not in page


def test_a_trail_that_is_broken_is_said_so_to_its_own_people(
    token: Token, cast: Cast, dirk: Client, sign_in: Browser
) -> None:
    request_token(cast.farid)
    without_triggers(
        "UPDATE tokens_event SET actor_name = 'Nobody' WHERE company = 'acme' AND sequence = 2"
    )
    check_trails()
    page = shown(dirk)
    assert "This trail does not hold." in page
    assert "line 2: event 2 of acme was changed" in page
    assert "All of it was checked" not in page
    assert "All of it was checked" in shown(sign_in(cast.farid))
