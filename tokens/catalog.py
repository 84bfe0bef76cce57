"""Which images may a company pull? What the registry holds, remembered with the time of looking.

The whole list is refreshed at most once a minute by one process at a time, and shared by all in the
cache. A registry that is away leaves the last known list; it never touches the realm.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from tokens.registry import scopes
from tokens.registry.authority import AuthorityError
from tokens.registry.client import Client, Content, RegistryAway
from tokens.registry.signing import Access

logger = logging.getLogger(__name__)

FRESH = timedelta(minutes=1)
BUDGET = 5  # seconds that a page waits for a refresh
_LISTING = "catalog:listing"
_REFRESHING = "catalog:refreshing"
_AWAY = "catalog:away"

Signs = Callable[[Access], str]


@dataclass(frozen=True)
class Tag:
    """A tag of a repository, with its content where the registry told it in time."""

    name: str
    content: Content | None


@dataclass
class Listing:
    """The repositories with their tags, when they were seen, and whether the registry is away."""

    seen_at: datetime | None = None
    repositories: dict[str, list[Tag]] = field(default_factory=dict)
    is_away: bool = False

    def covered_by(self, patterns: Iterable[str]) -> "Listing":
        """The part of it that the patterns of a company's entitlements cover."""
        wanted = list(patterns)
        part = {
            name: tags
            for name, tags in self.repositories.items()
            if any(scopes.covers(pattern, name) for pattern in wanted)
        }
        return Listing(self.seen_at, part, self.is_away)

    def contents(self) -> dict[str, Content]:
        found = (tag.content for tags in self.repositories.values() for tag in tags)
        return {content.digest: content for content in found if content}


def listing(*, sign: Signs, seconds: float = BUDGET) -> Listing:
    """What the registry holds: not older than a minute, or what was last known and why.

    Args:
        sign: makes the portal's own grant for an access.
        seconds: how long a refresh may ask for contents.
    """
    known: Listing = cache.get(_LISTING) or Listing()
    if known.seen_at and timezone.now() - known.seen_at < FRESH:
        return known
    if cache.get(_AWAY):
        return Listing(known.seen_at, known.repositories, is_away=True)
    if not cache.add(_REFRESHING, True, timeout=int(2 * seconds)):
        return known
    try:
        return refresh(known, sign=sign, seconds=seconds)
    except (RegistryAway, AuthorityError) as error:
        logger.warning("the registry's catalog cannot be read: %s", error)
        cache.set(_AWAY, True, timeout=30)
        return Listing(known.seen_at, known.repositories, is_away=True)
    finally:
        cache.delete(_REFRESHING)


def refresh(known: Listing, *, sign: Signs, seconds: float) -> Listing:
    """Asks the registry anew and remembers the answer.

    Args:
        known: what was seen before, whose contents need not be asked for again.
        seconds: after how long contents are no longer asked for; they follow the next time.

    Raises:
        RegistryAway
        AuthorityError: nothing can be signed.
    """
    deadline = time.monotonic() + seconds
    client = Client(settings.REGISTRY_URL, sign=sign)
    contents = known.contents()
    repositories = {
        name: list(_tags(client, name, contents, deadline)) for name in client.repositories()
    }
    seen = Listing(timezone.now(), {name: tags for name, tags in repositories.items() if tags})
    cache.set(_LISTING, seen, timeout=None)
    return seen


def _tags(
    client: Client, repository: str, contents: dict[str, Content], deadline: float
) -> Iterator[Tag]:
    for name in sorted(client.tags(repository), key=_in_order, reverse=True):
        is_late = time.monotonic() > deadline
        yield Tag(name, None if is_late else _content(client, repository, name, contents))


def _content(
    client: Client, repository: str, tag: str, contents: dict[str, Content]
) -> Content | None:
    """What a tag stands for; None where this one's manifest cannot be read."""
    try:
        digest = client.digest(repository, tag)
        if digest not in contents:
            contents[digest] = client.content(repository, digest)
        return contents[digest]
    except RegistryAway as error:
        logger.warning("%s:%s cannot be read: %s", repository, tag, error)
        return None


def _in_order(tag: str) -> list[tuple[int, str]]:
    """By the numbers in a version: 2025.1.10 comes after 2025.1.9, and ``latest`` last of all."""
    return (
        [(1, "")]
        if tag == "latest"
        else [(0, part.zfill(12) if part.isdigit() else part) for part in tag.split(".")]
    )
