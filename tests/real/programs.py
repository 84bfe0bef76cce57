"""How are other programs run? With a time limit, and ended by their process id."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest

WITHIN = 60  # seconds
STOPPED_WITHIN = 30  # seconds


@dataclass(frozen=True)
class Outcome:
    """How a program ended: its status, and all that it said."""

    status: int
    said: str

    @property
    def succeeded(self) -> bool:
        return self.status == 0


def need(*names: str) -> None:
    """Skips the test where one of these programs is not installed."""
    for name in names:
        if not shutil.which(name):
            pytest.skip(f"{name}: it is not installed")


def need_root(name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip(f"{name}: only root can start it")


def skip_if_ended(name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Skips the test where a server cannot run in this environment, with what it said last."""
    if process.poll() is not None:
        last = log.read_text().strip().rpartition("\n")[2]
        pytest.skip(f"{name}: it does not start here: {last[:200]}")


def path_without(folder: Path, *names: str) -> str:
    """A PATH of one folder with all programs of this machine but these."""
    folder.mkdir()
    for place in map(Path, os.environ["PATH"].split(":")):
        for program in place.iterdir() if place.is_dir() else ():
            if program.name not in names and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    return str(folder)


def run(
    command: list[str], *, env: Mapping[str, str] = os.environ, told: str = "", within: int = WITHIN
) -> Outcome:
    """Runs it with ``told`` on standard input, no terminal."""
    done = subprocess.run(
        command,
        env=dict(env),
        input=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
    )
    return Outcome(done.returncode, done.stdout)


def shell(script: str, *, env: Mapping[str, str] = os.environ, told: str = "") -> Outcome:
    """Runs what somebody would paste into a shell."""
    return run(["bash", "-c", script], env=env, told=told)


def answer_prompt(script: str, *, prompt: str, typed: str, env: Mapping[str, str]) -> Outcome:
    """Runs it at a terminal and types at its prompt, once that shows nothing of what is typed."""
    terminal = pexpect.spawn(
        "bash", ["-c", script], env=dict(env), timeout=WITHIN, encoding="utf-8"
    )
    terminal.expect_exact(prompt)
    assert terminal.waitnoecho(timeout=WITHIN), "the prompt shows what is typed"
    terminal.sendline(typed)
    terminal.expect(pexpect.EOF)
    terminal.close()
    return Outcome(terminal.exitstatus or 0, terminal.before)


@contextmanager
def serving(
    command: list[str], *, log: Path, env: Mapping[str, str] = os.environ
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server while the block lasts; it ends with the tests even where they are killed."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            env=dict(env),
            stdout=stream,
            stderr=stream,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOPPED_WITHIN)


def wait_until(
    question: Callable[[], bool], *, told: Callable[[], str], within: float = WITHIN
) -> None:
    """Returns as soon as the answer is yes; fails with what ``told`` says when it never is."""
    deadline = time.monotonic() + within
    while not question():
        assert time.monotonic() < deadline, told()
        time.sleep(0.1)
