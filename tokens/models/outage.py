"""Is the database away? Then machines are told at once.

Whoever needs a connection waits for one up to 0.8 s. If every request did, those that queue behind
them would wait much longer, so while it lasts one request a second finds out whether it is over.
"""

import time
from types import TracebackType

from django.db import OperationalError, connection
from psycopg_pool import PoolTimeout

TRIED_EVERY = 1  # seconds


def leave_broken_connection() -> None:
    """Machines' threads keep their connection from one request to the next, unless it broke."""
    if connection.errors_occurred:
        connection.close_if_unusable_or_obsolete()


class StillAway(OperationalError):
    """No connection was to be had a moment ago, and this request did not try."""


class Outage:
    """Around what needs a connection; raises StillAway where it is not worth a try."""

    def __init__(self) -> None:
        self._next_try: float | None = None

    def __enter__(self) -> None:
        if self._next_try is None:
            return
        if time.monotonic() < self._next_try:
            raise StillAway("the database is still away")
        self._goes_on()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._next_try = None
        elif isinstance(error.__cause__, PoolTimeout):
            self._goes_on()

    def _goes_on(self) -> None:
        self._next_try = time.monotonic() + TRIED_EVERY


outage = Outage()
