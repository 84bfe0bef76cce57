"""How does a second factor come to somebody, and let them in?"""

import re
import secrets
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import stack as stacks
from tests.journeys.conftest import Console, Visit
from tests.journeys.screens import looks_of
from tests.journeys.steps import (
    WAITS,
    enter_code,
    enter_password,
    expect_status,
    invite,
    join_as,
    open_account,
    set_up_app,
    text_of,
)
from tests.journeys.test_access import faults_of
from tests.stack import Stack, free_port
from tests.totp import fresh_code

pytestmark = pytest.mark.browser

# A device that keeps passkeys and agrees to whatever it is asked.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_app_is_set_up_and_asked_for_without_script(visit: Visit, stack: Stack) -> None:
    page, password = visit("", java_script_enabled=False), secrets.token_urlsafe(12)
    page.goto(invite(stack))
    told = re.search(r"You sign in with (\S+)\.", page.get_by_role("main").inner_text())
    assert told
    join_as(page, "Ida Berg", password=password)
    open_account(page, "Security")
    seed = set_up_app(page)
    first, second, *_others = text_of(page, "#block-codes").split()
    page.get_by_role("link", name="I have stored them").click()
    for proof in (fresh_code(seed), first, second):
        sign_out(page)
        enter_password(page, email=told[1], password=password)
        enter_code(page, proof)
        expect(page.get_by_role("heading", name="No tokens yet")).to_be_visible()
    open_account(page, "Security")
    expect(page.get_by_text("8 codes are left.")).to_be_visible()
    page.get_by_role("link", name="Remove the app").click()
    page.get_by_role("button", name="Yes").click()
    sign_out(page)
    enter_password(page, email=told[1], password=password)
    expect(page.get_by_role("heading", name="No tokens yet")).to_be_visible()


@pytest.fixture(scope="module")
def localhost(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A portal with a name: browsers keep no passkeys for addresses such as 127.0.0.1."""
    port = str(free_port())
    folder = tmp_path_factory.mktemp("localhost")
    with stacks.running(folder, PORT=port, PORTAL_URL=f"http://localhost:{port}") as stack:
        yield stack


@pytest.fixture
def page(chromium: Browser, localhost: Stack, console: Console) -> Iterator[Page]:
    """A browser there, in which nobody has signed in yet."""
    window = chromium.new_context(base_url=localhost.portal)
    window.set_default_timeout(WAITS)
    page = window.new_page()
    console.watch(page)
    yield page
    window.close()


def assert_for_everybody(page: Page) -> None:
    page.evaluate(Axe().axe_script)
    faults = {look: faults_of(page, look=look) for look in looks_of(page)}
    assert not any(faults.values()), faults


@pytest.mark.slow
def test_a_passkey_is_added_lets_in_is_renamed_and_removed(page: Page, localhost: Stack) -> None:
    bram = localhost.person("bram@acme.example")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": DEVICE | {"automaticPresenceSimulation": True}},
    )
    enter_password(page, **bram)
    open_account(page, "Security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have stored them").click()
    expect(page.get_by_role("cell", name="Laptop", exact=True)).to_be_visible()
    assert_for_everybody(page)

    sign_out(page)
    enter_password(page, **bram)
    assert_for_everybody(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/tokens/")

    page.goto("/accounts/2fa/webauthn/reauthenticate/?next=/images/")
    assert_for_everybody(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/images/")

    open_account(page, "Security")
    page.get_by_role("link", name="Rename Laptop").click()
    page.get_by_label("Name").fill("Key ring")
    assert_for_everybody(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove Key ring").click()
    assert_for_everybody(page)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    sign_out(page)
    enter_password(page, **bram)
    page.wait_for_url("**/tokens/")


@pytest.mark.slow
def test_a_device_that_refuses_is_told(page: Page, localhost: Stack) -> None:
    enter_password(page, **localhost.person("chloe@acme.example"))
    page.wait_for_url("**/tokens/")
    page.goto("/accounts/2fa/webauthn/add/")
    page.evaluate("() => { navigator.credentials.create = () => Promise.reject('refused') }")
    page.get_by_role("button", name="Add").click()
    expect_status(page, re.compile("^That did not work"))
