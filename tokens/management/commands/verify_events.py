"""Checks the audit trail: that of the database, or an exported file."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from tokens import trail
from tokens.models import Event


class Command(BaseCommand):
    help = (
        "Checks the audit trail. Exit status 1, and the first broken place, when it is broken;"
        " 2 when it could not be checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="an export in JSON Lines")
        parser.add_argument("--head", help="the hash that the last event must have")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(str(self._verify(options["file"], options["head"])))
        except trail.Broken as broken:
            self.stdout.write(f"broken at {broken}")
            sys.exit(1)
        except (OSError, DatabaseError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _verify(self, file: Path | None, head: str | None) -> trail.Proof:
        if file:
            return trail.verify_file(file, head=head)
        return trail.verify(_lines(), must_be_whole=True, head=head)


def _lines() -> Iterator[object]:
    for event in Event.objects.order_by("company", "sequence").iterator():
        yield event.line()
