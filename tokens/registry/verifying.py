"""Did this portal sign that grant, and whom does it name?"""

import base64
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from tokens.registry.authority import Authority

LEEWAY = 60  # seconds, as distribution allows
LEAFS_REMEMBERED = 256


class NotOurs(Exception):
    """The grant was not signed by this portal, is garbled, or is out of date."""


class _LeafKey(NamedTuple):
    key: ec.EllipticCurvePublicKey
    not_after: datetime


class Verifier:
    """Checks grants of any replica: each carries its leaf, and one authority signs all leafs."""

    def __init__(self, authority: Authority, *, issuer: str, audience: str) -> None:
        self._authority = authority
        self._issuer = issuer
        self._audience = audience
        # A chain is checked once: a thousand requests come with the grants of a few leafs.
        self._leaf_key = lru_cache(LEAFS_REMEMBERED)(self._check_chain)

    def subject(self, grant: str, *, now: datetime) -> str:
        """The username that the grant names.

        Raises:
            NotOurs
        """
        try:
            chain = jwt.get_unverified_header(grant)["x5c"]
            leaf = self._leaf_key(chain[0])
            claims = jwt.decode(
                grant,
                leaf.key,
                algorithms=["ES256"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={"require": ["exp", "nbf", "sub"]},
            )
        except (jwt.PyJWTError, KeyError, IndexError, TypeError, ValueError) as error:
            raise NotOurs(str(error)) from error
        if leaf.not_after < now:
            raise NotOurs("its certificate is out of date")
        return str(claims["sub"])

    def _check_chain(self, encoded: str) -> _LeafKey:
        certificate = x509.load_der_x509_certificate(base64.b64decode(encoded, validate=True))
        try:
            certificate.verify_directly_issued_by(self._authority.certificate)
        except InvalidSignature as error:
            raise NotOurs("its certificate is another authority's") from error
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise NotOurs("its certificate holds no elliptic-curve key")
        return _LeafKey(key, certificate.not_valid_after_utc.astimezone(UTC))
