"""Does the demo say what keeps it from running, and end what it started?"""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import responses
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.facts import everything
from tests.stack import free_port
from tokens.management import demo as people
from tokens.management.commands import demo
from tokens.registry import local
from tokens.registry.authority import AuthorityError
from tokens.registry.images import PushFailed

ENDS_AT_ONCE = [sys.executable, "-c", ""]
IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _signals_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes SIGTERM for itself; here it shares a process with others."""
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)


@pytest.fixture
def free(settings: Any) -> None:
    """Addresses at which nothing answers."""
    settings.PORTAL_URL = f"http://127.0.0.1:{free_port()}"
    settings.REGISTRY_URL = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def alone(free: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a registry, on which nothing is really started."""

    def find(folder: object) -> local.Program:
        raise local.NoRegistry("there is none")

    @contextmanager
    def process(name: str, command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
        with subprocess.Popen(ENDS_AT_ONCE) as ended:
            yield ended

    monkeypatch.setattr(local, "find", find)
    monkeypatch.setattr(demo, "_process", process)
    monkeypatch.setattr(demo, "_prepare", lambda: None)
    monkeypatch.setattr(demo, "_wait_until_ready", lambda server: None)


def refused() -> str:
    """Why the command ends."""
    with pytest.raises(CommandError) as error:
        call_command("demo")
    return str(error.value)


def test_without_its_key_nothing_is_made(settings: Any) -> None:
    settings.DEMO_KEY = ""
    assert "make .env" in refused()


@pytest.mark.parametrize(("name", "address"), [("PORT", "PORTAL"), ("REGISTRY_PORT", "REGISTRY")])
def test_a_port_that_is_taken_is_named(name: str, address: str, free: None, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        setattr(settings, f"{address}_URL", f"http://127.0.0.1:{port}")
        assert refused() == f"port {port} is taken; choose another with {name}=…"


@pytest.mark.parametrize("error", [AuthorityError("no key"), PushFailed("no space")])
def test_what_stands_in_its_way_is_one_line(
    error: Exception, free: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare() -> None:
        raise error

    monkeypatch.setattr(demo, "_prepare", prepare)
    assert refused() == str(error)


def test_where_no_registry_can_be_had_the_portal_runs_alone(
    alone: None, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "the portal has ended" in refused()
    told = capsys.readouterr().out
    assert "the portal runs alone: there is none" in told
    assert "docker pull" not in told
    assert json.loads((settings.VAR_DIR / "demo.json").read_text())["images"] == []


def test_a_portal_that_ends_before_it_answers_is_told_of(free: None) -> None:
    with subprocess.Popen(ENDS_AT_ONCE) as server:
        server.wait(30)
        with pytest.raises(CommandError, match=r"does not start; see .*portal\.log"):
            demo._wait_until_ready(server)


@responses.activate
def test_a_portal_is_waited_for_until_it_can_serve(settings: Any) -> None:
    ready = f"{settings.PORTAL_URL}/readyz"
    responses.get(ready, body=requests.ConnectionError())
    responses.get(ready, status=503)
    responses.get(ready)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        demo._wait_until_ready(server)
    assert len(responses.calls) == 3


def test_a_part_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(demo, "STOPPED_WITHIN", 0.2)
    log = settings.VAR_DIR / "log" / "stubborn.log"
    with demo._process("stubborn", ["-c", IGNORES_SIGTERM]) as process:
        while "ready" not in log.read_text():
            assert process.poll() is None
    assert process.returncode == -signal.SIGKILL


def test_a_second_start_adds_nothing(db: None) -> None:
    people.fill()
    before = everything()
    people.fill()
    assert everything() == before


def test_an_authority_is_made_once(db: None, settings: Any, tmp_path: Any) -> None:
    settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE = (
        tmp_path / "ca.crt",
        tmp_path / "ca.key",
    )
    commands: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "call_command", lambda name, **_: commands.append(name))
        demo._prepare()
        key = settings.REGISTRY_CA_KEY_FILE.read_bytes()
        demo._prepare()
    assert settings.REGISTRY_CA_KEY_FILE.read_bytes() == key
    assert commands == ["migrate", "collectstatic"] * 2
