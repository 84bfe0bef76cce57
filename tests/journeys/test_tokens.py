"""Request, find, describe and revoke, with htmx: where is the focus, and what is announced?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.journeys.steps import (
    a_description,
    date_uses_back,
    description_of,
    expect_status,
    in_database,
    log_in,
    open_dialog,
    open_editor,
    row_of,
    wait_for_use,
)
from tests.stack import Credential, Session, Stack

pytestmark = pytest.mark.browser

COUNT = "SELECT count(*) FROM tokens_token WHERE description = ?"


@pytest.fixture
def token(requester: Session, bram: Page) -> Credential:
    """A token of Bram's, and the list before him in which it stands."""
    made = requester.request_token("Build server")
    bram.goto("/tokens/")
    return made


@pytest.fixture
def description(stack: Stack, token: Credential) -> str:
    """The token's."""
    return description_of(stack, token)


@pytest.fixture
def bram(visit: Visit) -> Page:
    return visit("bram@acme.example")


def test_the_form_says_who_will_see_it_and_what_it_may_pull_before_anything_is_made(
    bram: Page,
) -> None:
    bram.goto("/tokens/")
    bram.get_by_role("link", name="Request token").click()
    expect(bram).to_have_title(re.compile("^Request token · "))
    field = bram.get_by_label("Description")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(
        "What is this token for? For example: Production cluster, node pool EU"
    )
    for words in (
        "You get a username and a secret. Together they give one machine access to the images.",
        "Everyone at Acme sees this description and your name, and can revoke this token.",
        "Do not use one token in several places. Request a new one, with a clear description,"
        " for each machine or cloud instance.",
        "It may pull: public/*",
    ):
        expect(bram.get_by_role("main")).to_contain_text(words)
    expect(bram.get_by_role("button", name="Execute")).to_be_visible()


def test_a_description_that_cannot_be_stored_is_named_and_the_errors_take_the_focus(
    bram: Page,
) -> None:
    bram.goto("/tokens/request/")
    field = bram.get_by_label("Description")
    field.fill("Build \u202eserver")
    bram.get_by_role("button", name="Execute").click()
    summary = bram.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Remove the character RIGHT-TO-LEFT OVERRIDE (U+202E)")
    expect(bram).to_have_title(re.compile("^Error: Request token · "))
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("RIGHT-TO-LEFT OVERRIDE"))
    summary.get_by_role("link").click()
    expect(field).to_be_focused()


def test_a_double_click_on_execute_makes_one_token(bram: Page, stack: Stack) -> None:
    description = a_description()
    bram.goto("/tokens/request/")
    bram.get_by_label("Description").fill(description)
    bram.get_by_role("button", name="Execute").dblclick()
    expect(bram.locator("#token-secret")).to_be_visible()
    assert in_database(stack, COUNT, description) == [(1,)]


def test_the_same_form_in_a_second_tab_is_answered_with_the_token_and_both_ways_on(
    bram: Page, stack: Stack
) -> None:
    description = a_description()
    bram.goto("/tokens/request/")
    twin = bram.context.new_page()
    twin.goto("/tokens/request/")
    nonce = bram.locator("[name=nonce]").get_attribute("value")
    twin.locator("[name=nonce]").evaluate("(field, nonce) => { field.value = nonce }", nonce)
    for page in (bram, twin):
        page.get_by_label("Description").fill(description)
        page.get_by_role("button", name="Execute").click()
        expect(page.get_by_label("Description")).to_have_count(0)
    expect(twin).to_have_title(re.compile("^Already requested · "))
    expect(twin.get_by_role("heading", level=1)).to_be_focused()
    expect(twin.get_by_role("main")).to_contain_text(
        re.compile(r"already requested at .*\d\d:\d\d CES?T; its secret was shown then")
    )
    assert in_database(stack, COUNT, description) == [(1,)]
    another = twin.get_by_role("link", name="Request another token")
    expect(another).to_have_attribute("href", "/tokens/request/")
    twin.get_by_role("link", name="Revoke this token").click()
    expect(twin.get_by_role("heading", name="Revoke token")).to_be_visible()
    expect(twin.get_by_role("main")).to_contain_text(description)


