"""Does all of it work where no script runs?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import (
    a_description,
    in_database,
    log_in,
    request_token,
    row_of,
    sign_in,
    wait_for_use,
)
from tests.stack import Credential, Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def chloe(visit: Visit) -> Page:
    return visit("chloe@acme.example", java_script_enabled=False)


@pytest.fixture
def token(chloe: Page) -> Credential:
    return request_token(chloe, a_description())


def test_the_secret_answers_the_form_and_is_gone_afterwards(chloe: Page) -> None:
    made = request_token(chloe, a_description())
    expect(chloe).to_have_title(re.compile("^Your new token · "))
    expect(chloe.locator("#token-secret")).to_have_text(made.secret)
    chloe.get_by_role("link", name="I have stored it").click()
    expect(chloe.locator("dl.facts")).to_contain_text(made.username)
    assert made.secret not in chloe.content()


def test_the_first_log_in_is_looked_up_without_leaving_the_secret(
    chloe: Page, stack: Stack
) -> None:
    made = request_token(chloe, a_description())
    with chloe.expect_popup() as opened:
        chloe.get_by_role("link", name="Check now").click()
    tab = opened.value
    expect(tab.get_by_role("main")).to_contain_text("Waiting for the first log-in")
    assert log_in(stack, made).ok
    wait_for_use(stack, made)
    tab.get_by_role("link", name="Check now").click()
    expect(tab.get_by_role("main")).to_contain_text(
        re.compile(r"Logged in at\s+\d\d:\d\d\s+from 127\.0\.0\.1 with docker")
    )
    expect(chloe.locator("#token-secret")).to_have_text(made.secret)


def test_sending_the_form_again_is_answered_with_the_token(
    chloe: Page, token: Credential, stack: Stack
) -> None:
    chloe.reload()
    expect(chloe.get_by_role("heading", name="Already requested")).to_be_visible()
    expect(chloe.get_by_role("main")).to_contain_text(token.username)
    assert token.secret not in chloe.content()
    same = "SELECT count(*) FROM tokens_token WHERE description ="
    same += " (SELECT description FROM tokens_token WHERE username = ?)"
    assert in_database(stack, same, token.username) == [(1,)]
    chloe.get_by_role("link", name="Revoke this token").click()
    expect(chloe.get_by_role("heading", name="Revoke token")).to_be_visible()


def test_back_from_the_secret_brings_the_form_and_forward_does_not_bring_the_secret(
    chloe: Page, token: Credential
) -> None:
    chloe.go_back()
    expect(chloe.get_by_label("Description")).to_have_value("")
    assert token.secret not in chloe.content()


def test_signing_out_from_the_page_with_the_secret_works(visit: Visit, stack: Stack) -> None:
    page = visit("", java_script_enabled=False)
    sign_in(page, **stack.person("greta@globex.example"))
    request_token(page, a_description())
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/tokens/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_description_comes_back_with_the_errors_in_focus(chloe: Page) -> None:
    chloe.goto("/tokens/request/")
    chloe.get_by_label("Description").fill("   a   ")
    chloe.get_by_role("button", name="Execute").click()
    expect(chloe).to_have_title(re.compile("^Error: Request token · "))
    expect(chloe.get_by_role("alert")).to_contain_text("Write at least 3 characters.")
    expect(chloe.get_by_role("alert")).to_be_focused()
    expect(chloe.get_by_label("Description")).to_have_value("   a   ")


def test_a_description_is_changed_on_a_page_of_its_own(chloe: Page, token: Credential) -> None:
    chloe.goto("/tokens/")
    row_of(chloe, token).get_by_role("link", name="Edit").click()
    expect(chloe.get_by_role("heading", name="Edit token description")).to_be_visible()
    changed = a_description()
    chloe.get_by_label("Description").fill(changed)
    chloe.get_by_role("button", name="Save").click()
    expect(chloe.get_by_role("heading", name=changed)).to_be_visible()
    expect(chloe.get_by_role("main").get_by_role("status")).to_have_text(
        f"The description is now “{changed}”."
    )


def test_the_list_is_searched_and_filtered_with_a_button(chloe: Page, token: Credential) -> None:
    chloe.goto("/tokens/")
    chloe.get_by_label("Search").fill(token.username)
    chloe.get_by_role("button", name="Show").click()
    expect(row_of(chloe, token)).to_be_visible()
    expect(chloe.get_by_role("row")).to_have_count(2)
    assert f"q={token.username}" in chloe.url
    chloe.get_by_label("Status").select_option("Revoked")
    chloe.get_by_role("button", name="Show").click()
    expect(chloe.get_by_role("heading", name="No token matches")).to_be_visible()


def test_a_token_is_revoked_on_a_page_that_asks(
    chloe: Page, token: Credential, stack: Stack
) -> None:
    chloe.goto("/tokens/")
    row_of(chloe, token).get_by_role("link", name="Revoke").click()
    expect(chloe.get_by_role("main")).to_contain_text("Within 2 minutes the registry refuses")
    chloe.get_by_role("link", name="Cancel").click()
    assert log_in(stack, token).ok
    chloe.go_back()
    chloe.get_by_role("button", name="Yes").click()
    expect(chloe.get_by_role("main").get_by_role("status")).to_contain_text("is revoked")
    expect(row_of(chloe, token)).to_have_count(0)
    assert log_in(stack, token).status_code == 401
    chloe.goto("/tokens/?status=revoked")
    expect(row_of(chloe, token)).to_contain_text("by Chloé Martin")


def test_the_dialog_of_a_token_page_needs_no_script(
    chloe: Page, token: Credential, stack: Stack
) -> None:
    chloe.goto(f"/tokens/{token.username}/")
    chloe.get_by_role("button", name="Revoke token").click()
    dialog = chloe.get_by_role("dialog", name="Revoke token")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert log_in(stack, token).ok
    chloe.get_by_role("button", name="Revoke token").click()
    dialog.get_by_role("button", name="Yes").click()
    expect(chloe.get_by_role("main").get_by_role("status")).to_contain_text("is revoked")
    assert log_in(stack, token).status_code == 401


def test_one_client_is_open_at_a_time_and_an_address_opens_its_own(chloe: Page) -> None:
    chloe.goto("/instructions/")
    chloe.get_by_role("navigation", name="Clients").get_by_role("link", name="Mirrors").click()
    expect(chloe.get_by_role("heading", name="Mirrors")).to_be_in_viewport()
    for opened, closed in (("Podman", "nomad"), ("Nomad", "podman")):
        chloe.locator("summary").get_by_text(opened, exact=True).click()
        expect(chloe.locator(f"#{opened.lower()}")).to_be_visible()
        expect(chloe.locator(f"#{closed}")).to_be_hidden()
    expect(chloe.locator("#docker")).to_be_visible()
    chloe.goto("/instructions/#harbor")
    expect(chloe.locator("#harbor")).to_be_visible()
