"""What do people do in the pages? The steps that several journeys share."""

import re
import secrets
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import requests
from playwright.sync_api import Locator, Page, expect

from tests.stack import Credential, Stack
from tests.totp import fresh_code

WAITS = 10_000  # milliseconds, for whatever a person waits for
expect.set_options(timeout=WAITS)


def sign_in(
    page: Page, *, email: str, password: str, totp: str | None = None, **_others: Any
) -> None:
    enter_password(page, email=email, password=password)
    if totp:
        enter_code(page, fresh_code(totp))
    page.wait_for_url("**/tokens/")


def enter_password(page: Page, *, email: str, password: str, **_others: Any) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def enter_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()


def open_account(page: Page, part: str) -> None:
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_role("link", name=part, exact=True).click()


def set_up_app(page: Page) -> str:
    """Sets up an authenticator app and stores its codes; answers its seed."""
    page.get_by_role("link", name="Set up an app").click()
    seed = text_of(page, "#block-key")
    page.get_by_label("Authenticator code").fill(fresh_code(seed))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return seed


def invite(stack: Stack) -> str:
    """A link with which, once, the first administrator of a new company joins it."""
    slug = f"initech-{secrets.token_hex(3)}"
    done = stack.manage("add_company", slug, "Initech", f"ida@{slug}.example")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def invite_by(page: Page, *, role: str = "Member") -> tuple[str, str]:
    """Invites somebody as an administrator does; their address, and the link that is shown."""
    email = f"zoe-{secrets.token_hex(3)}@acme.example"
    page.goto("/people/invite/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Role").select_option(role)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("heading", name=f"{email} is invited")).to_be_visible()
    return email, text_of(page, "#block-invitation")


def open_person(page: Page, name: str) -> None:
    page.goto("/people/")
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def person_address(stack: Stack, email: str) -> str:
    query = "SELECT public_id FROM tokens_user WHERE email = ?"
    return f"/people/{UUID(in_database(stack, query, email)[0][0])}/"


def join_as(page: Page, name: str, *, password: str = "") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(password or secrets.token_urlsafe(12))
    page.get_by_role("button", name="Join").click()
    page.wait_for_url("**/tokens/")


def ask_for_link(page: Page, email: str) -> None:
    page.goto("/accounts/password/reset/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look in your mail")).to_be_visible()


def mailed_link(stack: Stack, page: Page, email: str) -> str:
    """Asks for a link to choose a password: the mail stands in the log of the portal."""
    log = stack.var_dir / "log" / "portal.log"
    before = log.stat().st_size
    ask_for_link(page, email)
    deadline = time.monotonic() + WAITS / 1000
    while not (links := re.findall(rb"http\S+/reset/key/\S+", log.read_bytes()[before:])):
        assert time.monotonic() < deadline, "no mail was sent"
        time.sleep(0.05)
    return str(links[-1].decode())


def a_description() -> str:
    """One that no other token has."""
    return f"Build server {secrets.token_hex(4)}"


def request_token(page: Page, description: str) -> Credential:
    """Requests a token, and reads it off the page."""
    page.goto("/tokens/request/")
    page.get_by_label("Description").fill(description)
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_role("heading", name="Your new token")).to_be_visible()
    return Credential(text_of(page, "#token-username"), text_of(page, "#token-secret"))


def description_of(stack: Stack, token: Credential) -> str:
    query = "SELECT description FROM tokens_token WHERE username = ?"
    return str(in_database(stack, query, token.username)[0][0])


def text_of(page: Page, selector: str) -> str:
    """All of an element's text, white space too."""
    return str(page.locator(selector).evaluate("element => element.textContent"))


def row_of(page: Page, token: Credential) -> Locator:
    return page.locator(f"#token-{token.username}")


