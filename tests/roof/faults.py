"""How does something break on cue, and heal again?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection
from psycopg.errors import ReadOnlySqlTransaction

AWAY = OperationalError("connection refused")

READ_ONLY = InternalError("cannot execute UPDATE in a read-only transaction")
READ_ONLY.__cause__ = ReadOnlySqlTransaction()


def failing(error: Exception) -> Callable[..., None]:
    """A function that does nothing but raise the error."""

    def fail(*args: object, **options: object) -> None:
        raise error

    return fail


@contextmanager
def unwritable_sessions(error: Exception) -> Iterator[None]:
    """Whatever is written into a session fails, as in a database that is locked or read-only."""

    def fail(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "django_session" in sql:
            raise error
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


@contextmanager
def without_database(error: Exception = AWAY) -> Iterator[None]:
    """No query is answered, as when the server is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "ensure_connection", failing(error))
        yield
