"""Back up SQLite: with its online backup, which others neither notice nor disturb."""

import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from tokens.management.backups.unusable import IN_USE, Unusable

MAGIC = b"SQLite format 3\0"
# What nobody who finds a back-up should have, and nobody misses: with a session they would be in.
LEFT_OUT = {
    "django_session": "DELETE FROM django_session",
    "portal_cache": "DELETE FROM portal_cache",
}


def dump(file: Path) -> None:
    with closing(sqlite3.connect(file)) as copy:
        _live().backup(copy)
        # One file, without a log beside it.
        copy.execute("PRAGMA journal_mode = DELETE")
        # Overwritten, not only marked as free.
        copy.execute("PRAGMA secure_delete = ON")
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        for table in LEFT_OUT.keys() & tables:
            copy.execute(LEFT_OUT[table])
        copy.commit()


def migrations_of(file: Path) -> set[tuple[str, str]]:
    try:
        with closing(_opened(file)) as copy:
            (state,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if state != "ok":
                raise Unusable(f"{file} is damaged: {state}")
            return set(copy.execute("SELECT app, name FROM django_migrations"))
    except sqlite3.DatabaseError as error:
        raise Unusable(f"{file} is no back-up of the portal: {error}") from error


def load(file: Path) -> None:
    try:
        with closing(_opened(file)) as copy:
            copy.backup(_live(), progress=_not_in_use)
    except sqlite3.DatabaseError as error:
        raise Unusable(f"{file} cannot be put back: {error}") from error
    connection.close()


def _not_in_use(status: int, _remaining: int, _total: int) -> None:
    """Python would wait for as long as somebody else writes."""
    if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        raise Unusable(IN_USE)


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _live() -> sqlite3.Connection:
    connection.ensure_connection()
    live = connection.connection
    assert isinstance(live, sqlite3.Connection)
    return live
