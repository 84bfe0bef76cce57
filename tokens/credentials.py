"""What is a username, what is a secret, and is this one of ours?

A secret is a prefix, 30 characters of base62 (178 bits) and 6 characters of base62 CRC-32 over the
two. The checksum tells a typo or a truncation from a wrong secret without a query; it is no
security check. At 178 bits a slow hash would protect nothing and cap pulls at a few a second, so a
secret is stored as its SHA-256 digest.
"""

import binascii
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Collection, Iterator
from hashlib import sha256
from typing import NamedTuple

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE32 = string.ascii_lowercase + "234567"
BODY_LENGTH = 30
CHECKSUM_LENGTH = 6
SUFFIX_LENGTH = 8
HINT_LENGTH = 4

# What the secret of an unknown username is compared with, so that the work is the same.
NOBODYS_DIGEST = sha256(b"nobody's secret").digest()

# So many characters behind a prefix are a piece of a secret rather than a word.
SEEN_AS_TORN = 12

_USERNAME = re.compile(r"[a-z0-9-]{1,60}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_STANDARD = str.maketrans("-_", "+/")


def mint_secret(prefix: str) -> str:
    """A fresh secret such as ``twc_`` + 30 random characters + 6 of checksum."""
    body = prefix + "".join(secrets.choice(BASE62) for _ in range(BODY_LENGTH))
    return body + checksum(body)


def mint_username(slug: str) -> str:
    """A fresh username ``<slug>-<8 of a-z2-7>``: nothing that a shell, YAML or a URL would read."""
    return slug + "-" + "".join(secrets.choice(BASE32) for _ in range(SUFFIX_LENGTH))


def is_username(text: str) -> bool:
    """Whether the text could be a username; anything else need not be looked up."""
    return _USERNAME.fullmatch(text) is not None


def checksum(body: str) -> str:
    """CRC-32 (ISO-HDLC) of the text before it, as 6 digits of base62, most significant first."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def is_well_formed(secret: str, prefix: str) -> bool:
    """Whether prefix, length and checksum are those of a secret that could be ours."""
    if len(secret) != len(prefix) + BODY_LENGTH + CHECKSUM_LENGTH or not secret.isascii():
        return False
    body, check = secret[:-CHECKSUM_LENGTH], secret[-CHECKSUM_LENGTH:]
    return secret.startswith(prefix) and checksum(body) == check


class Spotted(NamedTuple):
    """What a text tells of secrets: digests of those that are whole, and whether one is torn."""

    digests: list[bytes]
    is_torn: bool

    def __bool__(self) -> bool:
        return bool(self.digests) or self.is_torn


def spot(text: str, prefix: str) -> Spotted:
    """Finds secrets in a text, as they stand in a line of a log or, in base64, in ``config.json``.

    A secret is torn where a prefix and a few characters of its body are not followed by all of the
    rest, or the checksum is wrong.
    """
    most = BODY_LENGTH + CHECKSUM_LENGTH
    piece = re.compile(f"(?=({re.escape(prefix)}[0-9A-Za-z]{{{SEEN_AS_TORN},{most}}}))")
    candidates = {found for layer in _layers(text) for found in piece.findall(layer)}
    whole = {candidate for candidate in candidates if is_well_formed(candidate, prefix)}
    return Spotted(sorted(map(digest, whole)), is_torn=candidates > whole)


def _layers(text: str, depth: int = 2) -> Iterator[str]:
    """The text, and what stands in base64 in it, also in that: a manifest holds a config.json."""
    yield text
    for run in _BASE64.findall(text) if depth else ():
        for start in range(4):
            yield from _layers(_decoded(run[start:]), depth - 1)


def _decoded(run: str) -> str:
    """What the characters of base64 stand for, wherever the run was cut off."""
    whole = run[: -1 if len(run) % 4 == 1 else None].translate(_STANDARD)
    return binascii.a2b_base64(whole + "==").decode("latin-1")


def digest(secret: str) -> bytes:
    """The 32 bytes that are stored in place of the secret."""
    return sha256(secret.encode(errors="surrogatepass")).digest()


def hint(secret: str) -> str:
    """The last characters, by which a person recognises a secret that is shown nowhere."""
    return secret[-HINT_LENGTH:]


def matches(secret: str, digests: Collection[bytes]) -> bool:
    """Whether the secret is one of those digested, compared in constant time.

    With no digests (an unknown username) it compares all the same, and says no.
    """
    presented = digest(secret)
    found = [hmac.compare_digest(presented, known) for known in digests or [NOBODYS_DIGEST]]
    return any(found) and bool(digests)
