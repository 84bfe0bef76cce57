"""What does the registry tell of pulls?

After the distribution project's *notifications*: an envelope of events, sent at least once and out
of order, as ``…events.v1+json`` by 2.8 and ``.v2+json`` by 3.x. A HEAD of a manifest also says
``pull``, so pulls are counted by the method; layers say nothing of their own.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tokens.registry import scopes

LARGEST_ID = 64
LARGEST_NAME = 60
LARGEST_REFERENCE = 128  # the longest tag; a digest is shorter
LAYER = "application/octet-stream"


class Malformed(ValueError):
    """The body is no envelope of events."""


class Pulled(NamedTuple):
    """A manifest that was pulled: the event's id, whose token, of what, by tag or digest."""

    id: str
    username: str
    repository: str
    reference: str


def pulls(body: bytes) -> Iterator[Pulled]:
    """The pulls in an envelope; other actions, layers and events that make no sense are passed by.

    Raises:
        Malformed
    """
    try:
        events = json.loads(body)["events"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Malformed("this is no envelope of events") from error
    if not isinstance(events, list):
        raise Malformed("its events are no list")
    for event in events:
        if isinstance(event, dict) and (pulled := _pulled(event)):
            yield pulled


def _pulled(event: dict[str, Any]) -> Pulled | None:
    target, request = _object(event, "target"), _object(event, "request")
    is_pull = event.get("action") == "pull" and request.get("method") == "GET"
    if not is_pull or target.get("mediaType") == LAYER:
        return None
    found = Pulled(
        id=_text(event, "id"),
        username=_text(_object(event, "actor"), "name"),
        repository=_text(target, "repository"),
        reference=_text(target, "tag") or _text(target, "digest"),
    )
    return found if _is_sensible(found) else None


def _is_sensible(pulled: Pulled) -> bool:
    return (
        0 < len(pulled.id) <= LARGEST_ID
        and 0 < len(pulled.username) <= LARGEST_NAME
        and pulled.username.isprintable()
        and scopes.is_repository_name(pulled.repository)
        and 0 < len(pulled.reference) <= LARGEST_REFERENCE
        and pulled.reference.isprintable()
        and pulled.id.isprintable()
    )


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
