"""What did each token pull?

The registry says so (``tokens.registry.notifications``), at least once for each pull. A gauge, not
audit: see ``tokens.models.notebook``.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from django.db import connection, models

from tokens.models.notebook import Note, Notebook
from tokens.models.tokens import Token
from tokens.registry.notifications import Pulled


class PullQuerySet(models.QuerySet["Pull"]):
    def of(self, token: Token) -> Self:
        return self.filter(token=token).order_by("-last_at")


class Pull(models.Model):
    """That a token pulled a manifest of a repository, by tag or digest, on a day (UTC)."""

    token = models.ForeignKey(Token, models.CASCADE, related_name="pulls")
    repository = models.CharField(max_length=255)
    reference = models.CharField(max_length=128)
    day = models.DateField()
    last_at = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    objects = PullQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token", "repository", "reference", "day"], name="one_pull_per_day"
            )
        ]
        indexes = [models.Index(fields=["day"], name="pulls_by_age")]

    def __str__(self) -> str:
        return f"{self.repository} {self.reference}"

    @staticmethod
    def record(pulled: Pulled, *, at: datetime) -> None:
        """Counts a pull once, however often the registry tells of it."""
        noted_pulls.note(pulled, at=at)


class Notification(models.Model):
    """A pull of which the registry has told: it may tell of it again."""

    id = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id


class _Day(NamedTuple):
    """What pulls are counted by."""

    username: str
    repository: str
    reference: str
    day: date


_REMEMBER = "INSERT INTO tokens_notification (id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_ADD = """
    INSERT INTO tokens_pull (token_id, repository, reference, day, last_at, count)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (token_id, repository, reference, day)
    DO UPDATE SET
        last_at = CASE WHEN excluded.last_at > tokens_pull.last_at
                  THEN excluded.last_at ELSE tokens_pull.last_at END,
        count = tokens_pull.count + excluded.count
"""


def _save(notes: Mapping[Pulled, Note]) -> None:
    days: Counter[_Day] = Counter()
    last_at: dict[_Day, datetime] = {}
    with connection.cursor() as cursor:
        for pulled, note in sorted(notes.items()):
            if _is_first(cursor, pulled, note):
                day = _Day(*pulled[1:], day=note.first_at.date())
                days[day] += 1
                last_at[day] = max(note.last_at, last_at.get(day, note.last_at))
        ids = _token_ids(days)
        rows = [
            (ids[d.username], d.repository, d.reference, _date(d.day), _moment(last_at[d]), times)
            for d, times in sorted(days.items())
            if d.username in ids
        ]
        cursor.executemany(_ADD, rows)


def _is_first(cursor: Any, pulled: Pulled, note: Note) -> bool:
    cursor.execute(_REMEMBER, (pulled.id, _moment(note.first_at)))
    return bool(cursor.rowcount == 1)


def _token_ids(days: Mapping[_Day, int]) -> dict[str, int]:
    """The keys of the tokens; the portal's own name, for one, is none."""
    usernames = {day.username for day in days}
    return dict(Token.objects.filter(username__in=usernames).values_list("username", "pk"))


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _date(day: date) -> Any:
    return connection.ops.adapt_datefield_value(day)


noted_pulls = Notebook(_save, is_durable=False)
