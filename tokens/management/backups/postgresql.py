"""Back up PostgreSQL: with pg_dump and pg_restore, which come with it, in the custom format."""

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient

from tokens.management.backups.unusable import IN_USE, Unusable

MAGIC = b"PGDMP"
# So that a role which owns the database, and is no superuser, can put it back under any name.
PORTABLE = ["--no-owner", "--no-privileges", "--no-comments"]
# What nobody who finds a back-up should have, and nobody misses: with a session they would be in.
LEFT_OUT = ["--exclude-table-data=django_session", "--exclude-table-data=portal_cache"]
CLEARED = b"""
BEGIN;
SET LOCAL lock_timeout = '5s';
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public;
"""
QUIET = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
AT_ONCE = 1 << 20  # bytes

Process = subprocess.Popen[bytes]


def dump(file: Path) -> None:
    with file.open("wb") as stream:
        _run("pg_dump", *PORTABLE, *LEFT_OUT, "--format=custom", *_server(), _name(), to=stream)


def migrations_of(file: Path) -> set[tuple[str, str]]:
    only = ["--data-only", "--table=django_migrations", "--file=-"]
    script = io.BytesIO()
    _run("pg_restore", *only, str(file), to=script)
    found = set(_rows(script.getvalue().decode().splitlines()))
    if not found:
        raise Unusable(f"{file} is no back-up of the portal: it has no migrations")
    return found


def _rows(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Apps and names from the COPY of django_migrations, whose columns it names itself."""
    columns: list[str] = []
    for line in lines:
        if line.startswith("COPY ") and ".django_migrations (" in line:
            columns = line.partition("(")[2].partition(")")[0].split(", ")
        elif line == r"\.":
            columns = []
        elif columns:
            row = dict(zip(columns, line.split("\t"), strict=True))
            yield row["app"], row["name"]


def load(file: Path) -> None:
    """In one transaction, which is committed only once the whole file was read."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    with (
        tempfile.TemporaryFile() as told,
        _started("pg_restore", *PORTABLE, "--file=-", str(file), stderr=told) as reader,
        _started("psql", *QUIET, *_server(), _name(), stdin=subprocess.PIPE, stderr=told) as writer,
    ):
        with suppress(BrokenPipeError):  # it ends at the first error, and has said which
            _feed(writer, reader)
        reader.kill()
        if writer.wait() or reader.wait():
            raise Unusable(_last_line(told))


def _feed(writer: Process, reader: Process) -> None:
    assert writer.stdin
    assert reader.stdout
    writer.stdin.write(CLEARED)
    shutil.copyfileobj(reader.stdout, writer.stdin, AT_ONCE)
    if reader.wait() == 0:
        writer.stdin.write(b"COMMIT;\n")
    writer.stdin.close()


def _started(*command: str, stdin: int | None = None, stderr: IO[bytes]) -> Process:
    try:
        return subprocess.Popen(
            command,
            # Unbuffered, so that nothing is left to be written to a program that has ended.
            bufsize=0,
            stdin=stdin,
            stdout=subprocess.PIPE if stdin is None else subprocess.DEVNULL,
            stderr=stderr,
            env=os.environ | _secrets(),
        )
    except FileNotFoundError as error:
        raise Unusable(f"{command[0]} is not installed") from error


def _run(*command: str, to: IO[bytes]) -> None:
    with tempfile.TemporaryFile() as told, _started(*command, stderr=told) as process:
        assert process.stdout
        shutil.copyfileobj(process.stdout, to, AT_ONCE)
        if process.wait():
            raise Unusable(_last_line(told))


def _last_line(told: IO[bytes]) -> str:
    """Of what the programs said; a lock that is not had is what the portal itself holds."""
    told.seek(0)
    lines = told.read().decode(errors="replace").strip().splitlines()
    if any("lock timeout" in line for line in lines):
        return IN_USE
    return next((line for line in lines if "ERROR" in line or "error" in line), "it failed")


def _server() -> list[str]:
    """How the programs reach it, as `manage.py dbshell` does; the password is not among it."""
    arguments, _environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    return arguments[1:-1]


def _secrets() -> dict[str, str]:
    _arguments, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    return environment or {}


def _name() -> str:
    return str(connection.settings_dict["NAME"])
