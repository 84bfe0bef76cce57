"""Which screens and states are there, and how does a person come there?"""

import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import requests
from playwright.sync_api import Page, expect
from requests.adapters import HTTPAdapter

from tests.journeys.steps import (
    WAITS,
    ask_for_link,
    expect_status,
    invite,
    let_time_pass,
    mailed_link,
    open_dialog,
    open_editor,
    request_token,
    row_of,
    wait_for_use,
)
from tests.stack import Credential, Session, Stack

NOBODY = ""
ANA, BRAM, CHLOE, DIRK = (f"{name}@acme.example" for name in ("ana", "bram", "chloe", "dirk"))
EVA = "eva@globex.example"
TOM, VERA = (f"{name}@thinkwise.example" for name in ("tom", "vera"))
A_PAGE = 50
LONGEST = "W" * 200


@dataclass(frozen=True)
class Scene:
    """What there is to see: tokens of Acme in every state, and more than a page of Globex."""

    stack: Stack
    used: Credential
    unused: Credential
    revoked: Credential
    invitation: str


class Screen(NamedTuple):
    """A screen: its name, who sees it, and how they come there."""

    name: str
    who: str
    open: Callable[[Page, Scene], None]


SCREENS: list[Screen] = []
THEMES = ("light", "dark")
WIDTHS = {"wide": 1280, "narrow": 320}


def looks_of(page: Page, themes: tuple[str, ...] = THEMES) -> Iterator[str]:
    """Shows the page in each theme and width, without loading it anew."""
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        for name, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            yield f"{theme}-{name}"
    page.set_viewport_size({"width": WIDTHS["wide"], "height": 800})


def seen_by(who: str) -> Callable[[Callable[[Page, Scene], None]], None]:
    """Adds a screen, under the name of the function that opens it."""

    def add(opens: Callable[[Page, Scene], None]) -> None:
        SCREENS.append(Screen(opens.__name__.replace("_", "-"), who, opens))

    return add


def set_up(stack: Stack, bram: Session) -> Scene:
    used, unused, revoked, suspended, expired, _longest = (
        _requested(bram, description)
        for description in (
            "Production cluster, node pool EU-West",
            "Build server of the previous supplier",
            "Laptop for the demonstration",
            "Customer test environment",
            "Migration in the autumn",
            LONGEST,
        )
    )
    for address, client in (("127.0.0.1", "docker/28.0"), ("127.0.0.2", "containerd/2.1")):
        _log_in_from(stack, used, address=address, client=client)
    wait_for_use(stack, used)
    stack.sign_in(CHLOE).revoke(revoked.username)
    let_time_pass(stack, unused, requested_at=40)
    let_time_pass(stack, suspended, suspended_at=1)
    let_time_pass(stack, expired, expires_at=2)
    eva = stack.sign_in(EVA)
    for number in range(A_PAGE + 1):
        eva.request_token(f"Node {number}")
    return Scene(stack, used, unused, revoked, invite(stack))


def _requested(session: Session, description: str) -> Credential:
    made = session.request_token("To be described")
    session.post(f"/tokens/{made.username}/describe/", description=description)
    return made


