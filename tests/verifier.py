"""Would a registry accept this grant? Checked without any code of the portal's."""

import base64
import json
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


class Grant(NamedTuple):
    """What a grant says, and the certificate whose key has signed it."""

    header: dict[str, Any]
    claims: dict[str, Any]
    leaf: x509.Certificate


def verified(token: str, *, authority: x509.Certificate) -> Grant:
    """The grant, after the checks of RFC 7515 with the key of ``x5c``, up to the authority.

    Raises:
        AssertionError, InvalidSignature: no registry would take it.
    """
    header, claims, signature = token.split(".")
    grant = read(token)
    grant.leaf.verify_directly_issued_by(authority)
    key = grant.leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert grant.header["kid"] == fingerprint(key)
    raw = _decoded(signature)
    assert len(raw) == 64, "ES256 is two numbers of 32 bytes (RFC 7518 §3.4)"
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    signed = f"{header}.{claims}".encode()
    key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    return grant


def read(token: str) -> Grant:
    """What the grant says, without asking whether it is right."""
    header, claims = (json.loads(_decoded(part)) for part in token.split(".")[:2])
    (der,) = header["x5c"]
    return Grant(header, claims, x509.load_der_x509_certificate(base64.b64decode(der)))


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """libtrust's: 240 bits of the SHA-256 of the DER key, as twelve groups of base32."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    number = int.from_bytes(sha256(der).digest(), "big") >> 16
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    digits = [alphabet[number >> shift & 31] for shift in range(235, -1, -5)]
    return ":".join("".join(digits[place : place + 4]) for place in range(0, 48, 4))


def _decoded(part: str) -> bytes:
    assert "=" not in part, "base64url without padding (RFC 7515 §2)"
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