def test_enter_saves_a_description_and_the_focus_returns_to_its_button(
    bram: Page, token: Credential
) -> None:
    open_editor(bram, token)
    changed = a_description()
    bram.keyboard.press("ControlOrMeta+A")
    bram.keyboard.type(changed)
    bram.keyboard.press("Enter")
    expect_status(bram, f"The description is now “{changed}”.")
    expect(row_of(bram, token)).to_contain_text(changed)
    expect(row_of(bram, token).get_by_role("link", name="Edit")).to_be_focused()


def test_escape_leaves_a_description_as_it_was(
    bram: Page, token: Credential, description: str
) -> None:
    open_editor(bram, token)
    bram.keyboard.type("something else")
    bram.keyboard.press("Escape")
    expect(row_of(bram, token).get_by_role("link", name=description, exact=True)).to_be_visible()
    expect(row_of(bram, token).get_by_role("link", name="Edit")).to_be_focused()
    bram.reload()
    expect(row_of(bram, token)).to_contain_text(description)


def test_a_row_keeps_a_wrong_description_and_says_why_at_the_field(
    bram: Page, token: Credential
) -> None:
    open_editor(bram, token)
    field = row_of(bram, token).get_by_role("textbox")
    field.fill("a\u200bbc")
    bram.keyboard.press("Enter")
    expect(row_of(bram, token)).to_contain_text("Remove the character ZERO WIDTH SPACE (U+200B)")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("ZERO WIDTH SPACE"))


def test_the_list_is_searched_while_typing_and_the_address_keeps_the_search(
    bram: Page, requester: Session, token: Credential, description: str
) -> None:
    other = requester.request_token("Test machine")
    bram.reload()
    expect(row_of(bram, other)).to_be_visible()
    bram.get_by_label("Search").press_sequentially(description)
    expect_status(bram, "1 token found")
    expect(row_of(bram, token)).to_be_visible()
    expect(row_of(bram, other)).to_have_count(0)
    assert description.rsplit(maxsplit=1)[-1] in bram.url
    # htmx keeps the path of the page, and no page.
    stored = bram.evaluate("Object.keys({...sessionStorage, ...localStorage})")
    assert stored == ["htmx-current-path-for-history"]
    bram.reload()
    expect(bram.get_by_label("Search")).to_have_value(description)
    expect(bram.get_by_role("table")).to_contain_text("1 token")
    bram.get_by_label("Search").fill("nothing is called so")
    expect_status(bram, "0 tokens found")
    expect(bram.get_by_role("heading", name="No token matches")).to_be_visible()
    bram.get_by_role("link", name="Show all tokens").click()
    expect(row_of(bram, other)).to_be_visible()


@pytest.mark.parametrize("by", ["username", "requester"])
def test_the_search_knows_usernames_and_people(bram: Page, token: Credential, by: str) -> None:
    words = token.username if by == "username" else f"bram {token.username[-4:]}"
    bram.get_by_label("Search").fill(words)
    expect_status(bram, "1 token found")
    expect(row_of(bram, token)).to_be_visible()


def test_the_list_is_filtered_by_who_requested(bram: Page, stack: Stack, token: Credential) -> None:
    theirs = stack.sign_in("chloe@acme.example").request_token("Laptop")
    bram.get_by_label("Requested by").select_option("Chloé Martin")
    expect(row_of(bram, theirs)).to_be_visible()
    expect(row_of(bram, token)).to_have_count(0)
    expect_status(bram, re.compile(r"^\d+ tokens? found$"))
    assert "person=" in bram.url


def test_a_token_page_says_what_it_may_pull_where_it_was_used_and_what_happened(
    bram: Page, stack: Stack, token: Credential, description: str
) -> None:
    row_of(bram, token).get_by_role("link", name=description, exact=True).click()
    page = bram.get_by_role("main")
    expect(page).to_contain_text("No machine has logged in with this token yet.")
    assert log_in(stack, token).ok
    wait_for_use(stack, token)
    bram.reload()
    expect(page.get_by_role("definition").filter(has_text="public/*")).to_be_visible()
    expect(page.get_by_role("table").get_by_role("row").nth(1)).to_have_text(
        re.compile(r"127\.0\.0\.1\s+docker\s.*CES?T\s+1\s*$", re.DOTALL)
    )
    happened = page.get_by_role("listitem").filter(has_text="Bram de Wit requested")
    expect(happened).to_contain_text(description)
    expect(happened).to_contain_text("from 127.0.0.1")


