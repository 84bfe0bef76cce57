"""From where, with which client and how often is each token used?

A gauge, not audit: see ``tokens.models.notebook``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple, Self

from django.db import connection, models

from tokens.models.notebook import Note, Notebook
from tokens.models.tokens import Token

WRITTEN_EVERY = timedelta(minutes=1)
Row = tuple[Any, ...]


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

    # The constraint's index begins with the token. No other is kept, not even by age: a use that is
    # written again then changes no index, and those that are too old are looked for in all of them.
    token = models.ForeignKey(Token, models.CASCADE, related_name="uses", db_index=False)
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

    @staticmethod
    def record(place: Place, *, at: datetime) -> None:
        """Counts a use; it is written at most once a minute for a place."""
        noted_uses.note(place, at=at)


# The ORM can neither add to a count on conflict nor save many moments in one statement.
_ADD = """
    INSERT INTO tokens_use (token_id, address, client, first_at, last_at, count)
    {rows}
    ON CONFLICT (token_id, address, client) DO UPDATE SET
        first_at = CASE WHEN excluded.first_at < tokens_use.first_at
                   THEN excluded.first_at ELSE tokens_use.first_at END,
        last_at = CASE WHEN excluded.last_at > tokens_use.last_at
                  THEN excluded.last_at ELSE tokens_use.last_at END,
        count = tokens_use.count + excluded.count
"""
_SAVE_LAST = """
    WITH seen (id, at, address, client) AS ({rows})
    UPDATE tokens_token
    SET last_used_at = seen.at, last_used_address = seen.address, last_used_client = seen.client
    FROM seen
    WHERE tokens_token.id = seen.id AND (last_used_at IS NULL OR last_used_at < seen.at)
"""
# PostgreSQL is given all rows as columns: where a million tokens are each used once, a third of the
# work of a statement for each.
_COLUMNS = {
    _ADD: "SELECT * FROM unnest(%s::bigint[], %s::inet[], %s::text[],"
    " %s::timestamptz[], %s::timestamptz[], %s::bigint[])",
    _SAVE_LAST: "SELECT given.*"
    " FROM unnest(%s::bigint[], %s::timestamptz[], %s::inet[], %s::text[])"
    " AS given (id, at, address, client) JOIN tokens_token USING (id)"
    " ORDER BY id FOR NO KEY UPDATE OF tokens_token",
}
# SQLite is given so many rows at once: before and after each statement the threads that answer take
# the interpreter from the one that writes, which costs as much as a row.
AT_ONCE = 100


def _save(notes: Mapping[Place, Note]) -> None:
    moment = connection.ops.adapt_datetimefield_value
    latest: dict[int, Row] = {}
    rows: list[Row] = []
    # Sorted, so that two processes take the locks in the same order.
    for place, note in sorted(notes.items()):
        last_at = moment(note.last_at)
        if place.address:
            first_at = last_at if note.times == 1 else moment(note.first_at)
            rows.append((*place, first_at, last_at, note.times))
        known = latest.get(place.token_id)
        if known is None or known[1] <= last_at:
            latest[place.token_id] = (place.token_id, last_at, place.address or None, place.client)
    _run(_ADD, rows)
    _run(_SAVE_LAST, list(latest.values()))


def _run(statement: str, rows: list[Row]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(statement.format(rows=_COLUMNS[statement]), columns)
            return
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            row = f"({', '.join(['%s'] * len(some[0]))})"
            values = f"VALUES {', '.join([row] * len(some))}"
            cursor.execute(statement.format(rows=values), list(chain.from_iterable(some)))


noted_uses = Notebook(_save, every=WRITTEN_EVERY, is_durable=False)
