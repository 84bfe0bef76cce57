"""From where, with which client and how often is each token used?

A gauge, not audit: see ``tokens.models.notebook``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple, Self

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from tokens.models.notebook import Note, Notebook

WRITTEN_EVERY = timedelta(minutes=1)
NOWHERE = "::"  # the unspecified address, RFC 4291 section 2.5.2: no machine has it
Row = tuple[Any, ...]


class Place(NamedTuple):
    """Where a token was used: its key, the client's address ("" if unknown) and its name."""

    token_id: int
    address: str
    client: str


class UseQuerySet(models.QuerySet["Use"]):
    def newest_first(self) -> Self:
        return self.order_by("-last_at", "-pk")

    def outdated(self, since: datetime) -> Self:
        """Those of before, but for the last of each token: when that was is never forgotten."""
        at, key = OuterRef("last_at"), OuterRef("pk")
        later = Q(last_at__gt=at) | Q(last_at=at, pk__gt=key)
        newer = Use.objects.filter(later, token=OuterRef("token"))
        return self.filter(Exists(newer), last_at__lt=since)

    def addresses(self) -> int:
        """From how many addresses."""
        return self.values("address").distinct().order_by().count()


class Use(models.Model):
    """That a token was used from an address with a client. The newest one is its last use."""

    # The constraint's index begins with the token. No other is kept, not even by age: a use that is
    # written again then changes no index, and those that are too old are looked for in all of them.
    token = models.ForeignKey("Token", models.CASCADE, related_name="uses", db_index=False)
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

    @property
    def known_address(self) -> str | None:
        """None where the peer had none, as behind a proxy on a Unix socket that names nobody."""
        return None if self.address == NOWHERE else self.address

    @property
    def seen_from(self) -> str:
        """The address, as it stands in a sentence."""
        return self.known_address or _("an unknown address")

    @staticmethod
    def record(place: Place, *, at: datetime) -> None:
        """Counts a use; it is written at most once a minute for a place."""
        noted_uses.note(place, at=at)


# The ORM cannot add to a count on conflict.
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
# PostgreSQL is given all rows as columns: where a million tokens are each used once, a third of the
# work of a statement for each.
_COLUMNS = """
    SELECT * FROM unnest(
        %s::bigint[], %s::inet[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[]
    )
"""
# SQLite is given so many rows at once: before and after each statement the threads that answer take
# the interpreter from the one that writes, which costs as much as a row.
AT_ONCE = 100


def _save(notes: Mapping[Place, Note]) -> None:
    moment = connection.ops.adapt_datetimefield_value
    rows: list[Row] = []
    # Sorted, so that two processes take the locks in the same order.
    for (token_id, address, client), note in sorted(notes.items()):
        last_at = moment(note.last_at)
        first_at = last_at if note.times == 1 else moment(note.first_at)
        rows.append((token_id, address or NOWHERE, client, first_at, last_at, note.times))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(_ADD.format(rows=_COLUMNS), columns)
            return
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(some))
            cursor.execute(_ADD.format(rows=f"VALUES {values}"), list(chain.from_iterable(some)))


noted_uses = Notebook(_save, every=WRITTEN_EVERY, is_durable=False)
