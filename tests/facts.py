"""What does the database hold? For tests that ask whether anything changed, or was left behind."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection

from tests.canary import forms
from tokens import trail
from tokens.models import Event


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every model."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in models}


def proof() -> trail.Proof:
    """What the events prove; raises trail.Broken unless each company's chain holds as a whole."""
    events = Event.objects.order_by("company", "sequence")
    return trail.verify((event.line() for event in events), must_be_whole=True)


def places_of(secret: str) -> list[str]:
    """The columns of all tables that hold the secret, in whatever form somebody could read."""
    sought = forms(secret)
    return [place for place, value in _cells() if any(form in value for form in sought)]


def _cells() -> Iterator[tuple[str, bytes]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    yield f"{table}.{name}", _bytes(value)


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
