"""A portal of its own that is not running: its database, its settings, its commands."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests import postgres
from tests.stack import ROOT

WITHIN = 120  # seconds


class Installation:
    """Commands and code are run in processes of their own, with the settings of the portal."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "VAR_DIR": str(folder),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
            **settings,
        }

    def manage(self, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Runs a command, with something on its standard input."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT,
            env=self.environment,
            input=given,
            capture_output=True,
            timeout=WITHIN,
        )

    def succeed(self, *arguments: str) -> str:
        """What the command prints, which must not fail."""
        done = self.manage(*arguments)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def refused(self, *arguments: str) -> str:
        """The line with which the command fails."""
        done = self.manage(*arguments)
        assert done.returncode == 1, done.stdout.decode()
        line = done.stderr.decode().strip()
        assert line.startswith("CommandError: "), line
        assert "\n" not in line
        return line.removeprefix("CommandError: ")

    def do(self, code: str) -> Any:
        """Runs code; answers what it left in ``answer``."""
        ending = "\nimport json; print(json.dumps(globals().get('answer'), default=str))"
        return json.loads(self.succeed("shell", "--verbosity=0", "-c", code + ending))


@contextmanager
def installed(folder: Path, *, migrate: bool = True) -> Iterator[Installation]:
    """On the database that the run is about, with all tables and no rows, or without tables."""
    folder.mkdir()
    with ExitStack() as ends:
        own = {}
        if url := os.environ.get("DATABASE_URL"):
            own["DATABASE_URL"] = ends.enter_context(postgres.database_beside(url))
        installation = Installation(folder, **own)
        if migrate:
            installation.succeed("migrate", "--verbosity=0")
        yield installation
