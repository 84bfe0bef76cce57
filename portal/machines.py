"""The doors for machines, which stand before Django's own handler.

No session, cookie, CSRF check, redirect, signal or middleware is on the way to them. Their
addresses take no arguments, so looking one up stands in for resolving it.
"""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.middleware import HEADERS, origin_of_request
from tokens.views import check, health, metrics, notifications, registry

urlpatterns = [
    path("auth/token", registry.token, name="realm"),
    path("auth/check", check.check, name="check"),
    path("registry/events", notifications.events, name="registry_events"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
DOORS = {f"/{door.pattern}": origin_of_request(door.callback) for door in urlpatterns}

Headers = list[tuple[str, str]]

GUARDED: Headers = [*HEADERS.items(), ("Cache-Control", "no-store")]
TRANSPORT: Headers = []
if seconds := settings.SECURE_HSTS_SECONDS:
    # What Django's SecurityMiddleware tells people's browsers.
    value = f"max-age={seconds}; includeSubDomains; preload"
    TRANSPORT = [("Strict-Transport-Security", value)]


def answer(request: HttpRequest) -> tuple[HttpResponse, Headers]:
    """What the door at the request's path answers, and all headers that it is sent with."""
    response = cast(HttpResponse, DOORS[request.path_info](request))
    headers = [*response.items(), *GUARDED, _length(response)]
    return response, headers + TRANSPORT if TRANSPORT and request.is_secure() else headers


def _length(response: HttpResponse) -> tuple[str, str]:
    """Without it gunicorn sends chunks, or to a proxy of HTTP/1.0 ends the connection."""
    return "Content-Length", str(len(response.content))
