"""Which of the requested scopes has a token earned, and what is the grant that says so?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from tokens.registry import scopes
from tokens.registry.authority import Authority
from tokens.registry.signing import Access, Scope, Signer
from tokens.registry.verifying import Verifier

EVERYTHING = "*"
REGISTRY_LEEWAY = 60  # seconds that distribution adds to every grant; it cannot be set


class Grant(NamedTuple):
    """What the realm answers with: the signed token, and for how many seconds it holds."""

    token: str
    seconds: int


@cache
def authority() -> Authority:
    """The authority whose certificate the registry trusts, read once.

    Raises:
        AuthorityError: its files are missing or wrong.
    """
    return Authority.load(settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE)


@cache
def signer() -> Signer:
    """The one signer of this process.

    Raises:
        AuthorityError: the files of the authority are missing or wrong.
    """
    return Signer(authority(), issuer=settings.REGISTRY_ISSUER, audience=settings.REGISTRY_SERVICE)


MOST_WITHHELD = 5  # of one request, that are remembered
CHECKED_WITHIN = 2  # seconds, where the proxy checks each request
ANNOUNCED_BEFORE = timedelta(days=30)
PORTAL = "portal"  # whom the portal's own grants name


def for_portal(access: Access) -> str:
    """A grant for the portal itself, such as to list the registry's images.

    Raises:
        AuthorityError: nothing can be signed.
    """
    return issue(PORTAL, access, now=timezone.now()).token


@cache
def verifier() -> Verifier:
    """What this process checks grants of any replica with."""
    return Verifier(
        authority(), issuer=settings.REGISTRY_ISSUER, audience=settings.REGISTRY_SERVICE
    )


def issue(subject: str, access: Access, *, now: datetime) -> Grant:
    """Signs what was decided; a grant to push lasts longer, because uploads do.

    Raises:
        AuthorityError: nothing can be signed.
    """
    pushes = any("push" in scope["actions"] for scope in access)
    seconds = settings.REGISTRY_PUSH_TOKEN_SECONDS if pushes else settings.REGISTRY_TOKEN_SECONDS
    return Grant(signer().sign(subject, access, seconds=seconds, now=now), seconds)


def bound_seconds(*, can_push: bool) -> int:
    """After how many seconds the registry accepts nothing more of a revoked token.

    A grant that a client holds lives on for its lifetime plus the registry's leeway; or, where the
    registry's proxy asks about each request, for as long as a request takes.
    """
    if settings.REVOCATION_CHECK:
        return CHECKED_WITHIN
    seconds = settings.REGISTRY_PUSH_TOKEN_SECONDS if can_push else settings.REGISTRY_TOKEN_SECONDS
    return int(seconds) + REGISTRY_LEEWAY


def authority_ends_soon(now: datetime) -> timedelta | None:
    """How long the authority is still valid, where that is less than 30 days.

    Raises:
        AuthorityError: its files are missing or wrong.
    """
    left = authority().expires_at - now
    return left if left < ANNOUNCED_BEFORE else None


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


def withheld(wanted: scopes.Wanted, access: Access) -> list[str]:
    """The repositories that were asked for and of which nothing is given; a few of them at most."""
    given = {scope["name"] for scope in access}
    missing = (
        resource.name
        for resource, asked in wanted.items()
        if asked and resource.type == "repository" and resource.name not in given
    )
    names = filter(scopes.is_repository_name, missing)
    return list(islice(names, MOST_WITHHELD))


def _held(
    resource: scopes.Resource, *, entitlements: Mapping[str, bool], can_push: bool
) -> set[str]:
    if resource.type != "repository" or resource.kind:
        return set()
    if not scopes.is_repository_name(resource.name):
        return set()
    matching = [
        push for pattern, push in entitlements.items() if scopes.covers(pattern, resource.name)
    ]
    held = {"pull"} if matching else set()
    return held | {"push"} if can_push and any(matching) else held
