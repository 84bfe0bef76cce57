"""How are machines refused? In the error body of the OCI distribution specification."""

import hmac
import logging
from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from tokens.models.outage import StillAway
from tokens.registry.authority import AuthorityError

logger = logging.getLogger(__name__)

Door = Callable[[HttpRequest], HttpResponseBase]


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


def answering(door: Door) -> Door:
    """Turns refusals into answers; 503 where the database or the signing authority is away."""

    @wraps(door)
    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            return door(request)
        except Refusal as refusal:
            return refused(refusal)
        except StillAway:
            return refused(_unavailable())
        except (OperationalError, InterfaceError, AuthorityError) as error:
            logger.error("a machine cannot be answered: %s", error)
            return refused(_unavailable())

    return answer


def refused(refusal: Refusal) -> JsonResponse:
    error = {"code": refusal.code, "message": refusal.message, "detail": None}
    headers = {"Cache-Control": "no-store"} | refusal.headers
    return JsonResponse({"errors": [error]}, status=refusal.status, headers=headers)


def _unavailable() -> Refusal:
    message = "the portal cannot answer right now; try again"
    return Refusal(503, "UNAVAILABLE", message, Retry_After="5")


def bears(request: HttpRequest, secret: str) -> bool:
    """Whether the request carries the secret as a bearer token (RFC 6750); never where it is ""."""
    header = request.headers.get("Authorization", "")
    is_equal = hmac.compare_digest(header.encode(), f"Bearer {secret}".encode())
    return is_equal and bool(secret)
