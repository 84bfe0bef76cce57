"""Somebody who holds the authority's key: grants as the portal signs them, and near misses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from django.conf import settings

from tokens.registry.authority import Authority
from tokens.registry.signing import Scope, Signer

NAME = "public/universal"


class Forger:
    """Signs grants as the portal does, but for what a test changes."""

    def __init__(self, var_dir: Path) -> None:
        self.authority = Authority.load(var_dir / "ca.crt", var_dir / "ca.key")

    def grant(
        self,
        *,
        issuer: str = settings.REGISTRY_ISSUER,
        audience: str = settings.REGISTRY_SERVICE,
        by: Authority | None = None,
        now: datetime | None = None,
        access: list[Scope] | None = None,
    ) -> str:
        signer = Signer(by or self.authority, issuer=issuer, audience=audience)
        access = [pull_of(NAME)] if access is None else access
        return signer.sign("acme-tests", access, seconds=60, now=now or datetime.now(UTC))

    def signed_again(self, *, key: object, algorithm: str, **headers: object) -> str:
        """The claims of a right grant under another signature; without headers that are None."""
        right = self.grant()
        claims = jwt.decode(right, options={"verify_signature": False})
        kept = {**jwt.get_unverified_header(right), **headers}
        kept = {name: value for name, value in kept.items() if value is not None}
        return jwt.encode(claims, key, algorithm=algorithm, headers={**kept, "alg": algorithm})

    def under_a_leaf(self, *, lifetime: timedelta) -> str:
        leaf = self.authority.issue_leaf(now=datetime.now(UTC), lifetime=lifetime)
        return self.signed_again(key=leaf.key, algorithm="ES256", kid=leaf.key_id, x5c=[leaf.chain])


def pull_of(name: str) -> Scope:
    return Scope(type="repository", name=name, actions=["pull"])
