"""Which part of a list is shown? Pages go by key, so that the last is as quick as the first."""

from functools import cached_property
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

ROWS = 50

Row = TypeVar("Row", bound=Model)


class Page(Generic[Row]):
    """A page of a list that stands newest first.

    Args:
        found: the whole list.
        older: what of it the page begins with; None for the first page.
        key: the attribute of its last row that the next page is asked for with.
    """

    COUNTED = 1000  # what is longer is not counted: it would be read to its end

    def __init__(
        self, found: "QuerySet[Row]", *, key: str, older: "QuerySet[Row] | None" = None
    ) -> None:
        rows = list((found if older is None else older)[: ROWS + 1])
        self._found = found
        self.rows = rows[:ROWS]
        self.is_first = older is None
        # Where others follow, what they are asked for with.
        self.before = getattr(rows[ROWS - 1], key) if len(rows) > ROWS else None

    @cached_property
    def count(self) -> int:
        """How long the list is, or one more than COUNTED where it is longer."""
        if self.is_first and self.before is None:
            return len(self.rows)
        # By their keys, so that nothing else is worked out of rows that are only counted.
        return self._found.values("pk")[: self.COUNTED + 1].count()

    @property
    def is_uncounted(self) -> bool:
        return self.count > self.COUNTED
