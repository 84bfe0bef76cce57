"""How does a grant become a token that the registry accepts?

ES256, with the leaf certificate in ``x5c`` and libtrust's ``kid`` beside it: the only form that
every release of distribution from 2.8 to 3.1 accepts unchanged.
"""

import os
import secrets
import threading
from datetime import datetime, timedelta
from typing import TypedDict

import jwt

from tokens.registry.authority import Authority, Leaf

LEAF_LIFETIME = timedelta(hours=24)
# How far back a grant begins, for registries whose clock lags.
NOT_BEFORE = 30


class Scope(TypedDict):
    """One entry of a grant's ``access``: these actions on this repository, and nothing else."""

    type: str
    name: str
    actions: list[str]


Access = list[Scope]


class Signer:
    """Signs grants with a leaf of its own, renewed at half its life and never shared by a fork."""

    def __init__(self, authority: Authority, *, issuer: str, audience: str) -> None:
        self._authority = authority
        self._issuer = issuer
        self._audience = audience
        self._lock = threading.Lock()
        self._leaf: Leaf | None = None
        self._process = 0

    def sign(self, subject: str, access: Access, *, seconds: int, now: datetime) -> str:
        """A JWT (RFC 7519) that lets ``subject`` have ``access`` for ``seconds`` from ``now``.

        Raises:
            AuthorityError: the authority is out of date.
        """
        leaf = self.leaf(now)
        issued_at = int(now.timestamp())
        claims = {
            "iss": self._issuer,
            "sub": subject,
            "aud": self._audience,
            "exp": issued_at + seconds,
            "nbf": issued_at - NOT_BEFORE,
            "iat": issued_at,
            "jti": secrets.token_urlsafe(16),
            "access": access,
        }
        headers = {"kid": leaf.key_id, "x5c": [leaf.chain]}
        return jwt.encode(claims, leaf.key, algorithm="ES256", headers=headers)

    def leaf(self, now: datetime) -> Leaf:
        """This process's leaf, made when there is none or when its half-life is over."""
        leaf = self._leaf
        return leaf if leaf and self._may_use(leaf, now) else self._renew(now)

    def _may_use(self, leaf: Leaf, now: datetime) -> bool:
        """Whether it is this process's, and has begun: clocks step back."""
        return self._process == os.getpid() and leaf.not_before <= now < leaf.half_life

    def _renew(self, now: datetime) -> Leaf:
        with self._lock:
            leaf = self._leaf
            if leaf is None or not self._may_use(leaf, now):
                leaf = self._authority.issue_leaf(now=now, lifetime=LEAF_LIFETIME)
                self._leaf, self._process = leaf, os.getpid()
            return leaf
