"""Is a file of SQLite that is no sound back-up told, and the database left as it is?"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tokens.management.backups import sqlite
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
