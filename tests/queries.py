"""How often is the database asked, through Django or, as the realm does, through the driver?"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.utils import CaptureQueriesContext

AssertQueries = Callable[[int], AbstractContextManager[list[str]]]


class Spy:
    """A driver's connection that notes what it is asked."""

    def __init__(self, inner: Any, asked: list[str]) -> None:
        vars(self).update(inner=inner, asked=asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.inner, name, value)

    def execute(self, query: str, parameters: Any) -> Any:
        self.asked.append(query)
        return self.inner.execute(query, parameters)


@pytest.fixture
def assert_queries(db: None) -> AssertQueries:
    """Fails unless the database is asked that often; what it is asked is in the list."""

    @contextmanager
    def asserting(number: int) -> Iterator[list[str]]:
        asked: list[str] = []
        connection = connections[DEFAULT_DB_ALIAS]
        with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as captured:
            patch.setattr(connection, "connection", Spy(connection.connection, asked))
            yield asked
        asked += [query["sql"] for query in captured.captured_queries]
        assert len(asked) == number, asked

    return asserting
