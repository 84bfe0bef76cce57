"""The portal, which notes how far each request came, for whoever kills it: one line each.

``<number of the attempt> begun <process>`` once the first statement about tokens has run in a
transaction, so that BEGIN has; ``<number> committed <process>`` after COMMIT.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from django.db import transaction
from django.db.backends.signals import connection_created

from portal.wsgi import application as portal

# Written at once, so that a killed process leaves all of its lines.
_notes = os.open(os.environ["FAULTS_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_current = threading.local()


def note(number: str, what: str) -> None:
    os.write(_notes, f"{number} {what} {os.getpid()}\n".encode())


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    _current.number = environ.get("HTTP_X_ATTEMPT", "")
    return portal(environ, start_response)


def _watch(connection: Any, **_: object) -> None:
    connection.execute_wrappers[:] = [_note_begin]


def _note_begin(
    execute: Callable[..., Any], sql: str, params: object, many: bool, context: dict[str, Any]
) -> Any:
    result = execute(sql, params, many, context)
    number = getattr(_current, "number", "")
    if number and "tokens_token" in sql and context["connection"].in_atomic_block:
        _current.number = ""
        note(number, "begun")
        transaction.on_commit(lambda: note(number, "committed"))
    return result


connection_created.connect(_watch)
