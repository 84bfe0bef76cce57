"""Where is a registry to run, and how is it started?"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

NAMES = ("docker-registry", "registry")
PACKAGE = "docker-registry"
ENGINES = ("docker", "podman")
IMAGE = "registry:3"
FETCHED_WITHIN = 120  # seconds
STARTED_WITHIN = 30  # seconds
STOPPED_WITHIN = 5  # seconds


class NoRegistry(Exception):
    """No registry can be run here, or it does not start; the message says why in one line."""


@dataclass(frozen=True)
class Program:
    """A registry that can be run: the command before its configuration file, and its line."""

    command: tuple[str, ...]
    line: int
    runs_in_container: bool = False


def find(folder: Path) -> Program:
    """A registry on the PATH, else Debian's package unpacked below ``folder``, else an engine's.

    Raises:
        NoRegistry: none of the three is possible.
    """
    reasons = []
    for search in (_on_path, _unpacked, _in_container):
        try:
            return search(folder)
        except NoRegistry as error:
            reasons.append(str(error))
    raise NoRegistry("; ".join(reasons))


def _on_path(folder: Path) -> Program:
    for name in NAMES:
        if path := shutil.which(name):
            return _program(path)
    raise NoRegistry("no docker-registry is on the PATH")


def _unpacked(folder: Path) -> Program:
    """Debian's or Ubuntu's package, fetched and unpacked without root; nothing is installed."""
    binary = folder / "unpacked/usr/bin" / PACKAGE
    if not binary.exists():
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            raise NoRegistry("there is no apt-get to fetch its package with")
        _fetch(folder)
    return _program(str(binary))


def _fetch(folder: Path) -> None:
    lists, cache, download = folder / "lists", folder / "cache", folder / "download"
    for place in (lists / "partial", cache / "archives/partial", download):
        place.mkdir(parents=True, exist_ok=True)
    own = ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={cache}"]
    own += ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    try:
        _run(["apt-get", "download", PACKAGE], cwd=download)
    except NoRegistry:
        # The machine's lists of packages are empty or old: fetch some for ourselves.
        _run(["apt-get", *own, "update"], cwd=download)
        _run(["apt-get", *own, "download", PACKAGE], cwd=download)
    package = max(download.glob(f"{PACKAGE}_*.deb"))
    _run(["dpkg-deb", "-x", str(package), str(folder / "unpacked")], cwd=download)


def _in_container(folder: Path) -> Program:
    reasons = []
    for engine in filter(shutil.which, ENGINES):
        try:
            _run([engine, "pull", IMAGE], cwd=folder)
        except NoRegistry as error:
            reasons.append(str(error))
            continue
        command = (engine, "run", "--rm", "--init", "--network", "host")
        return Program(command, line=3, runs_in_container=True)
    raise NoRegistry(
        "; ".join(reasons) or "there is neither docker nor podman to run registry:3 with"
    )


def _program(path: str) -> Program:
    version = _run([path, "--version"], cwd=Path(path).parent)
    match = re.search(r"\bv?(\d+)\.\d+", version)
    return Program((path, "serve"), line=int(match[1]) if match else 2)


def _run(command: list[str], *, cwd: Path) -> str:
    cwd.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=FETCHED_WITHIN, check=True
        )
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout).strip().splitlines() or ["no reason given"]
        raise NoRegistry(f"{command[0]}: {words[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoRegistry(f"{command[0]}: {error}") from error
    return done.stdout + done.stderr


class Running:
    """A registry that answers. ``stop`` ends exactly this one."""

    def __init__(self, process: "subprocess.Popen[Any]") -> None:
        self._process = process

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        if self.has_ended():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOPPED_WITHIN)


def start(
    program: Program, *, address: str, configure: Callable[[int], str], folder: Path, log: Path
) -> Running:
    """Starts it and waits until it answers with a challenge.

    Args:
        address: host and port, such as ``127.0.0.1:5000``.
        configure: makes the configuration for the program's line.
        folder: holds the configuration and the layers.

    Raises:
        NoRegistry: it ended, or did not answer within 30 s; with the last line that it logged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    file = folder / "config.yml"
    file.write_text(configure(program.line))
    command = [*program.command, str(file)]
    if program.runs_in_container:
        mounts = ["-v", f"{folder.parent}:{folder.parent}"]
        command = [*program.command, *mounts, IMAGE, "serve", str(file)]
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    running = Running(process)
    try:
        _wait_for(running, f"http://{address}/v2/", log)
    except BaseException:
        running.stop()
        raise
    return running


def _wait_for(running: Running, url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline and not running.has_ended():
        try:
            answer = requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
            continue
        if answer.headers.get("WWW-Authenticate", "").startswith("Bearer "):
            return
        raise NoRegistry(f"{url} does not ask for a token: something else answers there")
    lines = log.read_text(errors="replace").strip().splitlines() or ["nothing"]
    raise NoRegistry(f"the registry does not start; it said: {lines[-1][:300]}")
