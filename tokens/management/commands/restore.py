"""Puts a back-up in the place of the database."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from tokens import journal, trail
from tokens.management import backups, restoring


class Command(BaseCommand):
    help = (
        "Puts a back-up in the place of the database, brings it up to this release, takes away"
        " again what was revoked since, and says what is lost. Stop the portal and the jobs first."
    )
    # Django's checks of models ask the database, which may be broken: that is said in one line.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="what `backup` wrote; - is standard input")
        parser.add_argument("--replace", action="store_true", help="even what is not empty")
        parser.add_argument(
            "--loaded",
            action="store_true",
            help="it is there already, by other means: do only the rest",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == options["loaded"]:
            raise CommandError("name either a file or --loaded")
        try:
            if options["file"]:
                with _at_hand(options["file"]) as file:
                    _load(file, replace=options["replace"])
            for line in restoring.finish():
                self.stdout.write(line)
        except trail.Broken as broken:
            raise CommandError(f"the trail is broken at {broken}") from broken
        except (backups.Unusable, journal.Unwritable, OSError, Error) as error:
            raise CommandError(str(error)) from error


@contextmanager
def _at_hand(name: str) -> Iterator[Path]:
    """The file; what comes by standard input is put into one, since it is read more than once."""
    if name != "-":
        yield Path(name)
        return
    with tempfile.TemporaryDirectory(prefix="restore-", dir=settings.VAR_DIR) as folder:
        file = Path(folder, "backup")
        with file.open("wb") as stream:
            shutil.copyfileobj(sys.stdin.buffer, stream)
        yield file


def _load(file: Path, *, replace: bool) -> None:
    backups.check(file)
    if not replace and not restoring.is_empty():
        raise CommandError("the database is not empty; --replace loses what is in it")
    backups.keeper().load(file)
