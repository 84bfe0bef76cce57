"""Which of the requested scopes has a token earned, and what is the grant that says so?"""

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.conf import settings

from tokens.registry import scopes
from tokens.registry.authority import Authority
from tokens.registry.signing import Access, Scope, Signer

EVERYTHING = "*"
REGISTRY_LEEWAY = 60  # seconds that distribution adds to every grant; it cannot be set


class Grant(NamedTuple):
    """What the realm answers with: the signed token, and for how many seconds it holds."""

    token: str
    seconds: int


@cache
def signer() -> Signer:
    """The one signer of this process.

    Raises:
        AuthorityError: the files of the authority are missing or wrong.
    """
    authority = Authority.load(settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE)
    return Signer(authority, issuer=settings.REGISTRY_ISSUER, audience=settings.REGISTRY_SERVICE)


def issue(subject: str, access: Access, *, now: datetime) -> Grant:
    """Signs what was decided; a grant to push lasts longer, because uploads do.

    Raises:
        AuthorityError: nothing can be signed.
    """
    pushes = any("push" in scope["actions"] for scope in access)
    seconds = settings.REGISTRY_PUSH_TOKEN_SECONDS if pushes else settings.REGISTRY_TOKEN_SECONDS
    return Grant(signer().sign(subject, access, seconds=seconds, now=now), seconds)


def bound_minutes(*, can_push: bool) -> int:
    """After how many whole minutes the registry accepts nothing more of a revoked token.

    A grant that a client holds lives on for its lifetime, plus the leeway of the registry.
    """
    seconds = settings.REGISTRY_PUSH_TOKEN_SECONDS if can_push else settings.REGISTRY_TOKEN_SECONDS
    return math.ceil((seconds + REGISTRY_LEEWAY) / 60)


def decide(wanted: scopes.Wanted, *, entitlements: Mapping[str, bool], can_push: bool) -> Access:
    """The part of what is wanted that is allowed, as the ``access`` claim of a grant.

    Nothing else than pulling and pushing of repositories is ever granted, and a literal ``*``
    stands for what is held and is never echoed: in a grant it is every right.

    Args:
        entitlements: patterns of repositories, each with whether pushing is allowed there.
        can_push: whether the token itself may push.
    """
    access: Access = []
    for resource, asked in wanted.items():
        held = _held(resource, entitlements=entitlements, can_push=can_push)
        actions = held if EVERYTHING in asked else held & asked
        if actions:
            access.append(Scope(type=resource.type, name=resource.name, actions=sorted(actions)))
    return access


def _held(
    resource: scopes.Resource, *, entitlements: Mapping[str, bool], can_push: bool
) -> set[str]:
    if resource.type != "repository" or resource.kind:
        return set()
    if not scopes.is_repository_name(resource.name):
        return set()
    matching = [push for pattern, push in entitlements.items() if covers(pattern, resource.name)]
    held = {"pull"} if matching else set()
    return held | {"push"} if can_push and any(matching) else held


def covers(pattern: str, name: str) -> bool:
    """Whether the pattern is the repository's name, or a prefix and ``/*`` above it."""
    if pattern.endswith("/*"):
        return name.startswith(pattern[:-1])
    return name == pattern
