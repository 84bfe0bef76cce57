"""How many actions, and how long, from being signed in to a machine that has logged in?"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Steps, Visit
from tests.journeys.steps import a_description, text_of
from tests.real.engines import docker_engine
from tests.real.programs import answer_prompt

pytestmark = [pytest.mark.browser, pytest.mark.engine]

MOST_ACTIONS = 4
LOGGED_IN = r"Logged in at \d\d:\d\d from 127\.0\.0\.1 with docker"
MAY_COPY = ["clipboard-read", "clipboard-write"]


class Person:
    """Somebody at a browser, whose actions are counted and whose steps are timed."""

    def __init__(self, steps: Steps) -> None:
        self.actions = 0
        self._steps = steps

    def does(self, name: str, action: Callable[[], object]) -> None:
        self.actions += 1
        with self.waits_for(f"{self.actions}. {name}"):
            action()

    @contextmanager
    def waits_for(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._steps.note(name, seconds=time.monotonic() - begun)


def test_four_actions_lead_to_the_secret_and_one_command_to_the_line_that_says_so(
    visit: Visit, steps: Steps
) -> None:
    page, person = visit(permissions=MAY_COPY), Person(steps)
    page.goto("/tokens/")
    press = page.get_by_role
    person.does("Request token", press("link", name="Request token").click)
    person.does("what it is for", lambda: page.keyboard.type(a_description()))
    person.does("Execute", press("button", name="Execute").click)
    person.does("Copy the secret", press("button", name="Copy the secret").click)
    expect(page.get_by_role("button", name="Copy the secret")).to_have_attribute(
        "data-state", "copied"
    )
    assert person.actions <= MOST_ACTIONS
    secret = str(page.evaluate("navigator.clipboard.readText()"))
    assert secret == text_of(page, "#token-secret")
    _log_in_with_docker(page, secret, person)


def _log_in_with_docker(page: Page, secret: str, person: Person) -> None:
    """Pastes the first block of the page into a shell, and the secret at its prompt."""
    command = text_of(page, "#block-docker-login")
    with (
        TemporaryDirectory(prefix="portal-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        docker_engine(Path(folder)) as engine,
    ):
        with person.waits_for("docker login"):
            said = answer_prompt(command, prompt="Password: ", typed=secret, env=engine.environment)
        assert "Login Succeeded" in said.said
        with person.waits_for("the page says so"):
            line = page.locator("#first-log-in")
            expect(line).to_have_text(re.compile(LOGGED_IN))
