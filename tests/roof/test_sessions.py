"""When does a session begin and end, and whose is it?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection

from tests.client import Client
from tests.factories import PASSWORD, SEED, Cast, make_person, request_token
from tests.roof.faults import READ_ONLY, unwritable_sessions
from tests.totp import fresh_code
from tokens.actions.people import change_role, deactivate, reactivate
from tokens.models import CONSOLE, Token, User
from tokens.models.accounts import Role

Browser = Callable[..., Client]
MORNING = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/tokens/?q=x"}


def signed_in(person: User) -> Client:
    """A browser that has gone through the sign-in itself."""
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    if person.needs_second_factor:
        answer = browser.post(answer.headers["Location"], {"code": fresh_code(SEED)})
    assert answer.headers["Location"] == "/tokens/"
    return browser


def is_in(browser: Client) -> bool:
    answer = browser.get("/tokens/")
    assert answer.status_code in {200, 302}
    return answer.status_code == 200


def test_a_session_ends_when_it_was_idle_for_half_an_hour(cast: Cast) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = signed_in(cast.bram)
        assert is_in(browser)
        for _ in range(3):
            clock.shift(timedelta(minutes=29))
            assert is_in(browser)
        clock.shift(timedelta(minutes=31))
        assert not is_in(browser)
        assert not is_in(browser)


@pytest.mark.parametrize("part", ["activity/", "first-log-in/"])
def test_a_page_that_stands_open_keeps_no_session_alive(cast: Cast, part: str) -> None:
    address = request_token(cast.bram).token.get_absolute_url() + part
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = signed_in(cast.bram)
        for _ in range(10):
            assert "Your session has ended" not in browser.get(address, headers=HTMX).text
            clock.shift(timedelta(minutes=3))
        clock.shift(timedelta(minutes=1))
        assert "Your session has ended" in browser.get(address, headers=HTMX).text
        assert not is_in(browser)


LOCKED = OperationalError("database is locked")


@pytest.mark.parametrize("error", [LOCKED, READ_ONLY], ids=str)
class TestWhileSessionsCannotBeWritten:
    @pytest.fixture
    def browser(self, cast: Cast) -> Client:
        """Who was seen so long ago that it is to be noted anew."""
        browser = signed_in(cast.bram)
        assert is_in(browser)
        session = browser.session
        session["seen_at"] -= 120
        session.save()
        browser.raise_request_exception = False
        return browser

    def test_pages_are_shown(self, browser: Client, error: Exception) -> None:
        with unwritable_sessions(error):
            assert browser.get("/tokens/").status_code == 200

    def test_nothing_is_done_and_the_page_says_so(self, browser: Client, error: Exception) -> None:
        form = {"description": "A server", "nonce": "x" * 22}
        with unwritable_sessions(error):
            assert browser.post("/tokens/request/", form).status_code == 503
        assert not Token.objects.filter(description="A server").exists()
        assert browser.post("/tokens/request/", form).status_code == 200

    def test_what_a_page_keeps_in_the_session_is_no_fault_of_the_session(
        self, browser: Client, error: Exception
    ) -> None:
        """Django would say that the session has ended, with 400."""
        assert is_in(browser)
        session = browser.session
        session["kept"] = True
        with unwritable_sessions(error), pytest.raises(type(error)):
            session.save()


def test_a_session_that_ends_elsewhere_at_that_moment_is_over(cast: Cast) -> None:
    browser = signed_in(cast.bram)

    def end(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith("UPDATE") and "django_session" in sql:
            execute("DELETE FROM django_session", None, False, {"connection": connection})
        return execute(sql, *rest)

    with connection.execute_wrapper(end):
        assert browser.get("/tokens/").status_code == 400


def test_a_session_that_was_never_idle_ends_after_twelve_hours(cast: Cast) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = signed_in(cast.bram)
        for _ in range(12 * 3):
            assert is_in(browser)
            clock.shift(timedelta(minutes=20))
        assert is_in(browser)
        clock.shift(timedelta(minutes=1))
        assert not is_in(browser)


def test_a_new_session_has_its_whole_time(cast: Cast) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = signed_in(cast.bram)
        assert is_in(browser)
        clock.shift(timedelta(minutes=31))
        assert not is_in(browser)
        login = {"login": cast.bram.email, "password": PASSWORD}
        browser.post("/accounts/login/", login)
        clock.shift(timedelta(minutes=29))
        assert is_in(browser)


def test_a_session_is_another_after_the_sign_in(cast: Cast) -> None:
    browser = Client()
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    browser.cookies["session"] = session.session_key
    before = session.session_key
    browser.post("/accounts/login/", {"login": cast.bram.email, "password": PASSWORD})
    assert browser.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()
    assert is_in(browser)


@pytest.mark.parametrize(
    "key", ["", "junk", "a" * 32, "\0" + "a" * 31, "é" * 32, "../../etc/passwd", "x" * 4000]
)
def test_a_session_that_we_did_not_make_is_none(key: str, cast: Cast) -> None:
    browser = Client()
    browser.cookies["session"] = key
    assert not is_in(browser)
    browser.post("/accounts/login/", {"login": cast.bram.email, "password": PASSWORD})
    assert browser.session.session_key != key


def test_nobody_gets_a_session_without_signing_in(db: None) -> None:
    browser = Client()
    browser.get("/accounts/login/")
    browser.get("/tokens/")
    assert "session" not in browser.cookies
    assert Session.objects.count() == 0


def test_signing_out_ends_the_session_for_whoever_has_its_cookie(cast: Cast) -> None:
    browser = signed_in(cast.bram)
    thief = Client()
    thief.cookies = SimpleCookie(browser.cookies.output(header=""))
    assert is_in(thief)
    browser.post("/accounts/logout/")
    assert not is_in(browser)
    assert not is_in(thief)


def test_a_new_password_ends_the_sessions_elsewhere(cast: Cast) -> None:
    here, elsewhere = signed_in(cast.bram), signed_in(cast.bram)
    new = "seventeen herons by the lock"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    answer = here.post("/accounts/password/change/", form)
    assert answer.status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)


def test_somebody_deactivated_is_out_at_their_next_request(cast: Cast) -> None:
    make_person("Ida Prins", cast.acme, Role.ADMIN)
    for person in (cast.bram, cast.ana, cast.vera, cast.dirk):
        browser = signed_in(person)
        make_person(f"I{person.pk}", person.company, Role.ADMIN)
        assert is_in(browser)
        deactivate(person, by=CONSOLE)
        assert not is_in(browser)


def test_a_session_does_not_come_back_with_its_person(cast: Cast) -> None:
    before = signed_in(cast.bram)
    deactivate(cast.bram, by=CONSOLE)
    reactivate(cast.bram, by=CONSOLE)
    assert not is_in(before)
    assert is_in(signed_in(cast.bram))


def test_a_session_goes_on_with_a_new_role_at_the_next_request(cast: Cast) -> None:
    browser = signed_in(cast.bram)
    assert browser.get("/people/invite/").status_code == 403
    change_role(cast.bram, role=Role.ADMIN, by=CONSOLE)
    assert browser.get("/people/invite/").status_code == 200
    make_person("Ida Prins", cast.acme, Role.ADMIN)
    change_role(cast.bram, role=Role.AUDITOR, by=CONSOLE)
    assert browser.get("/tokens/request/").status_code == 403
    assert is_in(browser)


def test_a_session_that_has_ended_sends_htmx_to_the_sign_in_and_back(cast: Cast) -> None:
    browser = signed_in(cast.bram)
    deactivate(cast.bram, by=CONSOLE)
    answer = browser.get("/tokens/", headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Ftokens%2F%3Fq%3Dx"
    assert answer.content == b""


def test_pages_of_somebody_are_kept_by_no_cache(cast: Cast) -> None:
    browser = signed_in(cast.bram)
    for address in ("/tokens/", "/instructions/", "/tokens/request/", "/nothing", "/"):
        assert "no-store" in browser.get(address).headers["Cache-Control"]


def test_the_cookie_is_for_the_server_alone_and_lasts_twelve_hours(cast: Cast) -> None:
    cookie = signed_in(cast.bram).cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["secure"]
    assert cookie["max-age"] == 12 * 60 * 60


def test_the_cookie_against_forgery_is_for_the_server_alone_too(db: None) -> None:
    browser = Client()
    browser.get("/accounts/login/")
    cookie = browser.cookies["csrf"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
