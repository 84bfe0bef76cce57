"""What does somebody see whose session, connection or portal has gone?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Console, Visit
from tests.journeys.screens import locked_database
from tests.journeys.steps import expect_status, open_dialog, open_editor, row_of, sign_in
from tests.stack import Credential, Session, Stack

pytestmark = pytest.mark.browser

FAILED = "That did not work. Check the connection, reload the page and try again."


@pytest.fixture
def token(requester: Session) -> Credential:
    return requester.request_token("Staging cluster")


@pytest.fixture
def bram(visit: Visit, token: Credential) -> Page:
    """Bram before the list, with a session that other journeys use too."""
    page = visit("bram@acme.example")
    page.goto("/tokens/")
    return page


def test_an_action_after_the_session_has_ended_leads_to_the_sign_in_and_back(
    visit: Visit, stack: Stack, token: Credential
) -> None:
    page = visit("")
    sign_in(page, **stack.person("bram@acme.example"))
    page.goto(f"/tokens/?q={token.username}")
    other_window = page.context.new_page()
    other_window.goto("/tokens/")
    other_window.get_by_role("button", name="Sign out").click()
    expect(other_window.get_by_role("main").get_by_role("status")).to_have_text(
        "You have signed out."
    )
    row_of(page, token).get_by_role("link", name="Edit").click()
    page.wait_for_url("**/accounts/login/**")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    person = stack.person("bram@acme.example")
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password", exact=True).fill(person["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(row_of(page, token)).to_be_visible()
    assert page.url.endswith(f"/tokens/?q={token.username}")


@pytest.mark.parametrize("action", ["search", "revoke"])
def test_no_sign_in_page_ever_stands_within_the_list(
    bram: Page, token: Credential, action: str
) -> None:
    bram.context.clear_cookies()
    if action == "search":
        bram.get_by_label("Search").fill("cluster")
    else:
        row_of(bram, token).get_by_role("link", name="Revoke").click()
    bram.wait_for_url("**/accounts/login/**")
    expect(bram.get_by_role("heading")).to_have_count(1)


@pytest.mark.parametrize("runs_script", [True, False])
def test_after_signing_out_back_shows_nothing(
    visit: Visit, stack: Stack, token: Credential, runs_script: bool
) -> None:
    page = visit("", java_script_enabled=runs_script)
    sign_in(page, **stack.person("bram@acme.example"))
    expect(row_of(page, token)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("You have signed out.")
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert token.username not in page.content()


def test_without_a_connection_the_status_says_so(
    bram: Page, token: Credential, console: Console
) -> None:
    console.expects("net::ERR_INTERNET_DISCONNECTED")
    console.expects("htmx:sendError")
    console.expects("htmx:afterRequest")
    bram.context.set_offline(True)
    row_of(bram, token).get_by_role("link", name="Edit").click()
    expect_status(bram, FAILED)
    bram.context.set_offline(False)
    row_of(bram, token).get_by_role("link", name="Edit").click()
    expect(row_of(bram, token).get_by_role("textbox")).to_be_focused()


def test_a_slow_answer_is_waited_for_and_the_button_says_so(bram: Page) -> None:
    bram.goto("/tokens/request/")
    slow = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
    bram.context.new_cdp_session(bram).send("Network.emulateNetworkConditions", slow)
    bram.get_by_label("Description").fill("Requested over a slow network")
    execute = bram.get_by_role("button", name="Execute")
    execute.click()
    expect(execute).to_be_disabled()
    assert execute.evaluate("button => getComputedStyle(button).cursor") == "progress"
    expect(bram.locator("#token-secret")).to_be_visible()


def test_an_answer_that_never_comes_is_given_up_and_what_was_made_is_told(
    bram: Page, console: Console
) -> None:
    console.expects("htmx:timeout")
    console.expects("htmx:afterRequest")
    bram.goto("/tokens/request/")
    bram.evaluate("htmx.config.timeout = 500")
    description = bram.get_by_label("Description")
    description.fill("Requested while the connection broke")
    # The portal answers, and nobody hears it.
    bram.route("**/tokens/request/", lambda route: route.fetch() and None, times=1)
    bram.get_by_role("button", name="Execute").click()
    expect_status(bram, FAILED)
    expect(description).to_have_value("Requested while the connection broke")
    bram.evaluate("htmx.config.timeout = 20000")
    bram.get_by_role("button", name="Execute").click()
    expect(bram.get_by_role("heading", name="Already requested")).to_be_visible()
    expect(bram.get_by_role("link", name="Revoke this token")).to_be_visible()
    expect(bram.get_by_role("link", name="Request another token")).to_be_visible()


def test_a_failure_behind_a_dialog_closes_it_and_is_announced(
    bram: Page, token: Credential, console: Console
) -> None:
    console.expects("net::ERR_INTERNET_DISCONNECTED")
    console.expects("htmx:sendError")
    console.expects("htmx:afterRequest")
    dialog = open_dialog(bram, token)
    bram.context.set_offline(True)
    dialog.get_by_role("button", name="Yes").click()
    expect_status(bram, FAILED)
    expect(dialog).to_be_hidden()
    expect(row_of(bram, token)).to_be_visible()


def test_an_error_of_the_portal_leaves_the_form_and_says_so(
    bram: Page, stack: Stack, token: Credential, console: Console
) -> None:
    console.expects("Response Status Error Code 503 from")
    open_editor(bram, token)
    field = row_of(bram, token).get_by_role("textbox")
    field.fill("Kept while the portal is busy")
    with locked_database(stack):
        bram.keyboard.press("Enter")
        expect_status(bram, FAILED)
    expect(field).to_have_value("Kept while the portal is busy")
    bram.keyboard.press("Enter")
    expect_status(bram, re.compile("^The description is now"))


def test_a_wrong_password_is_said_without_saying_who_exists(visit: Visit) -> None:
    page = visit("")
    said = []
    for email in ("bram@acme.example", "nobody@acme.example"):
        page.goto("/accounts/login/")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill("not the password")
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_title(re.compile("^Error: Sign in · "))
        expect(page.get_by_role("alert")).to_be_focused()
        said.append(page.get_by_role("alert").inner_text())
    assert said[0] == said[1]


def test_the_browser_refuses_what_the_policy_does_not_name(visit: Visit, console: Console) -> None:
    console.expects("violates the following Content Security Policy directive")
    page = visit("")
    page.goto("/accounts/login/")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.ran = true'}))"
    )
    assert page.evaluate("window.ran") is None
    assert console.complaints
