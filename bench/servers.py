"""How is what is measured made, started and ended?"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests import postgres
from tests.stack import ROOT, free_port

STARTED_WITHIN = 60  # seconds
STOPPED_WITHIN = 40  # seconds
CALLED_WITHIN = 1800  # seconds: a million tokens take a while
OURS = ("DATABASE_", "EMAIL_", "PORTAL_", "REGISTRY_", "SECRET_", "TRUSTED_")
REALM = (
    "/auth/token?account=machine&client_id=docker"
    "&scope=repository%3Apublic%2Funiversal%3Apull&service=container-registry"
)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The machine's, without settings of the portal but those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    defaults = {
        "VAR_DIR": str(folder),
        "SECRET_KEY": "only-to-measure-" + "x" * 40,
        "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
        "REGISTRY_CA_CERT_FILE": str(folder / "ca.crt"),
        "REGISTRY_CA_KEY_FILE": str(folder / "ca.key"),
        "REGISTRY_SERVICE": "container-registry",
        "WEB_CONCURRENCY": "2",
    }
    return inherited | defaults | settings


def databases() -> Iterator[tuple[str, dict[str, str]]]:
    """Each that the portal runs on and this machine has, while it is asked for: name and settings.

    A database of its own in the folder of the portal, and an empty one of a running PostgreSQL.
    """
    yield "SQLite", {}
    if postgres.programs() is None:
        print("PostgreSQL is not measured: no server is installed.")
    else:
        with postgres.running() as url:
            yield "PostgreSQL", {"DATABASE_URL": url}


def call(function: str, *arguments: object, env: dict[str, str]) -> str:
    """Calls a function such as ``bench.data.fill`` in a process of its own, with these settings.

    What it prints comes back, and what it says of an error goes to our own standard error.
    """
    module = function.rpartition(".")[0]
    code = f"import {module}; {function}(*{arguments!r})"
    shell = [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", code]
    done = subprocess.run(
        shell,
        env=env,
        cwd=ROOT,
        check=True,
        timeout=CALLED_WITHIN,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


@contextmanager
def serving(config: str, *, env: dict[str, str], log: Path) -> Iterator[str]:
    """Runs gunicorn with a configuration on a free port; gives its address."""
    port = str(free_port())
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", f"python:{config}"],
            env=env | {"PORT": port},
            cwd=ROOT,
            stdout=output,
            stderr=output,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(STOPPED_WITHIN)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + STARTED_WITHIN
    while True:
        assert process.poll() is None, f"gunicorn has ended: {log.read_text()}"
        assert time.monotonic() < deadline, f"gunicorn does not answer: {log.read_text()}"
        try:
            requests.get(f"{url}/livez", timeout=STARTED_WITHIN)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
