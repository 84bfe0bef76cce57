"""What is a username, what is a secret, and is this one of ours?

A secret is a prefix, 30 characters of base62 (178 bits) and 6 characters of base62 CRC-32 over the
two. The checksum tells a typo or a truncation from a wrong secret without a query; it is no
security check. At 178 bits a slow hash would protect nothing and cap pulls at a few a second, so a
secret is stored as its SHA-256 digest.
"""

import hmac
import re
import secrets
import string
import zlib
from collections.abc import Collection
from hashlib import sha256

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
BASE32 = string.ascii_lowercase + "234567"
BODY_LENGTH = 30
CHECKSUM_LENGTH = 6
SUFFIX_LENGTH = 8
HINT_LENGTH = 4

# What the secret of an unknown username is compared with, so that the work is the same.
NOBODYS_DIGEST = sha256(b"nobody's secret").digest()

_USERNAME = re.compile(r"[a-z0-9-]{1,60}")


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