class _From(HTTPAdapter):
    """Sends from one of this machine's own addresses."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **options: object) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **options)


def _log_in_from(stack: Stack, token: Credential, *, address: str, client: str) -> None:
    machine = requests.Session()
    machine.mount("http://", _From(address))
    machine.auth = (token.username, token.secret)
    answer = machine.get(
        f"{stack.portal}/auth/token", headers={"User-Agent": client}, timeout=WAITS / 1000
    )
    assert answer.ok, answer.text
    machine.close()


@contextmanager
def locked_database(stack: Stack) -> Iterator[None]:
    """Another writer holds it, so that the portal waits five seconds and then gives up."""
    file = stack.var_dir / "portal.sqlite3"
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


# Before the sign-in.


@seen_by(NOBODY)
def sign_in(page: Page, scene: Scene) -> None:
    page.goto("/accounts/login/")


@seen_by(NOBODY)
def sign_in_error(page: Page, scene: Scene) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill("nobody@acme.example")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(NOBODY)
def sign_up_closed(page: Page, scene: Scene) -> None:
    page.goto("/accounts/signup/")


@seen_by(NOBODY)
def access_ended(page: Page, scene: Scene) -> None:
    page.goto("/accounts/inactive/")


@seen_by(NOBODY)
def password_forgotten(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/reset/")


@seen_by(NOBODY)
def password_forgotten_error(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/reset/")
    page.get_by_label("E-mail address").fill("ana@acme")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(NOBODY)
def password_link_sent(page: Page, scene: Scene) -> None:
    ask_for_link(page, ANA)


@seen_by(NOBODY)
def password_link(page: Page, scene: Scene) -> None:
    page.goto(mailed_link(scene.stack, page, ANA))
    expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()


@seen_by(NOBODY)
def password_link_error(page: Page, scene: Scene) -> None:
    page.goto(mailed_link(scene.stack, page, ANA))
    for field in page.get_by_role("main").locator("[type=password]").all():
        field.fill("short")
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(NOBODY)
def password_link_ended(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/reset/key/1-never/")


@seen_by(NOBODY)
def password_chosen(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/reset/key/done/")


@seen_by(NOBODY)
def join(page: Page, scene: Scene) -> None:
    page.goto(scene.invitation)


@seen_by(NOBODY)
def join_error(page: Page, scene: Scene) -> None:
    page.goto(scene.invitation)
    page.get_by_label("Your name").fill("Ida Berg")
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(NOBODY)
def invitation_ended(page: Page, scene: Scene) -> None:
    page.goto("/join/never/")


@seen_by(NOBODY)
def form_too_old(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/reset/")
    page.context.clear_cookies()
    page.get_by_label("E-mail address").fill("nobody@acme.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="This form was too old")).to_be_visible()


# Tokens.


@seen_by(BRAM)
def list_full(page: Page, scene: Scene) -> None:
    page.goto("/tokens/")


@seen_by(BRAM)
def list_nothing_found(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?q=nothing+is+called+so")


@seen_by(BRAM)
def list_revoked(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?status=revoked")
    expect(row_of(page, scene.revoked)).to_be_visible()


@seen_by(BRAM)
def list_editing(page: Page, scene: Scene) -> None:
    _open_editor(page, scene)


@seen_by(BRAM)
def list_editing_error(page: Page, scene: Scene) -> None:
    _open_editor(page, scene)
    row_of(page, scene.used).get_by_role("textbox").fill("a\u200bbc")
    page.keyboard.press("Enter")
    expect(row_of(page, scene.used)).to_contain_text("ZERO WIDTH SPACE")


@seen_by(BRAM)
def list_described(page: Page, scene: Scene) -> None:
    _open_editor(page, scene)
    page.keyboard.press("Enter")
    expect_status(page, re.compile("^The description is now"))


@seen_by(BRAM)
def list_revoking(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?q=EU-West")
    open_dialog(page, scene.used)


@seen_by(EVA)
def list_with_pages(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?q=node")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newest")).to_be_visible()


@seen_by(DIRK)
def list_of_an_auditor(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?q=EU-West")


@seen_by(BRAM)
def request(page: Page, scene: Scene) -> None:
    page.goto("/tokens/request/")


@seen_by(BRAM)
def request_error(page: Page, scene: Scene) -> None:
    page.goto("/tokens/request/")
    page.get_by_label("Description").fill("Build \u202eserver")
    page.get_by_role("button", name="Execute").click()
    expect(page.get_by_role("alert")).to_be_focused()


@seen_by(BRAM)
def secret(page: Page, scene: Scene) -> None:
    request_token(page, f"Test machine {secrets.token_hex(2)}")


@seen_by(BRAM)
def secret_copied_of_a_twin(page: Page, scene: Scene) -> None:
    request_token(page, "Production cluster, node pool EU-West")
    page.get_by_role("button", name="Copy the secret").click()
    expect_status(page, "Copied")


@seen_by(BRAM)
def already_requested(page: Page, scene: Scene) -> None:
    page.goto("/tokens/request/")
    again = page.context.new_page()
    again.goto("/tokens/request/")
    nonce = again.locator("[name=nonce]").get_attribute("value")
    page.locator("[name=nonce]").evaluate("(field, nonce) => { field.value = nonce }", nonce)
    for window in (again, page):
        window.get_by_label("Description").fill("Test machine in two tabs")
        window.get_by_role("button", name="Execute").click()
        expect(window.get_by_label("Description")).to_have_count(0)
    expect(page.get_by_role("heading", name="Already requested")).to_be_visible()


@seen_by(BRAM)
def token_used(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/")


@seen_by(BRAM)
def token_never_used(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.unused.username}/")


@seen_by(BRAM)
def token_revoked(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.revoked.username}/")


@seen_by(BRAM)
def token_revoking(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/")
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_role("dialog")).to_be_visible()


@seen_by(VERA)
def token_of_another_company(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/")


@seen_by(BRAM)
def describe(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/describe/")


@seen_by(BRAM)
def describe_error(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/describe/")
    page.get_by_label("Description").fill("a\u200bbc")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_focused()


@seen_by(BRAM)
def revoke(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.used.username}/revoke/")


@seen_by(BRAM)
def images(page: Page, scene: Scene) -> None:
    page.goto("/images/")
    expect(page.get_by_role("heading", name="public/universal")).to_be_visible()


@seen_by(DIRK)
def audit(page: Page, scene: Scene) -> None:
    page.goto("/audit/")
    expect(page.get_by_role("link", name="JSON Lines, to be verified")).to_be_visible()


@seen_by(DIRK)
def inventory(page: Page, scene: Scene) -> None:
    page.goto("/audit/tokens/")
    expect(page.get_by_role("columnheader", name="Worth a look")).to_be_attached()


@seen_by(DIRK)
def inventory_reviewed(page: Page, scene: Scene) -> None:
    page.goto("/audit/tokens/")
    page.get_by_role("button", name="I have reviewed them").click()
    expect(page.get_by_role("status").first).to_contain_text("is recorded")


@seen_by(DIRK)
def audit_without_a_match(page: Page, scene: Scene) -> None:
    page.goto("/audit/?since=nonsense")
    expect(page.get_by_role("heading", name="No event matches")).to_be_visible()


@seen_by(VERA)
def request_that_may_push(page: Page, scene: Scene) -> None:
    page.goto("/tokens/request/")
    expect(page.get_by_label("It may also push")).to_be_visible()


def _open_editor(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?q=EU-West")
    open_editor(page, scene.used)


# One's own account, and what cannot be answered.


@seen_by(BRAM)
def password_change(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/change/")


@seen_by(BRAM)
def password_change_error(page: Page, scene: Scene) -> None:
    page.goto("/accounts/password/change/")
    for field in page.get_by_role("main").locator("[type=password]").all():
        field.fill("short")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_be_visible()


@seen_by(BRAM)
def is_it_you(page: Page, scene: Scene) -> None:
    page.goto("/accounts/reauthenticate/")


@seen_by(BRAM)
def sign_out(page: Page, scene: Scene) -> None:
    page.goto("/accounts/logout/")


@seen_by(DIRK)
def forbidden(page: Page, scene: Scene) -> None:
    page.goto("/tokens/request/")


@seen_by(BRAM)
def not_found(page: Page, scene: Scene) -> None:
    page.goto("/tokens/acme-aaaaaaaa/")


@seen_by(NOBODY)
def not_found_by_nobody(page: Page, scene: Scene) -> None:
    page.goto("/nothing/")


@seen_by(BRAM)
def garbled(page: Page, scene: Scene) -> None:
    page.goto("/tokens/?" + "a&" * 1001)


@seen_by(BRAM)
def busy(page: Page, scene: Scene) -> None:
    page.goto(f"/tokens/{scene.unused.username}/describe/")
    with locked_database(scene.stack):
        page.get_by_label("Description").fill("Kept while the portal is busy")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="The portal cannot answer")).to_be_visible()