def test_back_returns_to_the_list_as_it_was_searched(
    bram: Page, token: Credential, description: str
) -> None:
    bram.get_by_label("Search").fill(description)
    expect_status(bram, "1 token found")
    row_of(bram, token).get_by_role("link", name=description, exact=True).click()
    expect(bram.get_by_role("heading", name=description)).to_be_visible()
    bram.go_back()
    expect(bram.get_by_label("Search")).to_have_value(description)
    expect(bram.get_by_role("row")).to_have_count(2)


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_the_dialog_is_left_without_revoking(
    bram: Page, stack: Stack, token: Credential, way: str
) -> None:
    open_dialog(bram, token)
    dialog = bram.get_by_role("dialog")
    cancel = dialog.get_by_role("button", name="Cancel")
    expect(cancel).to_be_focused()
    bram.keyboard.press("Escape") if way == "Escape" else cancel.click()
    expect(dialog).to_be_hidden()
    expect(row_of(bram, token).get_by_role("link", name="Revoke")).to_be_focused()
    assert log_in(stack, token).ok


def test_the_dialog_says_what_will_happen_in_this_case(
    bram: Page, stack: Stack, token: Credential, description: str
) -> None:
    open_dialog(bram, token)
    dialog = bram.get_by_role("dialog")
    expect(dialog).to_contain_text(description)
    expect(dialog).to_contain_text("Never used since it was requested")
    expect(dialog).to_contain_text(
        "New log-ins fail at once. Within 2 minutes the registry refuses everything; a layer"
        " already being sent still arrives, and images already on a machine stay there."
    )
    bram.keyboard.press("Escape")
    assert log_in(stack, token).ok
    wait_for_use(stack, token)
    open_dialog(bram, token)
    expect(dialog).to_contain_text(re.compile(r"Used (just now|1\s+minute ago).*from 1 address:"))
    expect(dialog).to_contain_text("machines that use it will stop pulling")
    bram.keyboard.press("Escape")
    date_uses_back(stack, token, days=200)
    open_dialog(bram, token)
    expect(dialog).to_contain_text("Not used for 200 days.")


def test_yes_revokes_at_once_and_the_token_leaves_the_list(
    bram: Page, stack: Stack, token: Credential, description: str
) -> None:
    assert log_in(stack, token).ok
    before = tokens_in_list(bram)
    open_dialog(bram, token)
    bram.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect_status(bram, f"“{description}” is revoked: machines that use it can no longer log in.")
    refused = log_in(stack, token)
    assert refused.status_code == 401
    assert "this token was revoked on" in refused.text
    expect(bram.get_by_role("dialog")).to_have_count(0)
    expect(row_of(bram, token)).to_have_count(0)
    expect(bram.get_by_role("heading", name="Tokens of Acme")).to_be_focused()
    assert tokens_in_list(bram) == before - 1
    bram.get_by_label("Status").select_option("Revoked")
    row = row_of(bram, token)
    expect(row).to_contain_text(re.compile(r"Revoked\s+by Bram de Wit, (just now|1\s+minute ago)"))
    expect(row.get_by_role("link", name="Edit")).to_have_count(0)
    assert "status=revoked" in bram.url


def test_a_search_stays_while_its_last_token_is_revoked(
    bram: Page, token: Credential, description: str
) -> None:
    bram.get_by_label("Search").fill(description)
    expect_status(bram, "1 token found")
    open_dialog(bram, token)
    bram.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect_status(bram, re.compile("is revoked"))
    expect(bram.get_by_role("heading", name="No token matches")).to_be_visible()
    expect(bram.get_by_label("Search")).to_have_value(description)


def tokens_in_list(page: Page) -> int:
    """The number that the caption of the list names."""
    return int(page.locator("#token-list caption").inner_text().split()[0])
