"""After all that can happen to a secret: does it lie nowhere at rest?"""

import base64
import socket
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.canary import Canary
from tests.journeys.conftest import ARGUMENTS, SWITCHED_ON_AGAIN
from tests.journeys.steps import (
    WAITS,
    a_description,
    expect_status,
    in_database,
    log_in,
    mail_to,
    request_token,
    sign_in,
    wait_for_use,
)
from tests.journeys.test_secret import leave
from tests.journeys.test_sessions import FAILED
from tests.real.clients import Skopeo
from tests.stack import Credential, Stack
from tokens import credentials

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REASON = "Found in a public repository"
SECONDS = 10


@dataclass
class Journey:
    """What a secret has been through, and what was told of it."""

    stack: Stack
    profile: Path
    token: Credential
    told: dict[str, str] = field(default_factory=dict)

    @property
    def canary(self) -> Canary:
        return Canary(self.token.secret)


@pytest.fixture(scope="module")
def journey(
    chromium: Browser, program: str, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Journey:
    profile, home = tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("home")
    with window(chromium, program, stack, profile) as browser:
        page = browser.new_page()
        sign_in(page, **stack.person("chloe@acme.example"))
        journey = Journey(stack, profile, copied(page))
        log_in_with_a_client(journey, home)
        fail_in_many_ways(journey)
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, **stack.person("vera@thinkwise.example"))
        paste_and_revoke(journey, page)
        journey.told["storage"] = page.evaluate(
            "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"
        )
    take_home(journey)
    return journey


@contextmanager
def window(
    chromium: Browser, program: str, stack: Stack, profile: Path, **options: Any
) -> Iterator[BrowserContext]:
    """A browser that keeps what it keeps of a person's own, in a folder."""
    browser = chromium.browser_type.launch_persistent_context(
        profile,
        executable_path=program,
        args=ARGUMENTS,
        ignore_default_args=SWITCHED_ON_AGAIN,
        base_url=stack.portal,
        permissions=["clipboard-read", "clipboard-write"],
        **options,
    )
    browser.set_default_timeout(WAITS)
    yield browser
    browser.close()


def copied(page: Page) -> Credential:
    """A new token, whose secret was copied before its page was left and asked for again."""
    made = request_token(page, a_description())
    page.get_by_role("button", name="Copy the secret").click()
    assert page.evaluate("navigator.clipboard.readText()") == made.secret
    take_file(page)
    leave(page)
    page.go_back()
    page.go_forward()
    return made


def take_file(page: Page) -> None:
    """Takes the secret home as a file, which is the person's own; nothing else may keep it."""
    with page.expect_download() as download:
        page.get_by_role("button", name=".env").click()
    Path(download.value.path()).unlink()


def log_in_with_a_client(journey: Journey, home: Path) -> None:
    client = Skopeo(home, journey.stack.registry, None)
    assert client.login(journey.token).succeeded
    assert client.pull("public/universal:latest").succeeded
    wait_for_use(journey.stack, journey.token)
    assert Canary(journey.token.secret).below(home), "the client itself keeps it"


def fail_in_many_ways(journey: Journey) -> None:
    """With a secret that is wrong, mistyped, in the wrong place, and while something is broken."""
    stack, token = journey.stack, journey.token
    assert log_in(stack, Credential(token.username, credentials.mint_secret("twc_"))).status_code
    assert log_in(stack, Credential(token.username, token.secret[:-1])).status_code == 401
    assert log_in(stack, Credential(token.secret, token.secret)).status_code == 401
    assert log_in(stack, Credential(f"{token.secret}@x", "")).status_code == 401
    misplace(journey)
    for broken, status in ((garbled, 500), (taken_away, 503)):
        with broken(stack, token):
            assert log_in(stack, token).status_code == status
            assert post_form(journey).status_code == status


def misplace(journey: Journey) -> None:
    """Sends it where it does not belong: into addresses, names of fields, headers that are none."""
    secret, portal = journey.token.secret, journey.stack.portal
    for path in (f"/{secret}/", f"/auth/token?password={secret}", f"/tokens/?q={secret}"):
        requests.get(portal + path, timeout=SECONDS)
    requests.post(f"{portal}/accounts/login/", {"login": secret, secret: "x"}, timeout=SECONDS)
    pair = base64.b64encode(f"{journey.token.username}:{secret}".encode()).decode()
    for line in (f"Authorization Basic {pair}", f"X-{secret}[]: x", f"Host: {secret}"):
        at = urlsplit(portal)
        with socket.create_connection((at.hostname, at.port), SECONDS) as wire:
            wire.sendall(f"GET /auth/token HTTP/1.1\r\n{line}\r\n\r\n".encode())
            assert wire.recv(100).startswith(b"HTTP/1.1 4")


def post_form(journey: Journey) -> requests.Response:
    """Asks for a grant as containerd does."""
    form = {
        "grant_type": "password",
        "username": journey.token.username,
        "password": journey.token.secret,
    }
    return requests.post(f"{journey.stack.portal}/auth/token", form, timeout=SECONDS)


@contextmanager
def garbled(stack: Stack, token: Credential) -> Iterator[None]:
    """The token's digest is none, so that whoever compares it breaks."""
    which = "WHERE token_id = (SELECT id FROM tokens_token WHERE username = ?)"
    with other_value(stack, "tokens_secret", "digest", which, token):
        yield


@contextmanager
def taken_away(stack: Stack, token: Credential) -> Iterator[None]:
    """The table of secrets has another name, as far as the portal can see no database."""
    in_database(stack, "ALTER TABLE tokens_secret RENAME TO tokens_secret_away")
    yield
    in_database(stack, "ALTER TABLE tokens_secret_away RENAME TO tokens_secret")


