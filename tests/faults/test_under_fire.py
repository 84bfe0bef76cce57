"""Does everything hold while the portal is killed, its power is cut and its database breaks?

A short look at both databases; ``make faults`` is the long one.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults import breaking, killing
from tests.faults.hardware import compiler
from tests.faults.history import Deed
from tests.faults.outcome import Outcome
from tests.faults.place import Place, on_postgresql, on_sqlite
from tokens.registry import authority

ON_POSTGRESQL = "DATABASE_URL" in os.environ
KILLS = 12
CUTS = 8
FAULT = breaking.Fault(
    "database breaks", breaking.read_only if ON_POSTGRESQL else breaking.failing_events, seconds=1
)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """On the kind of database that the run is about, though not in its own."""
    if not compiler():
        pytest.skip("hardware that fails: no C compiler is installed")
    with on_postgresql() if ON_POSTGRESQL else on_sqlite(is_cut=True) as place:
        yield place


def test_kills_lose_nothing_that_was_answered(place: Place) -> None:
    outcome = killing.kills(place, KILLS, asks_after=300)
    assert holds(outcome)
    assert len(outcome.history.asks_after_revocation()) >= 300


def test_a_broken_database_leaves_nothing_half_done(place: Place) -> None:
    assert holds(breaking.strike(place, FAULT))


if not ON_POSTGRESQL:  # which is trusted to wait for its disk

    def test_a_power_cut_loses_nothing(place: Place) -> None:
        assert holds(killing.power_cut(place))

    def test_a_power_cut_is_seen_where_the_database_does_not_wait_for_its_disk(
        place: Place,
    ) -> None:
        # A cut right after a checkpoint finds nothing to take away.
        assert any(killing.power_cut(place, hasty=True).lost for _ in range(CUTS))


@pytest.fixture
def authority_files(place: Place) -> Iterator[tuple[Path, Path]]:
    """The files of the authority, to be broken: they are put back afterwards."""
    files = (place.stack.var_dir / "ca.crt", place.stack.var_dir / "ca.key")
    contents = [file.read_bytes() for file in files]
    yield files
    for file, content in zip(files, contents, strict=True):
        file.unlink(missing_ok=True)
        file.write_bytes(content)


def test_a_portal_whose_authority_is_missing_garbled_or_expired_does_not_start(
    place: Place, authority_files: tuple[Path, Path]
) -> None:
    certificate, key = authority_files
    server = place.server()
    certificate.unlink()
    assert "ca.crt cannot be read: No such file" in the_one_line(server.refuses_to_start())
    certificate.write_text("garbled")
    assert "ca.crt holds no certificate" in the_one_line(server.refuses_to_start())
    certificate.unlink()
    key.unlink()
    authority.create(certificate, key, now=datetime.now(UTC) - timedelta(days=3), days=1)
    assert "the signing authority is valid from" in the_one_line(server.refuses_to_start())


def the_one_line(said: str) -> str:
    """What the portal says, after gunicorn has said that it starts."""
    _starting, line = said.splitlines()
    return line


def holds(outcome: Outcome) -> bool:
    """Whether it does; what does not is shown by the assertion that fails."""
    assert outcome.violations == []
    assert outcome.history.done(Deed.REVOKE), "nothing was done"
    return True
