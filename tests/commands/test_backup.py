"""Is a back-up whole, closed to others and never written over another?"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, installed

FILL = """
from tests.factories import Cast, request_token
cast = Cast()
tokens = [request_token(person).token for person in (cast.ana, cast.bram, cast.farid)]
"""
ROWS = """
from tests.facts import everything
answer = everything()
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A portal with something in it, which no test changes."""
    with installed(tmp_path_factory.mktemp("backup") / "portal") as portal:
        portal.do(FILL)
        yield portal


def test_it_is_for_its_owner_only_and_restores_to_the_same_rows(
    portal: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "a back-up"
    before = os.umask(0)
    try:
        portal.succeed("backup", str(file))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    with installed(tmp_path / "other") as other:
        other.succeed("restore", str(file))
        kept, own = portal.do(ROWS), other.do(ROWS)
    for label, rows in kept.items():
        if label != "tokens.Event":
            assert own[label] == rows or label == "tokens.Message"
    assert own["tokens.Event"][: len(kept["tokens.Event"])] == kept["tokens.Event"]


def test_it_goes_to_standard_output_and_comes_back_from_standard_input(
    portal: Installation, tmp_path: Path
) -> None:
    done = portal.manage("backup", "-")
    assert done.returncode == 0, done.stderr
    assert f"{len(done.stdout):,} bytes" in done.stderr.decode()
    assert not list(portal.folder.glob("backup-*"))
    with installed(tmp_path / "other") as other:
        restored = other.manage("restore", "-", given=done.stdout)
        assert b"3 tokens" in restored.stdout
        assert not list(other.folder.glob("restore-*"))


def test_it_is_never_written_over_another(portal: Installation, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("what must not be lost")
    assert portal.refused("backup", str(file)) == f"{file} is there already"
    assert file.read_text() == "what must not be lost"


def test_where_it_fails_nothing_is_left(portal: Installation, tmp_path: Path) -> None:
    away = {
        "postgresql": "postgres://nobody@127.0.0.1:1/nowhere",
        "sqlite": f"sqlite:///{tmp_path}/garbled",
    }
    kind = "postgresql" if portal.environment["DATABASE_URL"].startswith("postgres") else "sqlite"
    (tmp_path / "garbled").write_text("This is no database. " * 500)
    other = Installation(tmp_path / "var", DATABASE_URL=away[kind])
    folder = tmp_path / "backups"
    folder.mkdir()
    assert other.refused("backup", str(folder / "none"))
    assert not list(folder.iterdir())
    assert "No such file" in portal.refused("backup", str(tmp_path / "nowhere" / "none"))
