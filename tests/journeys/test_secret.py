"""Is the secret shown once and whole, and does its page forget it? See also ``test_nowhere``."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.canary import Canary
from tests.journeys.conftest import Visit
from tests.journeys.steps import a_description, expect_status, request_token
from tests.stack import Stack

pytestmark = pytest.mark.browser

MAY_COPY = ["clipboard-read", "clipboard-write"]
# Chromium refuses whatever is not named.
MAY_NOT_COPY = ["geolocation"]


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def open_client_of(block: Locator) -> None:
    closed = block.locator("xpath=ancestor::details[not(@open)]/summary")
    if closed.count():
        closed.click()


def leave(page: Page) -> None:
    """To the page of the token, which waits for its first log-in."""
    page.get_by_role("link", name="I have stored it").click()
    page.wait_for_url("**/tokens/acme-*/")


def test_copy_puts_exactly_the_value_on_the_clipboard(visit: Visit) -> None:
    page = visit(permissions=MAY_COPY)
    made = request_token(page, a_description())
    for name, value in (("username", made.username), ("secret", made.secret)):
        button = page.get_by_role("button", name=f"Copy the {name}")
        button.click()
        expect_status(page, "Copied")
        expect(button).to_be_focused()
        assert clipboard(page) == value
    assert re.fullmatch(r"acme-[a-z2-7]{8}", made.username)
    assert re.fullmatch(r"twc_[0-9A-Za-z]{36}", made.secret)


def test_without_a_clipboard_the_text_is_selected_and_the_status_says_so(visit: Visit) -> None:
    page = visit(permissions=MAY_NOT_COPY)
    made = request_token(page, a_description())
    page.get_by_role("button", name="Copy the secret").click()
    expect_status(page, "The text is selected: copy it with the keyboard")
    assert page.evaluate("String(getSelection())") == made.secret


def test_every_command_copies_as_it_is_shown(visit: Visit) -> None:
    page = visit(permissions=MAY_COPY)
    request_token(page, a_description())
    blocks = page.locator(".block").all()
    assert len(blocks) > 5
    for block in blocks:
        open_client_of(block)
        block.get_by_role("button", name="Copy").click()
        expect(block.locator("[data-state=copied]")).to_be_visible()
        assert clipboard(page) == block.locator("code").evaluate("code => code.textContent")


def test_the_instructions_hold_the_values_of_the_token_and_elsewhere_words_for_them(
    visit: Visit, stack: Stack
) -> None:
    page = visit()
    made = request_token(page, a_description())
    for client in ("docker", "swarm"):
        login = page.locator(f"#{client} pre").first
        expect(login).to_have_text(f"docker login --username {made.username} {stack.registry}")
    kubernetes = page.locator("#kubernetes")
    expect(kubernetes).to_contain_text(f"--docker-server={stack.registry}")
    expect(kubernetes).to_contain_text(f"--docker-username={made.username}")
    leave(page)
    page.get_by_role("banner").get_by_role("link", name="How to log in").click()
    login = page.locator("#docker pre").first
    expect(login).to_have_text(f"docker login --username <token-username> {stack.registry}")
    assert page.get_by_role("link", name="Reference for").count() == 3  # those that are open
    clients = page.locator(".client")
    assert clients.count() == clients.filter(has_text="Reference for").count() > 3


@pytest.mark.parametrize("runs_script", [True, False])
def test_the_files_of_a_secret_are_taken_home_without_leaving_it(
    visit: Visit, runs_script: bool
) -> None:
    page = visit("chloe@acme.example", java_script_enabled=runs_script)
    made = request_token(page, a_description())
    for label, name in (
        ("Kubernetes manifest", "registry-secret.yaml"),
        ("Docker config.json", "config.json"),
        (".env", "registry.env"),
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert download.value.suggested_filename == name
        assert Canary(made.secret).in_bytes(Path(download.value.path()).read_bytes())
        expect(page.locator("#token-secret")).to_have_text(made.secret)


def test_the_page_says_first_that_the_secret_is_shown_only_once_and_why(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    expect(page).to_have_title(re.compile("^Your new token · "))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    read = page.get_by_role("main").inner_text()
    order = [
        read.index(words)
        for words in (
            "The secret is shown only once. Put it on its machine now.",
            "stored only as a fingerprint, so nobody can show it again",
            made.username,
            made.secret,
            "docker login",
            "I have stored it",
        )
    ]
    assert order == sorted(order)


def test_a_description_in_use_gets_a_warning_beside_the_secret(visit: Visit) -> None:
    page = visit()
    description = a_description()
    first = request_token(page, description)
    expect(page.locator(".notice-info")).to_have_count(0)
    second = request_token(page, description)
    assert first.username != second.username
    notice = page.locator(".notice-info")
    expect(notice).to_contain_text("has the same description")
    expect(notice.get_by_role("link", name=first.username)).to_be_visible()


class Questions:
    """Counts how often the browser asks whether to leave; the person leaves, or stays."""

    def __init__(self, page: Page, *, leaves: bool) -> None:
        self.asked = 0
        self.leaves = leaves
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        assert dialog.type == "beforeunload"
        self.asked += 1
        dialog.accept() if self.leaves else dialog.dismiss()


def test_leaving_before_copying_asks_once(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    questions = Questions(page, leaves=False)
    page.get_by_role("link", name="Tokens").first.click()
    expect(page.locator("#token-secret")).to_have_text(made.secret)
    assert questions.asked == 1
    page.get_by_role("link", name="Tokens").first.click()
    page.wait_for_url("**/tokens/")
    assert questions.asked == 1


@pytest.mark.parametrize(
    "stored", ["copied", "copied by keyboard", "in a manifest", "taken home", "said so"]
)
def test_leaving_with_the_secret_stored_asks_nothing(visit: Visit, stored: str) -> None:
    page = visit(permissions=MAY_COPY)
    made = request_token(page, a_description())
    questions = Questions(page, leaves=True)
    if stored == "copied":
        page.get_by_role("button", name="Copy the secret").click()
        expect_status(page, "Copied")
    elif stored == "copied by keyboard":
        page.locator("#token-secret").click()
        page.keyboard.press("ControlOrMeta+C")
        assert clipboard(page) == made.secret
    elif stored == "in a manifest":
        page.locator("[data-copy=block-kubernetes-manifest]").click()
        expect_status(page, "Copied")
    elif stored == "taken home":
        with page.expect_download():
            page.get_by_role("button", name=".env").click()
    leave(page)
    assert questions.asked == 0


def test_back_and_forward_bring_the_page_without_the_secret(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    leave(page)
    page.go_back()
    expect(page.get_by_label("Description")).to_have_value("")
    assert made.secret not in page.content()
    page.go_forward()
    assert made.secret not in page.content()


def test_the_page_forgets_the_secret_the_moment_it_is_left(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    assert made.secret in page.content()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert made.secret not in page.content()


def test_a_page_from_the_memory_of_the_browser_is_loaded_anew(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    Questions(page, leaves=True)
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(page.get_by_label("Description")).to_have_value("")
    assert made.secret not in page.content()


def test_loading_the_page_again_shows_an_empty_form(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    Questions(page, leaves=True)
    page.reload()
    expect(page.get_by_label("Description")).to_have_value("")
    assert made.secret not in page.content()


def test_the_browser_stores_nothing_of_it(visit: Visit) -> None:
    page = visit()
    made = request_token(page, a_description())
    stored = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"
    )
    assert made.secret not in stored
    assert page.evaluate("htmx.config.historyCacheSize") == 0
    assert made.secret not in str(page.context.cookies())
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("indexedDB.databases()") == []
    devtools = page.context.new_cdp_session(page)
    assert made.secret not in str(devtools.send("Page.getNavigationHistory"))
    assert page.url.endswith("/tokens/request/")
