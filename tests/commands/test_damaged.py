"""Is a file that is no sound back-up told, and what stands in the way of reading it?"""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tokens.management.backups import postgresql, sqlite
from tokens.management.backups.unusable import Unusable

WITHOUT_A_NAME = """
CREATE TABLE django_migrations (app, name);
INSERT INTO django_migrations VALUES ('tokens', NULL);
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = 'CREATE TABLE django_migrations (app, name NOT NULL)';
"""


def test_one_whose_rows_are_not_what_its_tables_allow_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "back-up"
    with closing(sqlite3.connect(file)) as damaged:
        damaged.executescript(WITHOUT_A_NAME)
    with pytest.raises(Unusable, match=r"damaged: NULL value in django_migrations\.name"):
        sqlite.migrations_of(file)


def test_one_that_cannot_be_read_to_its_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "back-up"
    file.write_bytes(b"no database " * 100)
    with closing(sqlite3.connect(tmp_path / "live")) as live:
        monkeypatch.setattr(sqlite, "_live", lambda: live)
        with pytest.raises(Unusable, match="cannot be put back: file is not a database"):
            sqlite.load(file)


class TestPostgreSQL:
    """With programs that only look like PostgreSQL's; test_restore.py runs the real ones."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """All that is on the PATH."""
        database = {"NAME": "portal", "OPTIONS": {}}
        stub = SimpleNamespace(settings_dict=database, close=lambda: None, close_pool=lambda: None)
        monkeypatch.setattr(postgresql, "connection", stub)
        monkeypatch.setenv("PATH", str(tmp_path))
        return tmp_path

    def put(self, folder: Path, name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    def test_a_program_that_is_not_installed_is_named(self, folder: Path) -> None:
        with pytest.raises(Unusable, match="pg_dump is not installed"):
            postgresql.dump(folder / "back-up")

    def test_one_without_migrations_is_no_back_up_of_the_portal(self, folder: Path) -> None:
        self.put(folder, "pg_restore", "exit 0")
        with pytest.raises(Unusable, match="it has no migrations"):
            postgresql.migrations_of(folder / "back-up")

    def test_one_that_cannot_be_read_to_its_end_is_not_committed(self, folder: Path) -> None:
        self.put(folder, "pg_restore", "echo 'CREATE TABLE a ();'; echo 'error: torn' >&2; exit 1")
        self.put(folder, "psql", f"/bin/cat > {folder}/said")
        with pytest.raises(Unusable, match="error: torn"):
            postgresql.load(folder / "back-up")
        assert "CREATE TABLE a" in (folder / "said").read_text()
        assert "COMMIT" not in (folder / "said").read_text()
