"""A PostgreSQL of the tests' own: started, used and thrown away."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import psycopg

from tests.stack import free_port

OWNER = "postgres"
SECONDS = 60


def programs() -> Path | None:
    """The folder of the newest server's programs, or None where no server is installed."""
    found = [file.parent for file in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).parent)
    return max(found, default=None, key=lambda folder: str(folder))


class Server:
    """A server in a folder of its own, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        port, bin_ = free_port(), programs()
        assert bin_, "no PostgreSQL server is installed"
        as_owner = _owned(folder)
        self.folder, self.data = folder, folder / "data"
        # What its programs are started with beside the environment of the tests.
        self.environment: dict[str, str] = {}
        made = ["-D", str(self.data), "-A", "trust", "-U", OWNER, "-E", "UTF8"]
        _run([*as_owner, f"{bin_}/initdb", *made])
        self.url = f"postgres://{OWNER}@127.0.0.1:{port}/postgres"
        self._control = [
            *as_owner,
            f"{bin_}/pg_ctl",
            "-D",
            str(self.data),
            "-w",
            "-t",
            str(SECONDS),
        ]
        self._log = str(folder / "log")
        self._options = (
            f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c max_connections=200"
        )

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        _run([*self._control, "-l", self._log, "-o", self._options, "start"], self.environment)

    def stop(self) -> None:
        _run([*self._control, "-m", "immediate", "stop"])

    def restart(self) -> None:
        """Whether it runs or has ended by itself."""
        options = ["-l", self._log, "-o", self._options, "-m", "immediate"]
        _run([*self._control, *options, "restart"], self.environment)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Is away while the block lasts."""
        self.stop()
        yield
        self.start()


@contextmanager
def serving() -> Iterator[Server]:
    """Starts a server on a free port of 127.0.0.1; it ends with the block, in whatever state."""
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-"))
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running() -> Iterator[str]:
    """Starts a server; gives the address of an empty database."""
    with serving() as server:
        yield server.url


@contextmanager
def database_beside(url: str) -> Iterator[str]:
    """Makes an empty database in the server of ``url``, gives its address and drops it."""
    name = f"stack_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


def _owned(folder: Path) -> list[str]:
    """How to run a program as somebody whom PostgreSQL accepts: it refuses to be run by root."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam(OWNER)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["runuser", "-u", OWNER, "--"]


def _run(command: list[str], environment: Mapping[str, str] = MappingProxyType({})) -> None:
    # Not captured: the server inherits the output and would keep a pipe open.
    with Path(os.devnull).open("wb") as nowhere:
        subprocess.run(
            command,
            env=os.environ | environment,
            check=True,
            timeout=SECONDS,
            stdout=nowhere,
            stderr=nowhere,
            cwd="/",
        )
