"""What has this process seen that is not written yet?

Gauges are counted in memory and written by a thread of the process, so that no answer waits for
them, or fails with them. Should the process be killed, what it has not written is lost, and nothing
else: these are no audit.
"""

import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic, NamedTuple, Protocol, TypeVar

from django.db import Error, close_old_connections, connection, transaction
from django.utils import timezone

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)

LOOKED_AT_EVERY = 0.5  # seconds
MOST_KEYS = 10_000  # beyond which a new key is not noted until others are written


class Note(NamedTuple):
    """How often something was seen that is not yet written, and when."""

    first_at: datetime
    last_at: datetime
    times: int

    def plus(self, other: "Note") -> "Note":
        return Note(
            min(self.first_at, other.first_at),
            max(self.last_at, other.last_at),
            self.times + other.times,
        )


Save = Callable[[Mapping[Key, Note]], None]


class Notebook(Generic[Key]):
    """The notes of one kind.

    Args:
        save: writes notes down, within a transaction.
        every: how often a key is written at most; in between it is counted in memory.
        is_durable: whether what is written outlasts a power cut a moment later. A gauge need not,
            since what waits to be written is lost then, too.
    """

    def __init__(
        self, save: Save[Key], *, every: timedelta = timedelta(0), is_durable: bool = True
    ) -> None:
        self._save = save
        self._every = every
        self._is_durable = is_durable
        self._lock = threading.Lock()
        self._notes: dict[Key, Note] = {}
        self._written_at: dict[Key, datetime] = {}
        self._tidied_at = datetime.min.replace(tzinfo=UTC)

    def note(self, key: Key, *, at: datetime) -> None:
        """Counts one. It never waits for the database."""
        self._add(key, Note(at, at, 1))

    def write(self, *, now: datetime) -> None:
        """Writes what is due: a new key at once, another when its time has passed.

        Raises:
            django.db.Error: nothing was written; the notes are kept.
        """
        since = now - self._every
        if not since < self._tidied_at <= now:
            # All of them only now and then: there may be a hundred thousand.
            self._written_at = {k: at for k, at in self._written_at.items() if since < at <= now}
            self._tidied_at = now

        def is_recent(key: Key) -> bool:
            # What was written in the future was written before the clock stepped back.
            at = self._written_at.get(key)
            return at is not None and since < at <= now

        self._write(self._take(but=is_recent), now=now)

    def write_everything(self) -> None:
        """Writes all that is noted, as a process does before it ends."""
        self._write(self._take(but=lambda _key: False), now=timezone.now())

    def _add(self, key: Key, note: Note) -> None:
        with self._lock:
            known = self._notes.get(key)
            if known is not None:
                self._notes[key] = known.plus(note)
            elif len(self._notes) < MOST_KEYS:
                self._notes[key] = note

    def _take(self, *, but: Callable[[Key], bool]) -> dict[Key, Note]:
        with self._lock:  # briefly, because answers wait for it
            due = [key for key in self._notes if not but(key)]
            return {key: self._notes.pop(key) for key in due}

    def _write(self, notes: dict[Key, Note], *, now: datetime) -> None:
        if not notes:
            return
        try:
            with transaction.atomic():
                if not self._is_durable:
                    _wait_for_no_disk()
                self._save(notes)
        except Error:
            for key, note in notes.items():
                self._add(key, note)
            raise
        if self._every:
            self._written_at.update(dict.fromkeys(notes, now))


def _wait_for_no_disk() -> None:
    """Lets PostgreSQL bring the transaction to the disk within a second, and goes on meanwhile.

    SQLite cannot be told so within a transaction, and would gain little.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")


class Kept(Protocol):
    """What is counted in memory and written now and then."""

    def write(self, *, now: datetime) -> None: ...

    def write_everything(self) -> None: ...


def keep_writing(kept: Iterable[Kept], stopping: threading.Event) -> None:
    """Writes what is due every half second until told to stop, then everything."""
    kept = list(kept)
    while not stopping.wait(LOOKED_AT_EVERY):
        for each in kept:
            _try_to(partial(each.write, now=timezone.now()))
    for each in kept:
        _try_to(each.write_everything)


def _try_to(write: Callable[[], None]) -> None:
    try:
        close_old_connections()
        write()
    except Error as error:
        logger.warning("notes are kept until the database answers: %s", error)
