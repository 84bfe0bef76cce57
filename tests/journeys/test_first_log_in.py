"""Does the page of a new token follow what its machine does, and say so when it cannot?"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Console, Visit
from tests.journeys.steps import (
    a_description,
    expect_status,
    log_in,
    request_token,
    wait_for_use,
)
from tests.stack import Credential, Stack

pytestmark = pytest.mark.browser

LOGGED_IN = re.compile(r"^\s*Logged in at \d\d:\d\d from 127\.0\.0\.1 with docker\s*$")
LOST = "The portal cannot be reached; this page keeps trying."


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit()


@pytest.fixture
def token(page: Page) -> Credential:
    return request_token(page, a_description())


def line_of(page: Page) -> Locator:
    return page.locator("#first-log-in")


def test_the_line_that_waits_turns_into_what_happened_without_a_reload(
    page: Page, stack: Stack, token: Credential
) -> None:
    page.evaluate("window.isTheSame = true")
    expect(line_of(page)).to_contain_text("Waiting for the first log-in…")
    assert log_in(stack, token).ok
    expect(line_of(page)).to_have_text(LOGGED_IN)
    expect_status(page, LOGGED_IN)
    # The secret stays until the person leaves.
    expect(page.locator("#token-secret")).to_have_text(token.secret)
    assert page.evaluate("window.isTheSame")


def test_the_page_of_the_token_waits_as_well(page: Page, stack: Stack, token: Credential) -> None:
    page.get_by_role("link", name="I have stored it").click()
    expect(line_of(page)).to_contain_text("Waiting for the first log-in…")
    assert log_in(stack, token).ok
    expect(line_of(page)).to_have_text(LOGGED_IN)


def test_without_a_connection_the_line_says_so_and_keeps_trying(
    page: Page, stack: Stack, token: Credential, console: Console
) -> None:
    console.expects("net::ERR_INTERNET_DISCONNECTED")
    console.expects("htmx:sendError")
    console.expects("htmx:afterRequest")
    expect(line_of(page).get_by_text(LOST)).to_be_hidden()
    page.context.set_offline(True)
    expect(line_of(page).get_by_text(LOST)).to_be_visible()
    # Said once where it stands, not again and again.
    expect(page.locator("#status")).to_be_empty()
    assert log_in(stack, token).ok
    wait_for_use(stack, token)
    page.context.set_offline(False)
    expect(line_of(page)).to_have_text(LOGGED_IN)


def test_a_session_that_has_ended_takes_no_secret_away(page: Page, token: Credential) -> None:
    page.context.clear_cookies()
    expect(
        page.get_by_text("Your session has ended, so this page no longer follows")
    ).to_be_visible()
    expect_status(page, "Your session has ended.")
    expect(page.locator("#token-secret")).to_have_text(token.secret)
    again = page.get_by_role("link", name="Sign in again")
    expect(again).to_have_attribute("href", "/accounts/login/")
