"""Does a server that is told to end leave nobody without an answer?"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.real.programs import wait_until
from tests.stack import ROOT, free_port

WITHIN = 30  # seconds
WORKERS = 2
# gunicorn lets connections that are kept alive be for two.
AT_ONCE = 1  # seconds


class Server:
    """gunicorn as the image runs it; it needs no database to say that it is alive."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._log = folder / "log"
        own = {"BIND": f"127.0.0.1:{self.port}", "WEB_CONCURRENCY": str(WORKERS)}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "python:portal.gunicorn"],
                cwd=ROOT,
                env=os.environ | own,
                stdout=log,
                stderr=log,
            )

    def connect(self) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        connection.connect()
        return connection

    def wait_for(self, state: str) -> None:
        """Until it ``answers``, or is ``closed`` to who comes."""
        wait_until(lambda: self._state() == state, told=self.log, within=WITHIN)

    def log(self) -> str:
        return self._log.read_text()

    def _state(self) -> str:
        try:
            connection = self.connect()
        except ConnectionRefusedError:
            return "closed"
        with connection.sock:
            return "answers" if len(self.workers()) == WORKERS and alive(connection) else "opens"

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def signal_workers(self, number: signal.Signals) -> None:
        for pid in self.workers():
            os.kill(pid, number)


def alive(connection: HTTPConnection) -> bool:
    connection.request("GET", "/livez")
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    try:
        server.wait_for("answers")
        yield server
    finally:
        server.process.kill()
        server.process.wait(WITHIN)


def test_whoever_comes_is_refused_at_once_and_whoever_is_there_is_answered(server: Server) -> None:
    """A proxy that is refused asks another replica, whatever the request; one that is cut off
    may repeat no POST."""
    kept = server.connect()
    assert alive(kept)
    server.process.terminate()
    told = time.monotonic()
    server.wait_for("closed")
    assert time.monotonic() - told < AT_ONCE
    assert alive(kept)
    assert server.process.wait(WITHIN) == 0


def status_of(pid: int, name: str) -> str:
    """What the kernel says of a process: a line of ``/proc/PID/status``."""
    found = re.search(rf"^{name}:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found[1] if found else ""


def is_stopped(pid: int) -> bool:
    return status_of(pid, "State") == "T"


def is_told_to_end(pid: int) -> bool:
    """Whether SIGTERM waits for a process that is stopped."""
    return bool(int(status_of(pid, "ShdPnd"), 16) >> (signal.SIGTERM - 1) & 1)


def test_whoever_waits_to_be_let_in_is_answered(server: Server) -> None:
    server.signal_workers(signal.SIGSTOP)
    # Of two signals that wait the kernel delivers SIGTERM first.
    wait_until(lambda: all(map(is_stopped, server.workers())), told=server.log)
    waiting = [server.connect() for _ in range(5)]
    for connection in waiting:
        connection.request("GET", "/livez")
    server.process.terminate()
    stopped = server.workers()
    wait_until(lambda: all(map(is_told_to_end, stopped)), told=server.log)
    server.signal_workers(signal.SIGCONT)
    assert len(stopped) == WORKERS
    assert [connection.getresponse().status for connection in waiting] == [200] * len(waiting)
    assert server.process.wait(WITHIN) == 0
