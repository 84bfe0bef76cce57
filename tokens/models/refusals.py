"""What was refused to each token, why, and from where?

A gauge, not audit: see ``tokens.models.notebook``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Self

from django.db import connection, models

from tokens.models.notebook import Note, Notebook
from tokens.models.standing import Reason
from tokens.models.tokens import Token


class Attempt(NamedTuple):
    """What was tried: with which token (0 for nobody's), why it was refused, from which address.

    ``repository`` is what was asked for and not given, "" where the log-in itself was refused.
    """

    token_id: int
    reason: Reason
    address: str
    repository: str = ""


class RefusalQuerySet(models.QuerySet["Refusal"]):
    def of(self, token: Token) -> Self:
        return self.filter(token=token).order_by("-hour", "-count")


class Refusal(models.Model):
    """That attempts of one kind were refused within an hour."""

    token = models.ForeignKey(Token, models.CASCADE, related_name="refusals")
    reason = models.CharField(max_length=12, choices=Reason.choices)
    address = models.GenericIPAddressField()
    repository = models.CharField(max_length=255, blank=True)
    hour = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    objects = RefusalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token", "reason", "address", "repository", "hour"],
                name="one_refusal_per_hour",
            )
        ]
        indexes = [models.Index(fields=["hour"], name="refusals_by_age")]

    def __str__(self) -> str:
        return f"{self.reason} from {self.address}"

    @staticmethod
    def record(attempt: Attempt, *, at: datetime) -> None:
        """Counts a refused attempt in its hour."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        noted_refusals.note((attempt, hour), at=at)


_ADD = """
    INSERT INTO tokens_refusal (token_id, reason, address, repository, hour, count)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (token_id, reason, address, repository, hour)
    DO UPDATE SET count = tokens_refusal.count + excluded.count
"""


def _save(notes: Mapping[tuple[Attempt, datetime], Note]) -> None:
    moment = connection.ops.adapt_datetimefield_value
    # Sorted, so that two processes take the locks in the same order.
    rows = [
        (*attempt, moment(hour), note.times)
        for (attempt, hour), note in sorted(notes.items())
        if attempt.token_id and attempt.address
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_ADD, rows)


noted_refusals = Notebook(_save, is_durable=False)
