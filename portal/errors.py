"""Which page does somebody see when a request cannot be answered?"""

import logging
import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from tokens import origin
from tokens.journal import Unwritable
from tokens.models.outage import is_of_database

logger = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 when the database is away or busy, or the journal cannot be written; 500 otherwise.

    It needs no database to be drawn.
    """
    error = sys.exc_info()[1]
    if is_of_database(error) or isinstance(error, Unwritable):
        page = _without_request("503.html", status=503)
        page.headers["Retry-After"] = "5"
        return page
    return _without_request("500.html", status=500)


def _without_request(template: str, *, status: int) -> HttpResponse:
    """Nothing is asked of whoever has signed in: that might break once more."""
    return HttpResponse(render_to_string(template, {"brand": settings.PORTAL_BRAND}), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own page knows neither the brand nor who has signed in."""
    return render(request, "400.html", status=400)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Whoever may not do something is told whom to ask; the log says who tried what."""
    here = origin.current.get()
    tried = {
        "person": str(request.user.public_id) if request.user.is_authenticated else "",
        "door": request.resolver_match.view_name if request.resolver_match else "",
        "address": here.address,
        "request_id": here.request_id,
    }
    logger.warning("somebody may not do what they tried", extra=tried)
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or was not ours."""
    return render(request, "403_csrf.html", status=403)
