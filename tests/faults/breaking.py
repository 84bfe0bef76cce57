"""What breaks around the portal, and heals again: database, disk, clock, neighbours.

Each fault is a context manager on a place; ``strike`` puts people to work around it.
"""

import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.faults.hardware import FULL, READ_ONLY
from tests.faults.invariants import Violation
from tests.faults.outcome import Outcome
from tests.faults.people import Office
from tests.faults.place import Place
from tests.faults.server import Server
from tests.real.programs import serving, wait_until
from tests.stack import ROOT

CALM = 1.0  # seconds before and after a fault
HOUR = 3600  # seconds
SLOW_SYNC = 0.3  # seconds
LOCKED_FOR = 7.0  # seconds: longer than a writer waits

Injection = Callable[[Place, Server], AbstractContextManager[None]]


class Fault(NamedTuple):
    """Something that breaks for some seconds, and whom it keeps from being answered but with 503.

    The realm only reads: with a few exceptions it must not notice.
    """

    name: str
    inject: Injection
    seconds: float = 3.0
    refuses: bool = True
    realm_refuses: bool = False


def strike(place: Place, fault: Fault) -> Outcome:
    with place.serving() as server:
        with Office(place.stack, place.sessions) as office:
            time.sleep(CALM)
            started = time.monotonic()
            with fault.inject(place, server):
                time.sleep(fault.seconds)
            healed = time.monotonic()
            wait_until(lambda: _works_since(office, healed), told=lambda: "it does not heal")
            back = time.monotonic() - healed
            time.sleep(CALM)
        violations = place.judge(server, office.history)
    outcome = Outcome(fault.name, place.name, 1, office.history, violations)
    outcome.notes += [_during(office, started, healed), f"deeds are done again {back:.1f} s later"]
    assert not fault.refuses or outcome.statuses()[503], f"{fault.name}: nobody noticed"
    if not fault.realm_refuses and any(ask.status == 503 for ask in office.history.asks):
        outcome.violations.append(Violation("answers", "the realm answered 503"))
    return outcome


def silent_neighbours(place: Place, seconds: float = 5.0) -> Outcome:
    """The registry and the mail server let everybody in and never say a word."""
    with _silent_server() as port:
        address = f"127.0.0.1:{port}"
        settings = {"REGISTRY_URL": f"http://{address}", "EMAIL_URL": f"smtp://{address}"}
        with place.serving(settings=settings) as server, _jobs(place, settings):
            with Office(place.stack, place.sessions[1:]) as office:
                begun = time.monotonic()
                images = place.sessions[0].get("/images/")
                shown = f"/images/ is answered {images.status_code} within"
                shown += f" {time.monotonic() - begun:.1f} s"
                time.sleep(seconds)
            violations = place.judge(server, office.history)
    name = "registry and mail server silent"
    return Outcome(name, place.name, 1, office.history, violations, notes=[shown])


@contextmanager
def _jobs(place: Place, settings: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, str(ROOT / "manage.py"), "run_jobs"]
    log = place.stack.var_dir / "log" / "jobs.log"
    with serving(command, log=log, env=place.stack.environment | settings):
        yield


def _works_since(office: Office, moment: float) -> bool:
    return any(each.done and each.sent_at > moment for each in office.history.attempts[-50:])


def _during(office: Office, since: float, until: float) -> str:
    """What the realm answered in that time."""
    asks = [ask for ask in office.history.asks if since < ask.begun_at < until]
    statuses = sorted({ask.status for ask in asks})
    slowest = max((ask.seconds for ask in asks), default=0)
    return f"{len(asks)} machines asked meanwhile, answered {statuses}, the slowest {slowest:.2f} s"


@contextmanager
def stopped(place: Place, server: Server) -> Iterator[None]:
    with place.server_of_postgres.stopped():
        yield


