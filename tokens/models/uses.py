"""From where, with which client and how often is each token used?

A gauge, not audit: see ``tokens.models.notebook``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from django.db import connection, models

from tokens.models.notebook import Note, Notebook
from tokens.models.tokens import Token

WRITTEN_EVERY = timedelta(minutes=1)


class Place(NamedTuple):
    """Where a token was used: its key, the client's address ("" if unknown) and its name."""

    token_id: int
    address: str
    client: str


class UseQuerySet(models.QuerySet["Use"]):
    def of(self, token: Token) -> Self:
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
        indexes = [models.Index(fields=["last_at"], name="uses_by_age")]

    def __str__(self) -> str:
        return f"{self.address} with {self.client}"

    @staticmethod
    def record(place: Place, *, at: datetime) -> None:
        """Counts a use; it is written at most once a minute for a place."""
        noted_uses.note(place, at=at)


# One statement on SQLite and PostgreSQL alike; the ORM cannot add to a count on conflict.
_ADD = """
    INSERT INTO tokens_use (token_id, address, client, first_at, last_at, count)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (token_id, address, client) DO UPDATE SET
        first_at = CASE WHEN excluded.first_at < tokens_use.first_at
                   THEN excluded.first_at ELSE tokens_use.first_at END,
        last_at = CASE WHEN excluded.last_at > tokens_use.last_at
                  THEN excluded.last_at ELSE tokens_use.last_at END,
        count = tokens_use.count + excluded.count
"""
# The ORM would compose it anew for each token.
_SAVE_LAST = """UPDATE tokens_token
    SET last_used_at = %s, last_used_address = %s, last_used_client = %s
    WHERE id = %s AND (last_used_at IS NULL OR last_used_at < %s)
"""


def _save(notes: Mapping[Place, Note]) -> None:
    moment = connection.ops.adapt_datetimefield_value
    # Sorted, so that two processes take the locks in the same order.
    rows = [
        (*place, moment(note.first_at), moment(note.last_at), note.times)
        for place, note in sorted(notes.items())
        if place.address
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)
    _save_last(notes)


def _save_last(notes: Mapping[Place, Note]) -> None:
    moment = connection.ops.adapt_datetimefield_value
    latest = {place.token_id: (place, note) for place, note in sorted(notes.items(), key=_last_at)}
    rows = [
        (moment(note.last_at), place.address or None, place.client, token_id, moment(note.last_at))
        for token_id, (place, note) in sorted(latest.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_SAVE_LAST, rows)


def _last_at(noted: tuple[Place, Note]) -> datetime:
    return noted[1].last_at


noted_uses = Notebook(_save, every=WRITTEN_EVERY)
