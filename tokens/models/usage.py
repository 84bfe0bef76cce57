"""From where, with which client and how often is each token used?

These are gauges, not audit: aggregated and bounded. The realm only notes a use in memory; a thread
of the process writes the notes down, so that no answer ever waits for them. Should the process be
killed, the counts of its last minute are lost, and nothing else.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import Error, close_old_connections, connection, models, transaction
from django.utils import timezone

from tokens.models.tokens import Token

logger = logging.getLogger(__name__)

# A token and address is written at most this often; in between, uses are counted in memory.
WRITTEN_EVERY = timedelta(minutes=1)
LOOKED_AT_EVERY = 0.5  # seconds
MOST_PLACES = 10_000  # beyond which a new place is not noted until others are written


class UseQuerySet(models.QuerySet["Use"]):
    def of(self, token: Token) -> "UseQuerySet":
        return self.filter(token=token).order_by("-last_at")

    def addresses(self) -> int:
        """From how many addresses."""
        return self.values("address").distinct().order_by().count()


class Use(models.Model):
    """That a token was used from an address with a client."""

    token = models.ForeignKey(Token, models.CASCADE, related_name="uses")
    address = models.GenericIPAddressField()
    client = models.CharField(max_length=40)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    objects = UseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "address", "client"], name="one_use_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.address} with {self.client}"


class Place(NamedTuple):
    """Where a token was used: its key, the client's address ("" if unknown) and its name."""

    token_id: int
    address: str
    client: str


class Note(NamedTuple):
    """The uses of a place that are not yet written."""

    first_at: datetime
    last_at: datetime
    times: int

    def plus(self, other: "Note") -> "Note":
        return Note(
            min(self.first_at, other.first_at),
            max(self.last_at, other.last_at),
            self.times + other.times,
        )


class Notebook:
    """The uses that this process has seen and not yet written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[Place, Note] = {}
        self._written_at: dict[Place, datetime] = {}

    def note(self, place: Place, *, at: datetime) -> None:
        """Counts one use. It never waits for the database."""
        self._add(place, Note(at, at, 1))

    def write(self, *, now: datetime) -> None:
        """Writes what is due: a new place at once, another when a minute has passed.

        Raises:
            django.db.Error: nothing was written; the notes are kept.
        """
        self._write(self._take(due_at=now), now=now)

    def write_everything(self) -> None:
        """Writes all that is noted, as a process does before it ends."""
        self._write(self._take(due_at=None), now=timezone.now())

    def _add(self, place: Place, note: Note) -> None:
        with self._lock:
            known = self._notes.get(place)
            if known is not None:
                self._notes[place] = known.plus(note)
            elif len(self._notes) < MOST_PLACES:
                self._notes[place] = note

    def _take(self, *, due_at: datetime | None) -> dict[Place, Note]:
        recent: dict[Place, datetime] = {}
        if due_at is not None:
            since = due_at - WRITTEN_EVERY
            # What was written in the future was written before the clock stepped back.
            recent = {p: at for p, at in self._written_at.items() if since < at <= due_at}
            self._written_at = recent
        with self._lock:  # briefly, because answers wait for it
            due = [place for place in self._notes if place not in recent]
            return {place: self._notes.pop(place) for place in due}

    def _write(self, notes: dict[Place, Note], *, now: datetime) -> None:
        if not notes:
            return
        try:
            with transaction.atomic():
                _save(notes)
        except Error:
            for place, note in notes.items():
                self._add(place, note)
            raise
        with self._lock:
            self._written_at.update(dict.fromkeys(notes, now))


notebook = Notebook()


def keep_writing(stopping: threading.Event) -> None:
    """Writes what is due every half second until told to stop, then everything."""
    while not stopping.wait(LOOKED_AT_EVERY):
        _try_to(lambda: notebook.write(now=timezone.now()))
    _try_to(notebook.write_everything)


def _try_to(write: Callable[[], None]) -> None:
    close_old_connections()
    try:
        write()
    except Error as error:
        logger.warning("uses are kept until the database answers: %s", error)


# One statement on SQLite and PostgreSQL alike; the ORM cannot add to a count on conflict.
_SAVE_USE = """
    INSERT INTO tokens_use (token_id, address, client, first_at, last_at, count)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (token_id, address, client) DO UPDATE SET
        first_at = CASE WHEN excluded.first_at < tokens_use.first_at
                   THEN excluded.first_at ELSE tokens_use.first_at END,
        last_at = CASE WHEN excluded.last_at > tokens_use.last_at
                  THEN excluded.last_at ELSE tokens_use.last_at END,
        count = tokens_use.count + excluded.count
"""


def _save(notes: dict[Place, Note]) -> None:
    # Sorted, so that two processes take the locks in the same order.
    ordered = sorted(notes.items())
    adapt = connection.ops.adapt_datetimefield_value
    rows = [
        (*place, adapt(note.first_at), adapt(note.last_at), note.times)
        for place, note in ordered
        if place.address
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_SAVE_USE, rows)
    _save_last_uses(notes)


# The ORM would compose it anew for each token.
_SAVE_LAST_USE = """UPDATE tokens_token
    SET last_used_at = %s, last_used_address = %s, last_used_client = %s
    WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
"""


def _save_last_uses(notes: dict[Place, Note]) -> None:
    adapt = connection.ops.adapt_datetimefield_value
    latest = {place.token_id: (place, note) for place, note in sorted(notes.items(), key=_last_at)}
    rows = [
        (adapt(note.last_at), place.address or None, place.client, token_id, adapt(note.last_at))
        for token_id, (place, note) in sorted(latest.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_SAVE_LAST_USE, rows)


def _last_at(noted: tuple[Place, Note]) -> datetime:
    return noted[1].last_at
