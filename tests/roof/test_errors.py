"""What do people see when something cannot be answered?"""

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from portal.logs import names_the_mistake
from tests.client import Client
from tests.factories import Cast, request_token
from tests.roof.faults import AWAY, READ_ONLY, failing, without_database
from tokens.actions.people import invite
from tokens.models import CONSOLE
from tokens.models.accounts import Role
from tokens.models.invitations import InvitationQuerySet
from tokens.models.tokens import TokenQuerySet

Browser = Callable[..., Client]
Log = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def bram(cast: Cast, sign_in: Browser) -> Client:
    return sign_in(cast.bram, raise_request_exception=False)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    """What is written to the log: one JSON object a line."""
    handlers = logging.getLogger().handlers
    (handler,) = [one for one in handlers if getattr(one.formatter, "json_serializer", None)]
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("error", [AWAY, InterfaceError("connection already closed")], ids=str)
@pytest.mark.parametrize(
    "address", ["/", "/tokens/", "/tokens/request/", "/instructions/", "/accounts/logout/"]
)
def test_without_the_database_every_page_says_so(
    address: str, error: Exception, bram: Client
) -> None:
    for send in (bram.get, bram.post):
        with without_database(error):
            answer = send(address)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "The portal cannot answer right now" in answer.content.decode()


def test_without_the_database_signing_in_says_so(db: None) -> None:
    browser = Client(raise_request_exception=False)
    with without_database():
        answer = browser.post("/accounts/login/", {"login": "a@b.example", "password": "x"})
    assert answer.status_code == 503


def test_when_the_database_is_back_the_portal_is(bram: Client) -> None:
    with without_database():
        assert bram.get("/tokens/").status_code == 503
    assert bram.get("/tokens/").status_code == 200


def test_a_locked_database_is_no_fault_of_ours(
    cast: Cast, bram: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = request_token(cast.bram).token
    locked = OperationalError("database is locked")
    monkeypatch.setattr("tokens.actions.tokens.revoke_all", failing(locked))
    answer = bram.post(f"/tokens/{token.username}/revoke/")
    assert answer.status_code == 503


def test_a_replica_that_is_not_promoted_yet_is_no_fault_of_ours(
    cast: Cast, bram: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = request_token(cast.bram).token
    monkeypatch.setattr("tokens.actions.tokens.revoke_all", failing(READ_ONLY))
    answer = bram.post(f"/tokens/{token.username}/revoke/")
    assert answer.status_code == 503


def test_whatever_breaks_says_so_without_saying_what(
    bram: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(TokenQuerySet, "chosen", failing(RuntimeError("the inside of it")))
    answer = bram.get("/tokens/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something broke on our side" in page
    assert "the inside of it" not in page
    assert "Traceback" not in page
    assert [one.exc_info[1].args for one in caplog.records if one.levelno == logging.ERROR] == [
        ("the inside of it",)
    ]


@pytest.mark.parametrize("address", ["/nothing", "/tokens/nothing/at/all/", "/static/nothing.css"])
def test_an_address_that_leads_nowhere_says_so(address: str, bram: Client) -> None:
    for browser in (bram, Client()):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()


def test_a_page_without_its_last_slash_is_found(bram: Client) -> None:
    assert bram.get("/tokens").headers["Location"] == "/tokens/"


@pytest.mark.parametrize("host", ["evil.example", "portal.example.evil.example", "a b", "[::1"])
def test_a_host_that_is_not_ours_is_refused(host: str, db: None) -> None:
    answer = Client().get("/accounts/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert "This request makes no sense here" in answer.content.decode()


def test_a_page_of_an_error_is_a_page_like_any_other(bram: Client) -> None:
    too_large = bram.post("/tokens/request/", {"description": "x" * 3_000_000})
    missing = bram.get("/nothing")
    for answer in (too_large, missing):
        page = answer.content.decode()
        assert "· Thinkwise containers</title>" in page
        assert '<a class="brand" href="/">Thinkwise containers</a>' in page
        assert "Bram de Wit" in page


def test_a_method_that_a_door_does_not_know_is_answered_in_words(bram: Client) -> None:
    for send in (bram.post, bram.put, bram.delete):
        answer = send("/tokens/")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"
        assert answer.content.decode() == "Use GET, HEAD here."
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_whoever_may_not_is_told_whom_to_ask(cast: Cast, sign_in: Browser) -> None:
    answer = sign_in(cast.dirk).get("/tokens/request/")
    assert answer.status_code == 403
    assert "Ask an administrator of your company" in answer.content.decode()


def test_the_log_says_who_may_not_do_what_they_tried(
    cast: Cast, sign_in: Browser, log: Log
) -> None:
    sign_in(cast.dirk, REMOTE_ADDR="203.0.113.7").get("/tokens/request/")
    (line,) = log()
    assert line["person"] == str(cast.dirk.public_id)
    assert (line["door"], line["address"]) == ("request_token", "203.0.113.7")
    assert line["level"] == "WARNING"
    assert line["request_id"]


def test_the_log_holds_no_link_that_lets_somebody_in(
    cast: Cast, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE).key
    browser = Client(raise_request_exception=False)
    address = f"/join/{key}/"
    Client(enforce_csrf_checks=True).post(address)
    browser.post(address, "a" * 3_000_000, content_type="application/x-www-form-urlencoded")
    browser.get(address, headers={"Host": "evil.example"})
    monkeypatch.setattr(InvitationQuerySet, "behind", failing(RuntimeError("broken")))
    browser.get(address)
    lines = log()
    assert [line["level"] for line in lines] == ["WARNING", "ERROR", "ERROR", "ERROR"]
    assert "join" in lines[0]["message"]
    assert "join" in lines[-1]["message"]
    assert key not in str(lines)


def test_a_line_of_the_log_stays_one_line(log: Log) -> None:
    logging.getLogger("tokens").warning("a\nb\u2028%s", "\r\n{}")
    (line,) = log()
    assert line["message"] == "a\nb\u2028\r\n{}"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Invalid HTTP Header: 'Authorization Basic dTpw'", "Invalid HTTP Header"),
        ("Invalid HTTP header name: 'dTpw'", "Invalid HTTP header name"),
        ("Invalid HTTP request line: 'a: b\n'c'", "Invalid HTTP request line"),
        ("Request Line is too large (9000 > 8190)", "Request Line is too large (9000 > 8190)"),
    ],
)
def test_of_what_is_no_request_the_log_says_only_what_is_wrong(said: str, kept: str) -> None:
    told = f"Invalid request from ip=203.0.113.7: {said}"
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, told, None, None)
    assert names_the_mistake(record)
    assert record.getMessage() == f"Invalid request from ip=203.0.113.7: {kept}"
