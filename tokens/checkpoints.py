"""How did every company's chain end at a time? Signed, so that a tail that is cut later shows.

A checkpoint is a line of JSON: ``at``, ``heads`` (sequence and hash of each company's last event)
and ``signature``, Ed25519 (RFC 8032) in hex over the canonical JSON of the other two.
"""

import json
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from django.conf import settings

from tokens import trail
from tokens.models import Event


class KeyUnusable(Exception):
    """The file holds no Ed25519 key in PEM, or cannot be read. The text says which, in one line."""


class NotSigned(Exception):
    """A line is no checkpoint that the key has signed, or contradicts one before it."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"checkpoint {line} {reason}")


def own_key() -> Ed25519PrivateKey | None:
    """The key that the settings name, if they name one; raises KeyUnusable."""
    return private_key(Path(settings.AUDIT_KEY_FILE)) if settings.AUDIT_KEY_FILE else None


def private_key(file: Path) -> Ed25519PrivateKey:
    """The key that signs; raises KeyUnusable."""
    try:
        key = load_pem_private_key(_content(file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{file} holds no private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{file} holds no Ed25519 key")
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """The key that proves; raises KeyUnusable."""
    try:
        key = load_pem_public_key(_content(file))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{file} holds no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{file} holds no Ed25519 key")
    return key


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"{file} cannot be read: {error.strerror}") from error


def take(*, key: Ed25519PrivateKey, at: datetime) -> str:
    """A checkpoint of all companies, as one line without its end."""
    heads = {
        event.company: {"sequence": event.sequence, "hash": event.hash}
        for event in Event.objects.heads()
    }
    seen = {"at": at.astimezone(UTC).isoformat(timespec="seconds"), "heads": heads}
    signature = key.sign(trail.canonical(seen)).hex()
    return json.dumps(seen | {"signature": signature})


def missing(file: Path) -> dict[str, int]:
    """By company, how many events the last checkpoint of a file knows of that are not here.

    Whether it is signed is not asked: it is told to whoever restores a back-up, and proves nothing.
    """
    with file.open("rb") as lines:
        last = deque(lines, maxlen=1)
    seen: dict[str, trail.Head] = json.loads(last[0])["heads"] if last else {}
    here = {event.company: event.sequence for event in Event.objects.heads()}
    ahead = {slug: head["sequence"] - here.get(slug, 0) for slug, head in seen.items()}
    return {slug: number for slug, number in ahead.items() if number > 0}


def heads(lines: Iterable[str], *, key: Ed25519PublicKey) -> dict[tuple[str, int], str]:
    """The hashes that checkpoints prove, by company and sequence.

    Raises:
        NotSigned: at the first line that is not the key's, or contradicts one before it.
    """
    found: dict[tuple[str, int], str] = {}
    for number, line in enumerate(lines, start=1):
        for company, head in _proved(number, line, key).items():
            place = (company, head["sequence"])
            if found.setdefault(place, head["hash"]) != head["hash"]:
                raise NotSigned(number, f"contradicts an earlier one about {company}")
    return found


def _proved(number: int, line: str, key: Ed25519PublicKey) -> dict[str, trail.Head]:
    try:
        seen = json.loads(line)
        signature = bytes.fromhex(seen.pop("signature"))
        key.verify(signature, trail.canonical(seen))
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise NotSigned(number, "is none") from error
    except InvalidSignature as error:
        raise NotSigned(number, "is not signed by this key") from error
    proved: dict[str, trail.Head] = seen["heads"]
    return proved
