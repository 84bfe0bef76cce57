"""What is in a back-up, and how is it made and put back? By the tools of each database."""

from pathlib import Path
from typing import Protocol

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tokens.management.backups import postgresql, sqlite
from tokens.management.backups.unusable import Unusable

__all__ = ["Unusable", "check", "keeper"]

Migration = tuple[str, str]  # of which app, and its name


class Keeper(Protocol):
    """What makes and puts back the back-ups of one kind of database."""

    MAGIC: bytes  # what its files begin with

    def dump(self, file: Path) -> None:
        """Writes the database, as it is at one moment, over an empty file; raises Unusable."""

    def migrations_of(self, file: Path) -> set[Migration]:
        """Those that the database in the file has gone through; raises Unusable."""

    def load(self, file: Path) -> None:
        """Puts the file in the place of all that is in the database, or changes nothing.

        Raises:
            Unusable
        """


KEEPERS: dict[str, Keeper] = {"sqlite": sqlite, "postgresql": postgresql}


def keeper() -> Keeper:
    """That of the database which the settings name."""
    return KEEPERS[connection.vendor]


def check(file: Path) -> None:
    """Raises Unusable where the file cannot be put into this database by this release."""
    try:
        with file.open("rb") as stream:
            begin = stream.read(16)
    except OSError as error:
        raise Unusable(f"{file} cannot be read: {error.strerror}") from error
    if not begin.startswith(keeper().MAGIC):
        raise Unusable(f"{file} is no back-up of a {connection.display_name} database")
    newer = keeper().migrations_of(file) - set(MigrationLoader(None).disk_migrations)
    # Other packages may have replaced old migrations of theirs by one.
    if ours := sorted(name for app, name in newer if app == "tokens"):
        raise Unusable(f"{file} was made by a newer release, with {ours[-1]}: upgrade first")
