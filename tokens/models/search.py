"""Which tokens have a rare word in their description or username? An index by trigrams knows.

What stands in many tokens is found sooner by reading a list from its begin.
"""

from django.db import connection, models
from django.db.models import Q

RARE = 500  # tokens
SHORTEST = 3  # letters, of which a trigram is made

_SQLITE = "SELECT rowid FROM tokens_search WHERE tokens_search MATCH %s LIMIT %s"


def has(word: str) -> Q:
    """That a token has the word, in letters of whatever case."""
    return Q(description__icontains=word) | Q(username__icontains=word)


def keys(word: str, *, among: "models.QuerySet[models.Model]") -> list[int] | None:
    """The keys of all tokens that have a rare word, and perhaps of some more; None of a common one.

    Args:
        among: all tokens, of whatever company.
    """
    if len(word) < SHORTEST:
        return None
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(_SQLITE, (f'"{word.replace(chr(34), chr(34) * 2)}"', RARE + 1))
            found = [key for (key,) in cursor.fetchall()]
    else:
        found = list(among.filter(has(word)).order_by().values_list("pk", flat=True)[: RARE + 1])
    return found if len(found) <= RARE else None
