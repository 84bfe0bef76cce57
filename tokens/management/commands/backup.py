"""Writes a back-up of the database."""

import os
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

from tokens.management import backups


class Command(BaseCommand):
    help = "Writes a back-up of the database, as it is at one moment, while the portal serves."
    # Django's checks of models ask the database, which may be broken: that is said in one line.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="it must not exist; - is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            size = _print() if options["file"] == "-" else _write(Path(options["file"]))
        except FileExistsError as error:
            raise CommandError(f"{error.filename} is there already") from error
        except (backups.Unusable, OSError, Error) as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{size:,} bytes. Who holds them reads digests, and names and addresses.")


def _print() -> int:
    with tempfile.TemporaryDirectory(prefix="backup-", dir=settings.VAR_DIR) as folder:
        file = Path(folder, "backup")
        size = _write(file)
        with file.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        sys.stdout.flush()
    return size


def _write(file: Path) -> int:
    """Says how large it is."""
    with _taking_shape(file) as draft:
        backups.keeper().dump(draft)
    return file.stat().st_size


@contextmanager
def _taking_shape(file: Path) -> Iterator[Path]:
    """A file beside it, for its owner only, which takes its name when it is whole and on disk."""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    draft = file.with_name(f"{file.name}.partial")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        yield draft
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        file.unlink()
        raise
