"""What does a client ask for?

The grammar is that of the distribution project's *token scope documentation*:
``type["("class")"] ":" name ":" action{"," action}``. A name may itself contain one ``:``
(``host:5000/acme/app``), so the first field is the type, the last is the actions, and everything
between is the name.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

MOST_NAMES = 50

_TYPE = re.compile(r"([a-z0-9]+)(?:\(([a-z0-9]+)\))?")
_ACTIONS = re.compile(r"(?:[a-z]+|\*)?(?:,(?:[a-z]+|\*)?)*")

# A repository's name, after distribution's reference grammar: an optional host with a port, then
# path components of lower-case letters and digits, separated by ".", "_", "__" or dashes.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_REPOSITORY = re.compile(rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*")
_LONGEST_NAME = 255


class TooManyNames(ValueError):
    """More distinct names than a grant has room for: header lines over 8 kB are refused."""


class Resource(NamedTuple):
    """What an action is done to: its type, class ("" as a rule) and name, as written."""

    type: str
    kind: str
    name: str


Wanted = dict[Resource, set[str]]


def parse(items: Iterable[str]) -> Wanted:
    """The actions asked for on each resource, in the order of asking.

    Each item may hold several scopes, separated by spaces; entries for one resource are merged;
    a malformed scope is ignored.

    Raises:
        TooManyNames: more than 50 distinct resources.
    """
    wanted: Wanted = {}
    for scope in (part for item in items for part in item.split(" ") if part):
        _add(scope, wanted)
    return wanted


def _add(scope: str, wanted: Wanted) -> None:
    head, colon, actions = scope.rpartition(":")
    type_, second_colon, name = head.partition(":")
    match = _TYPE.fullmatch(type_)
    if not (colon and second_colon and name and match and _ACTIONS.fullmatch(actions)):
        return
    resource = Resource(match[1], match[2] or "", name)
    wanted.setdefault(resource, set()).update(filter(None, actions.split(",")))
    if len(wanted) > MOST_NAMES:
        raise TooManyNames(f"a request may name at most {MOST_NAMES} resources")


def is_repository_name(name: str) -> bool:
    """Whether distribution would take it as the name of a repository."""
    return len(name) <= _LONGEST_NAME and _REPOSITORY.fullmatch(name) is not None


def covers(pattern: str, name: str) -> bool:
    """Whether the pattern is the repository's name, or a prefix and ``/*`` above it."""
    if pattern.endswith("/*"):
        return name.startswith(pattern[:-1])
    return name == pattern
