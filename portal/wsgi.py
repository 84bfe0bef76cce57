"""The portal as a WSGI application: machines are answered first, people by Django's handler."""

import os
import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

_people = get_wsgi_application()

from portal import machines  # noqa: E402  (its doors need what Django has set up just now)

_BOUNDARY = re.compile(r";\s*boundary=\"?([0-9A-Za-z'()+_,./:=? -]{1,70})")


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = _without_charset(environ["CONTENT_TYPE"])
    if environ.get("PATH_INFO") not in machines.DOORS:
        return _people(environ, start_response)
    request = WSGIRequest(environ)
    response, headers = machines.answer(request)
    start_response(f"{response.status_code} {response.reason_phrase}", headers)
    return [b"" if request.method == "HEAD" else response.content]


def _without_charset(content_type: str) -> str:
    """The type alone, with the boundary of a multipart: all text that is read here is UTF-8.

    Django answers 500 to the charsets that it cannot decode, so it hears of none.
    """
    kind = content_type.partition(";")[0].strip().lower()
    boundary = _BOUNDARY.search(content_type)
    return f'{kind}; boundary="{boundary[1]}"' if boundary else kind
