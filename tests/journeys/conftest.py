"""Who is at the browser? One Chromium for all journeys, and a window for each person in them."""

import math
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    sync_playwright,
)

from tests.journeys import (
    screens,
    screens_of_companies,
    screens_of_factors,
    screens_of_first_use,
    screens_of_instructions,
    screens_of_mails,
    screens_of_people,
    screens_of_profiles,
)
from tests.journeys.dutch import in_dutch
from tests.journeys.steps import WAITS, sign_in
from tests.stack import Session, Stack

# Their screens are seen once they are imported.
__all__ = [
    "in_dutch",
    "screens_of_companies",
    "screens_of_factors",
    "screens_of_first_use",
    "screens_of_instructions",
    "screens_of_mails",
    "screens_of_people",
    "screens_of_profiles",
]

_steps = pytest.StashKey["Steps"]()

LATELY = 300  # seconds, after which a few more would be asked who they are
PROGRAM = "chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Playwright switches off what keeps pages for Back and Forward; people have it on.
SWITCHED_ON_AGAIN = ["--disable-back-forward-cache"]
# A browser notes every answer of 400 and above; whether it was right is for the test to say.
NO_COMPLAINT = re.compile("Failed to load resource: the server responded with a status of [45]..")


class Steps:
    """How long each step of a way took, shown at the end of the run."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, name: str, *, seconds: float) -> None:
        self.lines.append(f"{name:24}{seconds:6.2f} s")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_steps] = Steps()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := terminalreporter.config.stash.get(_steps, Steps()).lines:
        terminalreporter.section("from being signed in to a log-in with docker")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def steps(request: pytest.FixtureRequest) -> Steps:
    return request.config.stash[_steps]


@pytest.fixture(scope="package")
def program() -> str:
    """The path of Chromium."""
    if "DATABASE_URL" in os.environ:
        pytest.skip("journeys: they look into SQLite's file, so they run on SQLite alone")
    if path := shutil.which(PROGRAM):
        return path
    pytest.skip("a browser: Chromium is not installed")


@pytest.fixture(scope="package")
def chromium(program: str) -> Iterator[Browser]:
    """Ends with the journeys, because Django refuses to work beside Playwright's event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS, ignore_default_args=SWITCHED_ON_AGAIN
        )
        yield browser
        browser.close()


class Console:
    """What the browser complains of: a breach of the content security policy, or an error."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._awaited: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._note)
        page.on("pageerror", self._note_error)

    def leave(self, page: Page) -> None:
        page.remove_listener("console", self._note)
        page.remove_listener("pageerror", self._note_error)

    def expects(self, words: str) -> None:
        """Says that a complaint with these words belongs to what the test is about."""
        self._awaited.append(words)

    def unexpected(self) -> list[str]:
        return [c for c in self.complaints if not any(words in c for words in self._awaited)]

    def _note(self, message: ConsoleMessage) -> None:
        is_static = "/static/" in message.location.get("url", "")
        is_harmless = NO_COMPLAINT.match(message.text) and not is_static
        if message.type in {"error", "warning"} and not is_harmless:
            self.complaints.append(message.text)

    def _note_error(self, error: Error) -> None:
        self.complaints.append(str(error))


@pytest.fixture
def console() -> Iterator[Console]:
    """Fails the test when the browser complained of anything that the test does not expect."""
    console = Console()
    yield console
    assert console.unexpected() == []


@pytest.fixture(scope="package")
def requester(stack: Stack) -> Session:
    """Bram, who requests what the journeys are about without looking at it."""
    return stack.sign_in("bram@acme.example")


Visit = Callable[..., Page]


class Windows:
    """The windows of people who have signed in, kept open: a new one costs more than its test."""

    def __init__(self, chromium: Browser, stack: Stack) -> None:
        self._chromium = chromium
        self._stack = stack
        self._sessions: dict[str, tuple[float, Any]] = {}
        self._kept: dict[str, BrowserContext] = {}

    def new(self, **options: Any) -> BrowserContext:
        window = self._chromium.new_context(base_url=self._stack.portal, **options)
        window.set_default_timeout(WAITS)
        return window

    def of(self, email: str, **options: Any) -> BrowserContext:
        """Somebody's window, with a session that they began lately."""
        key = f"{email} {options}"
        window = self._kept.get(key) or self._kept.setdefault(key, self.new(**options))
        window.set_offline(False)
        window.clear_cookies()
        if email:
            begun, cookies = self._sessions.get(email, (-math.inf, []))
            if time.monotonic() - begun > LATELY:
                cookies = self._signed_in(window, email)
                self._sessions[email] = time.monotonic(), cookies
            window.add_cookies(cookies)
        return window

    def _signed_in(self, window: BrowserContext, email: str) -> Any:
        page = window.new_page()
        sign_in(page, **self._stack.person(email))
        page.close()
        return window.cookies()


@pytest.fixture(scope="package")
def windows(chromium: Browser, stack: Stack) -> Windows:
    return Windows(chromium, stack)


@pytest.fixture
def visit(windows: Windows, console: Console) -> Iterator[Visit]:
    """Opens a page for somebody who has signed in, or for a stranger in a window of their own."""
    pages: list[Page] = []
    strangers: list[BrowserContext] = []

    def visited(email: str = "bram@acme.example", **options: Any) -> Page:
        window = windows.of(email, **options) if email else windows.new(**options)
        if not email:
            strangers.append(window)
        page = window.new_page()
        pages.append(page)
        console.watch(page)
        return page

    yield visited
    for page in [*pages, *strangers]:
        page.close()


@pytest.fixture(scope="module")
def kept(windows: Windows) -> dict[str, Page]:
    """One page for each person, in which screen follows screen."""
    return {}


@pytest.fixture
def see(windows: Windows, console: Console, kept: dict[str, Page]) -> Iterator[Visit]:
    """The one page of somebody, or of a stranger for ""."""
    seen: list[Page] = []

    def page_of(who: str, **options: Any) -> Page:
        window, key = windows.of(who, **options), f"{who} {options}"
        page = kept.get(key) or kept.setdefault(key, window.new_page())
        seen.append(page)
        console.watch(page)
        return page

    yield page_of
    for page in seen:
        console.leave(page)


@pytest.fixture(scope="package")
def scene(stack: Stack, requester: Session) -> screens.Scene:
    """What the screens show."""
    return screens.set_up(stack, requester)
