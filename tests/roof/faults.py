"""How does something break on cue, and heal again?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection

AWAY = OperationalError("connection refused")


def failing(error: Exception) -> Callable[..., None]:
    """A function that does nothing but raise the error."""

    def fail(*args: object, **options: object) -> None:
        raise error

    return fail


@contextmanager
def without_database(error: Exception = AWAY) -> Iterator[None]:
    """No query is answered, as when the server is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "ensure_connection", failing(error))
        yield
