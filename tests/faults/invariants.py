"""Does a history agree with what the database holds? I1 to I7 of the portal, as a pure function.

* I1 what was answered is there;
* I2 a token exists exactly when its event does, and each deed left exactly one;
* I3 at most one token for a nonce, and its secret is shown once;
* I4 the chain of events verifies;
* I5 a secret that was shown works until it is revoked;
* I6 no request to the realm that begins after a revocation's answer is granted;
* I7 no secret is at rest anywhere.

And nothing is answered but what is documented: the deed done, or 503.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from tests.faults.history import NEVER, Ask, Deed, History
from tokens import trail

GRANTED, REFUSED, AWAY, BROKEN = 200, 401, 503, 0


class Violation(NamedTuple):
    """Which invariant does not hold, and where."""

    invariant: str
    what: str


@dataclass(frozen=True)
class Row:
    """A token as the database holds it."""

    company: str
    username: str
    nonce: str
    description: str
    is_revoked: bool


@dataclass(frozen=True)
class Found:
    """What was there after the restart: tokens, events in the order of their chains, leaks.

    ``leaks`` names the files and columns in which a secret stands.
    """

    tokens: list[Row]
    events: list[dict[str, Any]]
    leaks: list[str]

    def by_username(self) -> dict[str, Row]:
        return {row.username: row for row in self.tokens}

    def about(self, action: str) -> dict[str, list[dict[str, Any]]]:
        """The events of a kind, by the username of their token."""
        events = defaultdict(list)
        for event in self.events:
            if event["action"] == action:
                events[event["object"]["id"]].append(event)
        return events


Checks = Callable[[History, Found], Iterator[Violation]]


def check(history: History, found: Found) -> list[Violation]:
    """Everything in which they do not agree."""
    return [violation for each in ALL for violation in each(history, found)]


def answered_is_there(history: History, found: Found) -> Iterator[Violation]:
    rows, described = found.by_username(), found.about("token.described")
    for each in (attempt for attempt in history.attempts if attempt.done):
        row = rows.get(each.username)
        if row is None:
            yield Violation("I1", f"{each.username} is lost: its {each.deed} was answered")
        elif each.deed is Deed.REVOKE and not row.is_revoked:
            yield Violation("I1", f"the revocation of {each.username} is lost")
        elif each.deed is Deed.DESCRIBE and each.description not in _texts(described[row.username]):
            yield Violation("I1", f"a description of {each.username} is lost")


def _texts(described: list[dict[str, Any]]) -> list[str]:
    return [event["details"]["after"] for event in described]


def deeds_left_one_event(history: History, found: Found) -> Iterator[Violation]:
    rows, requested = found.by_username(), found.about("token.requested")
    revoked, described = found.about("token.revoked"), found.about("token.described")
    for username in requested.keys() - rows.keys():
        yield Violation("I2", f"{username} has an event and is no token")
    for username, row in rows.items():
        for events, expected, deed in (
            (requested[username], 1, "requested"),
            (revoked[username], int(row.is_revoked), "revoked"),
        ):
            if len(events) != expected:
                yield Violation("I2", f"{username}: {len(events)} events say that it was {deed}")
        yield from _descriptions_follow(row, described[username])


def _descriptions_follow(row: Row, described: list[dict[str, Any]]) -> Iterator[Violation]:
    details = [event["details"] for event in described]
    if any(one["after"] != other["before"] for one, other in pairwise(details)):
        yield Violation("I2", f"{row.username}: a description changed without an event")
    if details and details[-1]["after"] != row.description:
        yield Violation("I2", f"{row.username}: its description is not that of its last event")
    if any(times > 1 for times in Counter(_texts(described)).values()):
        yield Violation("I2", f"{row.username}: one description left two events")


def nonces_make_one_token(history: History, found: Found) -> Iterator[Violation]:
    stored = Counter((row.company, row.nonce) for row in found.tokens)
    for (_company, nonce), times in stored.items():
        if times > 1:
            yield Violation("I3", f"{times} tokens were made for the nonce {nonce}")
    told, shown = defaultdict(set), Counter[str]()
    for each in history.done(Deed.REQUEST):
        told[each.nonce].add(each.username)
        shown[each.nonce] += bool(each.secret)
    for nonce, usernames in told.items():
        if len(usernames) > 1:
            yield Violation("I3", f"the nonce {nonce} was answered with {sorted(usernames)}")
        if shown[nonce] > 1:
            yield Violation("I3", f"the nonce {nonce} was shown {shown[nonce]} secrets")


def chain_verifies(history: History, found: Found) -> Iterator[Violation]:
    try:
        trail.verify(found.events, must_be_whole=True)
    except trail.Broken as broken:
        yield Violation("I4", str(broken))


def shown_secrets_work(history: History, found: Found) -> Iterator[Violation]:
    asks, revoking = _by_username(history), history.revoking_at()
    for username in history.shown():
        before = [
            ask.status for ask in asks[username] if ask.ended_at < revoking.get(username, NEVER)
        ]
        refused = set(before) - {GRANTED, AWAY, BROKEN}
        if refused:
            yield Violation("I5", f"the secret shown for {username} was answered {refused}")
        elif GRANTED not in before:
            yield Violation("I5", f"nobody saw the secret shown for {username} work")


def _by_username(history: History) -> dict[str, list[Ask]]:
    asks = defaultdict(list)
    for ask in history.asks:
        asks[ask.username].append(ask)
    return asks


def revoked_is_refused(history: History, found: Found) -> Iterator[Violation]:
    for ask in history.asks_after_revocation():
        if ask.status not in {REFUSED, AWAY, BROKEN}:
            yield Violation("I6", f"{ask.username} was answered {ask.status} after its revocation")


def secrets_are_nowhere(history: History, found: Found) -> Iterator[Violation]:
    for place in found.leaks:
        yield Violation("I7", f"a secret is at rest in {place}")


def answers_are_documented(history: History, found: Found) -> Iterator[Violation]:
    for each in history.attempts:
        if each.was_answered and not each.done and each.status != AWAY:
            yield Violation("answers", f"a {each.deed} was answered {each.status}")
    others = {ask.status for ask in history.asks} - {GRANTED, REFUSED, AWAY, BROKEN}
    for status in sorted(others):
        yield Violation("answers", f"the realm answered {status}")


ALL: tuple[Checks, ...] = (
    answered_is_there,
    deeds_left_one_event,
    nonces_make_one_token,
    chain_verifies,
    shown_secrets_work,
    revoked_is_refused,
    secrets_are_nowhere,
    answers_are_documented,
)