def open_editor(page: Page, token: Credential) -> None:
    """Turns the token's row into a form, and waits until htmx has taken it over."""
    row_of(page, token).get_by_role("link", name="Edit").click()
    expect(row_of(page, token).get_by_role("textbox", name="Description")).to_be_focused()
    expect(row_of(page, token)).not_to_have_class(re.compile("htmx-"))


def open_dialog(page: Page, token: Credential) -> Locator:
    row_of(page, token).get_by_role("link", name="Revoke").click()
    dialog = page.get_by_role("dialog", name="Revoke token")
    expect(dialog).to_be_visible()
    return dialog


def expect_status(page: Page, words: str | re.Pattern[str]) -> None:
    """Waits until the one region that is announced says exactly this."""
    expect(page.get_by_role("status").and_(page.locator("#status"))).to_have_text(words)


def log_in(stack: Stack, token: Credential) -> requests.Response:
    """Asks the realm for a grant, as ``docker login`` does."""
    return requests.get(
        f"{stack.portal}/auth/token",
        params={"service": "container-registry"},
        auth=(token.username, token.secret),
        headers={"User-Agent": "docker/28.0"},
        timeout=10,
    )


def in_database(stack: Stack, query: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a query, past the portal."""
    file = stack.var_dir / "portal.sqlite3"
    with closing(sqlite3.connect(file, timeout=10)) as connection, connection:
        return connection.execute(query, values).fetchall()


def wait_for_use(stack: Stack, token: Credential) -> None:
    """Waits until the portal has written down that the token was used, beside its answers."""
    used = "SELECT 1 FROM tokens_use JOIN tokens_token AS t ON t.id = token_id WHERE username = ?"
    deadline = time.monotonic() + WAITS / 1000
    while not in_database(stack, used, token.username):
        assert time.monotonic() < deadline, "the use was not written"
        time.sleep(0.05)


def let_time_pass(stack: Stack, token: Credential, **days_ago: int) -> None:
    """Dates back what happened to the token, such as ``requested_at=40``: no page can do that."""
    for column, days in days_ago.items():
        query = f"UPDATE tokens_token SET {column} = ? WHERE username = ?"
        in_database(stack, query, _ago(days), token.username)


def date_uses_back(stack: Stack, token: Credential, *, days: int) -> None:
    """Lets the token be last used so long ago: no page can do that."""
    whose = "token_id = (SELECT id FROM tokens_token WHERE username = ?)"
    in_database(
        stack, f"UPDATE tokens_use SET last_at = ? WHERE {whose}", _ago(days), token.username
    )


def _ago(days: int) -> str:
    """As SQLite keeps it."""
    return (datetime.now(UTC) - timedelta(days=days)).replace(tzinfo=None).isoformat(" ")


def leave_unsent(stack: Stack, email: str) -> None:
    """Puts a mail into the outbox as if it had been given up: no page can do that."""
    in_database(
        stack,
        "INSERT INTO tokens_message (kind, person_id, about, created_at, attempts, last_error)"
        " SELECT 'authority_ends', id, ?, ?, 17, 'SMTPRecipientsRefused'"
        " FROM tokens_user WHERE email = ?",
        '{"ends_at": "2030-01-01T00:00:00+00:00"}',
        (datetime.now(UTC) - timedelta(days=4)).replace(tzinfo=None).isoformat(" "),
        email,
    )


def forget_mails(stack: Stack) -> None:
    in_database(stack, "DELETE FROM tokens_message")


def mail_to(stack: Stack, email: str, subject: str) -> str:
    """Waits until the jobs have sent a mail: it stands in their log."""
    log, deadline = stack.var_dir / "log" / "jobs.log", time.monotonic() + WAITS / 1000
    while True:
        for mail in log.read_text().split("Content-Type: multipart/alternative")[1:]:
            if f"To: {email}\n" in mail and f"Subject: {subject}\n" in mail:
                return mail
        assert time.monotonic() < deadline, f"no mail {subject!r} was sent to {email}"
        time.sleep(0.1)
