"""The portal's web server under fire: started as ``make run`` does, killed, started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests

from tests.real.programs import wait_until
from tests.stack import ROOT, Stack

STARTED_WITHIN = 60  # seconds
ENDED_WITHIN = 40  # seconds
ORPHANS_ENDED_WITHIN = 15  # seconds
COMMAND = [sys.executable, "-m", "gunicorn", "--config", "python:tests.faults.gunicorn", "--pid"]


class Server:
    """gunicorn's master and workers; each ends by its process id."""

    def __init__(self, stack: Stack, settings: Mapping[str, str], *, workers: int) -> None:
        self.stack = stack
        self.workers = workers
        self.log = stack.var_dir / "log" / "portal.log"
        self._notes = stack.var_dir / "notes"
        self._notes.write_text("")
        told = {"FAULTS_NOTES": str(self._notes), "WEB_CONCURRENCY": str(workers)}
        self._environment = stack.environment | settings | told
        self._killed: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def master(self) -> "subprocess.Popen[bytes]":
        assert self._process, "it was never started"
        return self._process

    def start(self) -> None:
        """Returns when it answers."""
        self._launch()
        wait_until(self._is_up, told=self._last_said, within=STARTED_WITHIN)

    def refuses_to_start(self) -> str:
        """Starts it where it must not run; gives what it says."""
        said_before = self.log.stat().st_size
        self._launch()
        assert self.master.wait(ENDED_WITHIN) != 0
        return self.log.read_text()[said_before:].strip()

    def stop(self) -> None:
        """SIGTERM: what it was asked already is answered."""
        self.master.terminate()
        self.master.wait(ENDED_WITHIN)

    def kill(self) -> None:
        """``kill -9`` of all processes at once."""
        os.killpg(self.master.pid, signal.SIGKILL)
        self.master.wait(ENDED_WITHIN)

    def kill_worker(self, pid: int) -> None:
        """``kill -9`` of one worker; the master starts another."""
        os.kill(pid, signal.SIGKILL)
        self._killed.add(pid)

    def kill_master(self) -> None:
        """``kill -9`` of the master alone; its workers notice, and end."""
        orphans = self.pids()
        self.master.kill()
        self.master.wait(ENDED_WITHIN)
        wait_until(
            lambda: not any(map(_is_running, orphans)),
            told=self._last_said,
            within=ORPHANS_ENDED_WITHIN,
        )

    def reload(self) -> None:
        """SIGHUP: new workers take over from the old ones. Returns when they have."""
        old = set(self.pids())
        self.master.send_signal(signal.SIGHUP)
        wait_until(lambda: not old & set(self.pids()), told=self._last_said)
        wait_until(lambda: len(self.ready()) >= self.workers, told=self._last_said)

    def pids(self) -> list[int]:
        """Of all workers, those that still start too."""
        pid = self.master.pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def ready(self) -> list[int]:
        """Of the workers that can answer; who was killed may still be listed for a moment."""
        started = {int(pid) for _number, what, pid in self.notes() if what == "ready"}
        listed = self.pids()
        self._killed &= set(listed)  # the id of another may be given to a new one
        return [pid for pid in listed if pid in started - self._killed]

    def notes(self) -> list[tuple[str, str, str]]:
        """Number of the attempt, how far it came, in which process."""
        lines = self._notes.read_text().splitlines()
        return [(number, what, pid) for number, what, pid in map(str.split, lines)]

    def is_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _launch(self) -> None:
        with self.log.open("ab") as stream:
            self._process = subprocess.Popen(
                [*COMMAND, str(self.stack.var_dir / "portal.pid")],
                cwd=ROOT,
                env=self._environment,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def _is_up(self) -> bool:
        assert self.master.poll() is None, self._last_said()
        try:
            return requests.get(f"{self.stack.portal}/livez", timeout=5).ok
        except requests.RequestException:
            return False

    def _last_said(self) -> str:
        return self.log.read_text()[-2000:]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