@contextmanager
def silent(place: Place, server: Server) -> Iterator[None]:
    """Its processes stand still: connections are neither answered nor closed."""
    master = place.server_of_postgres.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    processes = [master, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    yield
    for process in processes:
        os.kill(process, signal.SIGCONT)


@contextmanager
def full(place: Place, server: Server) -> Iterator[None]:
    """PostgreSQL ends itself then, and somebody must start it when there is room again."""
    with place.hardware.failing_writes(FULL):
        yield
    if place.postgres:
        place.postgres.restart()


@contextmanager
def read_only(place: Place, server: Server) -> Iterator[None]:
    """The disk of SQLite; PostgreSQL as a replica is that has not been promoted."""
    if not place.postgres:
        with place.hardware.failing_writes(READ_ONLY):
            yield
        return
    _set(place, "default_transaction_read_only = on")
    yield
    _set(place, "default_transaction_read_only = off")


def _set(place: Place, setting: str) -> None:
    with psycopg.connect(place.server_of_postgres.url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[call-overload]
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def locked(place: Place, server: Server) -> Iterator[None]:
    """Another writer has begun and does not end."""
    if place.postgres:
        with psycopg.connect(place.postgres.url) as connection:
            connection.execute("LOCK TABLE tokens_token IN EXCLUSIVE MODE")
            yield
            connection.rollback()
        return
    with _sqlite(place) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def slow(place: Place, server: Server) -> Iterator[None]:
    with place.hardware.slow(SLOW_SYNC):
        yield


FAILS_NOW_AND_THEN = """
    CREATE TRIGGER fails_now_and_then BEFORE INSERT ON tokens_event
    WHEN abs(random()) % 3 = 0 BEGIN SELECT json('a hole in the disk'); END
"""
FAILS_NOW_AND_THEN_ON_POSTGRESQL = """
    CREATE FUNCTION fails_now_and_then() RETURNS trigger AS $$ BEGIN
        IF random() < 0.33 THEN RAISE EXCEPTION 'a hole in the disk' USING ERRCODE = 'io_error';
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql;
    CREATE TRIGGER fails_now_and_then BEFORE INSERT ON tokens_event
    FOR EACH ROW EXECUTE FUNCTION fails_now_and_then();
"""


@contextmanager
def failing_events(place: Place, server: Server) -> Iterator[None]:
    """Every third event cannot be written, with the errors of a bad disk."""
    if place.postgres:
        with psycopg.connect(place.postgres.url, autocommit=True) as connection:
            connection.execute(FAILS_NOW_AND_THEN_ON_POSTGRESQL)
            yield
            connection.execute("DROP FUNCTION fails_now_and_then CASCADE")
        return
    with _sqlite(place) as connection:
        connection.execute(FAILS_NOW_AND_THEN)
        yield
        connection.execute("DROP TRIGGER fails_now_and_then")


@contextmanager
def _sqlite(place: Place) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(place.disk / "portal.sqlite3", timeout=30, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def clock_moved(seconds: int) -> Injection:
    @contextmanager
    def inject(place: Place, server: Server) -> Iterator[None]:
        with place.hardware.clock_moved(seconds):
            yield

    return inject


@contextmanager
def garbled_authority(place: Place, server: Server) -> Iterator[None]:
    """Workers that start meanwhile can sign nothing."""
    file = place.stack.var_dir / "ca.crt"
    content, mode = file.read_bytes(), file.stat().st_mode
    file.chmod(0o644)
    file.write_text("garbled")
    for pid in server.pids():
        server.kill_worker(pid)
    yield
    file.write_bytes(content)
    file.chmod(mode)


@contextmanager
def _silent_server() -> Iterator[int]:
    """The port of a server that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        guests: list[socket.socket] = []
        threading.Thread(target=_let_in, args=[listener, guests], daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for guest in guests:
        guest.close()


def _let_in(listener: socket.socket, guests: list[socket.socket]) -> None:
    while True:
        try:
            guests.append(listener.accept()[0])
        except OSError:
            return


ON_SQLITE = (Fault("database full", full),)
EVERYWHERE = (
    Fault("database read-only", read_only),
    Fault("database locked by another writer", locked, LOCKED_FOR),
    Fault("database slow", slow, refuses=False),
    Fault("event cannot be written", failing_events),
    Fault("clock 90 s ahead", clock_moved(90), refuses=False),
    Fault("clock 90 s behind", clock_moved(-90), refuses=False),
    Fault("clock back an hour", clock_moved(-HOUR), refuses=False),
    Fault("CA garbled, workers killed", garbled_authority, refuses=False, realm_refuses=True),
)
ON_POSTGRESQL = (
    Fault("database full", full, realm_refuses=True),
    Fault("database stopped", stopped, realm_refuses=True),
    Fault("database silent", silent, refuses=False, realm_refuses=True),
)
