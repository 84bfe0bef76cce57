"""Is the database away? Then machines are told at once.

Whoever needs a connection waits for one up to 0.8 s. If every request did, those that queue behind
them would wait much longer, so while it lasts one request a second finds out whether it is over.
"""

import time
from types import TracebackType

from django.db import InterfaceError, OperationalError, connection
from psycopg.errors import ReadOnlySqlTransaction
from psycopg_pool import PoolTimeout

TRIED_EVERY = 1  # seconds


def is_of_database(error: BaseException | None) -> bool:
    """Whether the database is away or busy, or cannot be written, and nothing is wrong with us.

    A replica that has not been promoted yet is read-only: an internal error, as PostgreSQL says it.
    """
    is_read_only = error is not None and isinstance(error.__cause__, ReadOnlySqlTransaction)
    return isinstance(error, OperationalError | InterfaceError) or is_read_only


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
