"""How are the containers reached that are rehearsed with, and which clients pull from them?"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests
from customer import PORTAL

from tests.real.clients import Client, Ctr, Docker, Skopeo, named
from tests.real.programs import Outcome
from tests.stack import Credential

WORK = Path(os.environ["WORK"])
HOST = WORK / "host"  # where docker-compose.yml lies
REGISTRY = os.environ["REGISTRY"]
REALM = f"https://{REGISTRY}"
IMAGE = "public/universal:latest"
COMMAND_WITHIN = 300  # seconds
WAITED_FOR = 60  # seconds


class Row(NamedTuple):
    """Of the table that is printed at the end."""

    what: str
    bound: str
    seen: str
    holds: bool


def say(text: str) -> None:
    sys.stdout.write(f"· {text}\n")
    sys.stdout.flush()


def run(*command: str) -> str:
    """What a command says that must succeed, run where an operator runs it."""
    done = subprocess.run(command, cwd=HOST, capture_output=True, text=True, timeout=COMMAND_WITHIN)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def compose(*arguments: str) -> str:
    return run(*os.environ["COMPOSE"].split(), *arguments)


def shell(*lines: str) -> str:
    """What lines of docs/operating.md say, run as they stand there."""
    said = [
        run("bash", "-c", f"umask 077; {line.replace('docker compose', os.environ['COMPOSE'])}")
        for line in lines
    ]
    return "".join(said)


def containers(service: str) -> list[str]:
    return compose("ps", "--quiet", service).split()


def set_in_env(name: str, value: str) -> None:
    """As an operator does with an editor."""
    file = HOST / ".env"
    lines = [line for line in file.read_text().splitlines() if not line.startswith(f"{name}=")]
    file.write_text("\n".join([*lines, f"{name}={value}", ""]))


def wait_until(question: Callable[[], bool], *, told: str) -> float:
    """When the answer was yes for the first time, on the monotonic clock."""
    deadline = time.monotonic() + WAITED_FOR
    while not question():
        assert time.monotonic() < deadline, told
        time.sleep(0.1)
    return time.monotonic()


def until_ready() -> None:
    wait_until(is_ready, told="the portal is not ready")


def is_ready() -> bool:
    try:
        return status_of(f"{PORTAL}/readyz") == 200
    except requests.RequestException:
        return False  # the proxy, too, may be replaced


def status_of(address: str) -> int:
    return requests.get(address, timeout=5).status_code


class Engine(NamedTuple):
    """The engine that the deployment runs on also pulls."""

    environment: dict[str, str]

    def remove_images(self) -> None:
        """None: there are those that run."""


class CtrOverTls(Ctr):
    """It asks the realm with POST, and only then with GET."""

    def pull(self, image: str) -> Outcome:
        trust = ["--tlscacert", os.environ["REQUESTS_CA_BUNDLE"], "--snapshotter", "native"]
        return self._ctr("images", "pull", *trust, *self._user, f"{self.registry}/{image}")


GETTING = (Docker, Skopeo, Skopeo)
KINDS = (*GETTING, CtrOverTls)


def proxy_repeats_posts() -> bool:
    """Caddy before 2.11.2 answers 502 to a POST that found nobody at first."""
    said = run("docker", "exec", *containers("caddy"), "caddy", "version").lstrip("v").split()[0]
    return tuple(map(int, said.split("."))) >= (2, 11, 2)


def clients(credential: Credential, kinds: Iterable[type[Client]]) -> list[Client]:
    """Each with a home of its own, and logged in."""
    engines = {
        Docker: Engine({"DOCKER_HOST": os.environ["DOCKER_HOST"]}),
        CtrOverTls: str(WORK / "exec" / "containerd" / "containerd.sock"),
    }
    made = []
    for kind in kinds:
        folder = Path(tempfile.mkdtemp(dir=WORK, prefix="client-"))
        client = kind(folder, REGISTRY, engines.get(kind))
        client.remember(credential)
        made.append(client)
    return made


class Pull(NamedTuple):
    client: str
    seconds: float
    succeeded: bool
    said: str


class Pulling:
    """Real clients that pull an image, throw it away and begin again, while the block lasts."""

    def __init__(
        self, credential: Credential, image: str, kinds: Iterable[type[Client]] = KINDS
    ) -> None:
        self.pulls: list[Pull] = []
        self._image, self._clients = image, clients(credential, kinds)
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(len(self._clients))

    def __enter__(self) -> "Pulling":
        self._running = [self._pool.submit(self._keep_pulling, one) for one in self._clients]
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for running in self._running:
            running.result()

    @property
    def failed(self) -> list[Pull]:
        return [pull for pull in self.pulls if not pull.succeeded]

    @property
    def each_client_pulled(self) -> bool:
        return {pull.client for pull in self.pulls} == {named(type(one)) for one in self._clients}

    def _keep_pulling(self, client: Client) -> None:
        while not self._ending.is_set():
            begun = time.monotonic()
            outcome = client.pull(self._image)
            seconds = time.monotonic() - begun
            self.pulls.append(Pull(named(type(client)), seconds, outcome.succeeded, outcome.said))
            if outcome.succeeded:
                client.forget(self._image)