@contextmanager
def garbled_moment(stack: Stack, token: Credential) -> Iterator[None]:
    """The token is found by its secret and cannot be shown."""
    with other_value(stack, "tokens_token", "requested_at", "WHERE username = ?", token):
        yield


@contextmanager
def other_value(
    stack: Stack, table: str, column: str, which: str, token: Credential
) -> Iterator[None]:
    ((value,),) = in_database(stack, f"SELECT {column} FROM {table} {which}", token.username)
    change = f"UPDATE {table} SET {column} = ? {which}"
    in_database(stack, change, "garbled", token.username)
    yield
    in_database(stack, change, value, token.username)


def paste(page: Page, text: str) -> None:
    page.goto("/companies/")
    page.get_by_label("Search").fill(text)
    page.get_by_role("button", name="Find").click()


def paste_and_revoke(journey: Journey, page: Page) -> None:
    """As the vendor does with a leaked one, where the portal breaks at first."""
    text = f"docker login -p {journey.token.secret} registry.example.com"
    with garbled_moment(journey.stack, journey.token):
        paste(page, text)
        expect_status(page, FAILED)
    with taken_away(journey.stack, journey.token):
        paste(page, text)
        expect_status(page, FAILED)
    paste(page, text)
    found = page.get_by_role("region", name="Whose secret this is")
    found.get_by_role("link", name="Revoke").click()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("is revoked")
    assert log_in(journey.stack, journey.token).status_code == 401


def take_home(journey: Journey) -> None:
    """All that the portal tells somebody afterwards."""
    stack, ana = journey.stack, journey.stack.sign_in("ana@acme.example")
    for path in (
        *("/audit/", "/audit/events.csv", "/audit/events.jsonl", "/audit/tokens.csv"),
        *(f"/tokens/{journey.token.username}/", "/tokens/?status=revoked"),
    ):
        journey.told[path] = ana.get(path).text
    headers = {"Authorization": f"Bearer {stack.environment['METRICS_SECRET']}"}
    journey.told["metrics"] = requests.get(
        f"{stack.portal}/metrics", headers=headers, timeout=SECONDS
    ).text
    subject = "A token that you requested was revoked"
    journey.told["mail"] = mail_to(stack, "chloe@acme.example", subject)
    for number, session in enumerate(sessions_of(stack)):
        journey.told[f"session {number}"] = session.decode()


def sessions_of(stack: Stack) -> Iterator[bytes]:
    """What the sessions hold: signed and packed, so that a search of the files would miss it."""
    for (packed,) in in_database(stack, "SELECT session_data FROM django_session"):
        text = packed.partition(":")[0]
        data = base64.urlsafe_b64decode(text.removeprefix(".") + "==")
        yield zlib.decompress(data) if text.startswith(".") else data


def processes_of(stack: Stack) -> list[Path]:
    """gunicorn's master and its workers, as the system tells of them."""
    master = (stack.var_dir / "portal.pid").read_text().strip()
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert len(children) >= 2
    return [Path("/proc") / number for number in (master, *children)]


def test_no_file_that_the_portal_writes_holds_it(journey: Journey) -> None:
    folders = [journey.stack.var_dir, *Path(tempfile.gettempdir()).glob("portal-metrics-*")]
    assert len(folders) > 1
    assert journey.canary.below(*folders) == []
    # Its username and what went wrong are there, so the search would find what there is.
    found = Canary(journey.token.username).below(*folders)
    assert any("portal.sqlite3" in place for place in found)  # or in the log beside it
    log = (journey.stack.var_dir / "log" / "portal.log").read_text()
    assert "Traceback" in log
    assert "TypeError" in log


def test_no_file_of_the_browser_holds_it(journey: Journey) -> None:
    assert journey.canary.below(journey.profile) == []
    assert Canary("/tokens/request/").below(journey.profile)
    assert Canary("/companies/").below(journey.profile)


def test_no_file_of_a_browser_without_script_holds_it(
    chromium: Browser, program: str, stack: Stack, tmp_path: Path
) -> None:
    with window(chromium, program, stack, tmp_path, java_script_enabled=False) as browser:
        page = browser.new_page()
        sign_in(page, **stack.person("chloe@acme.example"))
        made = request_token(page, a_description())
        take_file(page)
        leave(page)
    assert Canary(made.secret).below(tmp_path) == []
    assert Canary("/tokens/request/").below(tmp_path)


def test_nothing_that_is_told_holds_it(journey: Journey) -> None:
    assert journey.canary.in_texts(journey.told) == []
    assert Canary(journey.token.username).in_texts(journey.told)
    assert any("_auth_user_id" in text for text in journey.told.values())


def test_its_digest_and_its_last_four_characters_are_what_is_kept(journey: Journey) -> None:
    kept = in_database(
        journey.stack,
        "SELECT digest, hint FROM tokens_secret JOIN tokens_token ON token_id = tokens_token.id"
        " WHERE username = ?",
        journey.token.username,
    )
    secret = journey.token.secret
    assert kept == [(credentials.digest(secret), secret[-4:])]


def test_no_process_was_started_with_it_or_would_leave_it_in_a_core_file(journey: Journey) -> None:
    for process in processes_of(journey.stack):
        for name in ("environ", "cmdline"):
            assert journey.canary.in_bytes((process / name).read_bytes()) == []
        limits = (process / "limits").read_text().splitlines()
        (core,) = [line.split() for line in limits if line.startswith("Max core file size")]
        assert core[4:6] == ["0", "0"]
