"""How are machines refused? In the error body of the OCI distribution specification."""

import hmac
import logging
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError

from tokens.models.outage import StillAway, is_of_database, leave_broken_connection
from tokens.registry.authority import AuthorityError

logger = logging.getLogger(__name__)

Door = Callable[[HttpRequest], HttpResponse]


class Refusal(Exception):
    """An answer that gives nothing: a status, one of the specification's codes, and a sentence.

    ``outcome`` is what the metrics count it as.
    """

    def __init__(
        self, status: int, code: str, message: str, *, outcome: str = "malformed", **headers: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.outcome = outcome
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answering(*methods: str) -> Callable[[Door], Door]:
    """A door for these methods, which answers in all circumstances.

    Refusals become answers; so do a database or a signing authority that is away (503), a client
    that went away (400) and what nobody thought of (500, with a line in the log).
    """
    usable = f"use {' or '.join(methods)}"
    not_allowed = Refusal(405, "UNSUPPORTED", usable, Allow=", ".join(methods))

    def decorate(door: Door) -> Door:
        @wraps(door)
        def answer(request: HttpRequest) -> HttpResponse:
            if request.method not in methods:
                return refused(not_allowed)
            try:
                return door(request)
            except Refusal as refusal:
                return refused(refusal)
            except Exception as error:  # whatever it is, the machine gets its answer
                leave_broken_connection()
                return refused(_refusal_of(error))

        return answer

    return decorate


def _refusal_of(error: Exception) -> Refusal:
    if isinstance(error, UnreadablePostError):
        return Refusal(400, "UNSUPPORTED", "the request ended early")
    if is_of_database(error) or isinstance(error, AuthorityError):
        if not isinstance(error, StillAway):
            logger.error("a machine cannot be answered: %s", error)
        message = "the portal cannot answer right now; try again"
        return Refusal(503, "UNAVAILABLE", message, Retry_After="5")
    logger.error("a machine cannot be answered", exc_info=error)
    return Refusal(500, "UNKNOWN", "something broke on our side; try again")


def refused(refusal: Refusal) -> JsonResponse:
    error = {"code": refusal.code, "message": refusal.message, "detail": None}
    return JsonResponse({"errors": [error]}, status=refusal.status, headers=refusal.headers)


def bears(request: HttpRequest, secret: str) -> bool:
    """Whether the request carries the secret as a bearer token (RFC 6750); never where it is ""."""
    header = request.headers.get("Authorization", "")
    is_equal = hmac.compare_digest(header.encode(), f"Bearer {secret}".encode())
    return is_equal and bool(secret)
