"""What was sent to the portal, and what was answered: all that its people and machines know."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

NEVER = float("inf")


class Deed(StrEnum):
    REQUEST = "request"
    DESCRIBE = "describe"
    REVOKE = "revoke"


@dataclass
class Attempt:
    """One form that was posted, at most once answered.

    ``done`` says whether the answer was that the deed is done; ``username`` and ``secret`` are what
    the answer to a request showed.
    """

    number: int
    deed: Deed
    sent_at: float
    nonce: str = ""
    username: str = ""
    description: str = ""
    answered_at: float = NEVER
    status: int = 0
    done: bool = False
    secret: str = ""

    @property
    def was_answered(self) -> bool:
        return self.answered_at < NEVER


@dataclass(frozen=True)
class Ask:
    """One machine that logged in at the realm; status 0 where the connection broke."""

    username: str
    begun_at: float
    ended_at: float
    status: int

    @property
    def seconds(self) -> float:
        return self.ended_at - self.begun_at


@dataclass
class History:
    """The record of one run; several threads write into it."""

    attempts: list[Attempt] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def joined(cls, histories: "list[History]") -> "History":
        """All that was sent and answered in several of them, to be counted."""
        attempts = [attempt for each in histories for attempt in each.attempts]
        return cls(attempts, [ask for each in histories for ask in each.asks])

    def send(self, deed: Deed, *, at: float, **facts: str) -> Attempt:
        """Notes what is about to be sent; whoever sends it adds the answer."""
        with self._lock:
            attempt = Attempt(next(self._numbers), deed, at, **facts)
            self.attempts.append(attempt)
        return attempt

    def done(self, deed: Deed) -> list[Attempt]:
        return [each for each in self.attempts if each.deed is deed and each.done]

    def shown(self) -> dict[str, str]:
        """The secrets that people were shown, by username."""
        return {each.username: each.secret for each in self.attempts if each.secret}

    def revoked_at(self) -> dict[str, float]:
        """When the first answer came that a token is revoked, by username."""
        return _earliest((each.username, each.answered_at) for each in self.done(Deed.REVOKE))

    def revoking_at(self) -> dict[str, float]:
        """When somebody first began to revoke it, answered or not, by username."""
        sent = (each for each in self.attempts if each.deed is Deed.REVOKE)
        return _earliest((each.username, each.sent_at) for each in sent)

    def asks_after_revocation(self) -> list[Ask]:
        """Those that began after the revocation had been answered."""
        revoked = self.revoked_at()
        return [ask for ask in self.asks if ask.begun_at > revoked.get(ask.username, NEVER)]


def _earliest(moments: Iterable[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, at in moments:
        found[name] = min(at, found.get(name, NEVER))
    return found
