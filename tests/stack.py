"""A whole portal with its registry, started the way that ``make run`` starts it."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests

from tests.totp import fresh_code

ROOT = Path(__file__).resolve().parent.parent
STARTED_WITHIN = 90  # seconds
STOPPED_WITHIN = 40  # seconds
COMMAND_WITHIN = 60  # seconds
OURS = ("PORTAL_", "REGISTRY_", "EMAIL_", "DJANGO_", "DATABASE_", "TRUSTED_")  # settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Credential:
    """A token as its page shows it."""

    username: str
    secret: str


class Stack:
    """What ``var/demo.json`` says of a running portal, and what a person does in its pages."""

    def __init__(self, environment: dict[str, str], process: "subprocess.Popen[Any]") -> None:
        self.environment = environment
        self.process = process
        self.var_dir = Path(environment["VAR_DIR"])
        demo = json.loads((self.var_dir / "demo.json").read_text())
        self.portal: str = demo["portal"]
        self.registry: str = demo["registry"]
        self.images: list[str] = demo["images"]
        self.people: list[dict[str, Any]] = demo["people"]

    def person(self, email: str) -> dict[str, Any]:
        return next(person for person in self.people if person["email"] == email)

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs one of the portal's commands beside it, as an operator would."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN,
        )

    def sign_in(self, email: str = "bram@acme.example") -> "Session":
        return Session(self.portal, self.person(email))


class Session:
    """A person who has signed in, with a browser that runs no script."""

    def __init__(self, portal: str, person: dict[str, Any]) -> None:
        self._portal = portal
        self._browser = requests.Session()
        answer = self.post("/accounts/login/", login=person["email"], password=person["password"])
        if person["totp"]:
            answer = self.post("/accounts/2fa/authenticate/", code=fresh_code(person["totp"]))
        assert answer.url.endswith("/tokens/"), answer.text

    def tell_of_answers(self, listener: Callable[[requests.Response], None]) -> None:
        """Calls the listener with each answer from now on, those that redirect too."""
        self._browser.hooks["response"].append(lambda answer, **_: listener(answer))

    def get(self, path: str) -> requests.Response:
        return self._browser.get(self._portal + path, timeout=30)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Posts the form of a page as it was served, with these fields changed."""
        form = PostedForm.of(self.get(path).text)
        return self.send(form.action or path, form.fields | fields)

    def send(
        self,
        path: str,
        fields: dict[str, str],
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        follow: bool = True,
    ) -> requests.Response:
        """Posts these fields and nothing else."""
        address = self._portal + path
        # Over TLS, Django wants to know from which page a form comes.
        told = {"Referer": address, **headers}
        return self._browser.post(
            address, data=fields, headers=told, timeout=30, allow_redirects=follow
        )

    def request_token(
        self, description: str = "A machine of the tests", **fields: str
    ) -> Credential:
        # A description of its own keeps the tests apart.
        told = f"{description} {secrets.token_hex(4)}"
        page = self.post("/tokens/request/", description=told, **fields).text
        return Credential(_text_of("token-username", page), _text_of("token-secret", page))

    def revoke(self, username: str) -> None:
        answer = self.post(f"/tokens/{username}/revoke/")
        assert answer.ok, answer.text


class PostedForm(HTMLParser):
    """The first form of the main content that posts: its address and the values it came with."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._state = "before"
        self._is_in_main = False

    @classmethod
    def of(cls, html: str) -> "PostedForm":
        form = cls()
        form.feed(html)
        return form

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "main":
            self._is_in_main = True
        elif tag == "form" and self._is_in_main and self._state == "before":
            if given.get("method", "").lower() == "post":
                self.action, self._state = given.get("action", ""), "inside"
        elif tag == "input" and self._state == "inside" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._state == "inside":
            self._state = "after"


def _text_of(element_id: str, html: str) -> str:
    match = re.search(rf'id="{element_id}"[^>]*>([^<]*)<', html)
    assert match, f"no #{element_id} in {html}"
    return match[1]


@contextmanager
def running(var_dir: Path, *, root: Path = ROOT, **settings: str) -> Iterator[Stack]:
    """Runs ``manage.py demo`` on free ports and ends it, with all it started, by its process id.

    Args:
        root: where the code is.
    """
    environment = _environment(var_dir) | settings
    log = var_dir / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(root / "manage.py"), "demo"],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(var_dir / "demo.json", process, log)
        yield Stack(environment, process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOPPED_WITHIN)


def _environment(var_dir: Path) -> dict[str, str]:
    """The machine's, without the settings that the tests of this process run with."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("PORTAL_", "REGISTRY_", "EMAIL_", "DJANGO_", "DATABASE_", "TRUSTED_")
        )
    }
    return inherited | {
        "VAR_DIR": str(var_dir),
        "PORT": str(free_port()),
        "REGISTRY_PORT": str(free_port()),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DEMO_KEY": secrets.token_urlsafe(48),
        "REGISTRY_EVENTS_SECRET": secrets.token_urlsafe(48),
        "METRICS_SECRET": secrets.token_urlsafe(48),
        "WEB_CONCURRENCY": "2",
        # So that a test can be a machine at an address of its own.
        "TRUSTED_PROXIES": "127.0.0.1",
    }


def _wait_for(file: Path, process: "subprocess.Popen[Any]", log: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while not file.exists():
        assert process.poll() is None, f"the demo has ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"the demo does not start: {log.read_text()}"
        time.sleep(0.05)
