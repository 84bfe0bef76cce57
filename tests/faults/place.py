"""Where is the portal under fire? On SQLite or PostgreSQL, on hardware that can fail."""

import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.canary import Canaries
from tests.faults import found
from tests.faults.hardware import Hardware
from tests.faults.history import History
from tests.faults.invariants import AWAY, BROKEN, Violation, check
from tests.faults.people import PEOPLE, Machine
from tests.faults.server import Server
from tests.postgres import Server as Postgres
from tests.postgres import serving as serving_postgres
from tests.real.programs import wait_until
from tests.stack import Credential, Session, Stack, running
from tokens.registry import authority

LIST_PASSWORDS = {"demo.json", "demo.log"}  # by design, for whoever tries the demo
HASTY = {"DJANGO_SETTINGS_MODULE": "tests.faults.hasty"}


@dataclass
class Place:
    """A portal that was set up, its hardware, and PostgreSQL where that is its database."""

    name: str
    stack: Stack
    sessions: list[Session]  # of people who have signed in
    hardware: Hardware
    postgres: Postgres | None = None
    began_at: float = field(default_factory=time.time)

    @property
    def server_of_postgres(self) -> Postgres:
        assert self.postgres, f"the database is {self.name}"
        return self.postgres

    @property
    def disk(self) -> Path:
        """Where the database is, whichever it is."""
        return self.postgres.folder if self.postgres else self.stack.var_dir.parent / "disk"

    def server(
        self, *, workers: int = 2, settings: Mapping[str, str] = MappingProxyType({})
    ) -> Server:
        """The web server, which is not started yet."""
        told = {**self.hardware.environment(), **settings}
        return Server(self.stack, told, workers=workers)

    @contextmanager
    def serving(self, **options: Any) -> Iterator[Server]:
        """Serves while the block lasts; it ends with the block, in whatever state."""
        server = self.server(**options)
        server.start()
        try:
            yield server
        finally:
            if not server.is_ended():
                server.kill()

    def judge(self, server: Server, history: History, *, asks_after: int = 0) -> list[Violation]:
        """Starts the portal again, uses every token, ends it, and compares.

        Args:
            asks_after: how many machines at least ask with a revoked token.
        """
        if not server.is_ended():
            server.stop()
        server.start()
        self._use_every_token(history)
        self._use_revoked_tokens(history, asks_after)
        server.stop()
        with self.postgres.stopped() if self.postgres else nullcontext():
            leaks = [str(file) for file in self._leaks(history)]
        return check(history, found.read(self.stack, leaks=leaks))

    def _use_every_token(self, history: History) -> None:
        """Each once; a worker that has just started may be unable to answer yet."""
        with closing(Machine(self.stack, history)) as machine:
            for username, secret in history.shown().items():
                token = Credential(username, secret)
                wait_until(
                    lambda token=token: machine.ask(token) not in {AWAY, BROKEN},
                    told=lambda: "the portal never answers again",
                )

    def _use_revoked_tokens(self, history: History, at_least: int) -> None:
        revoked = history.revoked_at().keys()
        tokens = [Credential(*pair) for pair in history.shown().items() if pair[0] in revoked]
        missing = at_least - len(history.asks_after_revocation())
        with closing(Machine(self.stack, history)) as machine:
            for _ in range(missing if tokens else 0):
                machine.ask(random.choice(tokens))

    def _leaks(self, history: History) -> Iterator[Path]:
        """The files of the run that hold a secret of a token, or somebody's password."""
        secrets = list(history.shown().values())
        passwords = [person["password"] for person in self.stack.people]
        both, tokens = Canaries([*secrets, *passwords]), Canaries(secrets)
        for folder in (self.stack.var_dir, self.disk):
            for file in both.files_below(folder, since=self.began_at):
                if file.name not in LIST_PASSWORDS or tokens.are_in(file.read_bytes()):
                    yield file


@contextmanager
def on_sqlite(*, is_cut: bool = False) -> Iterator[Place]:
    """A portal of its own on a disk of its own, whose power may be cut."""
    with _folder() as folder:
        disk, stands = folder / "disk", folder / "hardware"
        for each in (disk, stands, folder / "var"):
            each.mkdir()
        url = f"sqlite:///{disk}/portal.sqlite3"
        hardware = Hardware(stands, disk=disk, is_cut=is_cut)
        yield Place("SQLite", *_set_up(folder / "var", url), hardware)


@contextmanager
def on_postgresql() -> Iterator[Place]:
    with _folder() as folder, serving_postgres() as server:
        stands = server.folder / "hardware"
        stands.mkdir()
        hardware = Hardware(stands, disk=server.data)
        server.stop()
        server.environment = hardware.environment()
        server.start()
        yield Place("PostgreSQL", *_set_up(folder, server.url), hardware, server)


def _set_up(folder: Path, url: str) -> tuple[Stack, list[Session]]:
    """A portal with people who have signed in. It is not running any more."""
    # As in production, where the clock never steps back to before it was made.
    made_at = datetime.now(UTC) - timedelta(days=1)
    authority.create(folder / "ca.crt", folder / "ca.key", now=made_at, days=365)
    with running(folder, DATABASE_URL=url) as stack:
        return stack, [stack.sign_in(email) for email in PEOPLE]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portal-faults-", ignore_cleanup_errors=True) as name:
        yield Path(name)
