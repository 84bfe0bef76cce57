"""Checks the audit trail: that of the database, or an exported file."""

import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from tokens import checkpoints, trail
from tokens.models import Event


class Command(BaseCommand):
    help = (
        "Checks the audit trail. Exit status 1, and the first broken place, when it is broken;"
        " 2 when it could not be checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="an export in JSON Lines")
        parser.add_argument("--head", help="the hash that the last event must have")
        parser.add_argument("--checkpoints", type=Path, help="signed heads, which must be reached")
        parser.add_argument("--key", type=Path, help="the public key; else AUDIT_KEY_FILE's own")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            known = _known(options["checkpoints"], options["key"])
            proof = _verify(options["file"], options["head"], known)
            self.stdout.write(str(proof))
        except trail.Broken as broken:
            self.stdout.write(f"broken at {broken}")
            sys.exit(1)
        except (
            OSError,
            UnicodeDecodeError,
            DatabaseError,
            checkpoints.KeyUnusable,
            checkpoints.NotSigned,
        ) as error:
            raise CommandError(str(error), returncode=2) from error


def _known(file: Path | None, key_file: Path | None) -> trail.Heads:
    """What the checkpoints prove; nothing where none are given."""
    if file is None:
        return trail.NONE_KNOWN
    key = checkpoints.public_key(key_file) if key_file else _own_public_key()
    with file.open(encoding="utf-8") as lines:
        return checkpoints.heads(lines, key=key)


def _own_public_key() -> Ed25519PublicKey:
    key = checkpoints.own_key()
    if key is None:
        raise checkpoints.KeyUnusable("name the public key with --key")
    return key.public_key()


def _verify(file: Path | None, head: str | None, known: trail.Heads) -> trail.Proof:
    if file:
        return trail.verify_file(file, head=head, known=known)
    return trail.verify(Event.objects.lines(), must_be_whole=True, head=head, known=known)
