"""Which tokens is a realm asked for, and with which credentials?"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench import servers


@dataclass(frozen=True)
class Store:
    """A database full of tokens, in a folder with all that a portal on it needs."""

    name: str
    folder: Path
    environment: dict[str, str]

    def headers(self, kind: str) -> Path:
        """A file of Authorization headers: ``right``, ``wrong`` or ``malformed``."""
        return self.folder / kind


def fill(name: str, folder: Path, *, count: int, **settings: str) -> Store:
    """Makes what is read, in a process with the settings of the store, and the headers."""
    folder.mkdir()
    store = Store(name, folder, servers.environment(folder, **settings))
    credentials = folder / "credentials"
    servers.call("bench.data.fill", count, str(credentials), env=store.environment)
    pairs = [line.split(" ") for line in credentials.read_text().splitlines()]
    usernames, secrets = zip(*pairs, strict=True)
    write_headers(store.headers("right"), zip(usernames, secrets, strict=True))
    write_headers(store.headers("wrong"), zip(usernames, secrets[1:] + secrets[:1], strict=True))
    write_headers(store.headers("malformed"), zip(usernames, map(_mistyped, secrets), strict=True))
    return store


def _mistyped(secret: str) -> str:
    return secret[:-1] + ("x" if secret[-1] != "x" else "y")


def write_headers(file: Path, credentials: Iterable[tuple[str, str]]) -> None:
    """A line for each username and secret."""
    encoded = (base64.b64encode(f"{name}:{secret}".encode()) for name, secret in credentials)
    file.write_text("".join(f"Basic {header.decode()}\n" for header in encoded))
