"""The portal as a WSGI application: machines are answered first, people by Django's handler."""

import os
import re
from collections.abc import Iterable
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from portal.frames import with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

_people = with_room(get_wsgi_application())

from portal import machines  # noqa: E402  (its doors need what Django has set up just now)

_BOUNDARY = re.compile(r";\s*boundary=\"?([0-9A-Za-z'()+_,./:=? -]{1,70})")


class WholeBody:
    """A body that ends before its length is none: half a form would be read as another one.

    gunicorn gives what has come. The error is what Django expects of a client that went away.
    """

    def __init__(self, stream: InputStream) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        return self._checked(self._stream.read(size), least=size)

    def readline(self, size: int) -> bytes:
        return self._checked(self._stream.readline(size), least=1)

    def _checked(self, data: bytes, *, least: int) -> bytes:
        if len(data) < least:
            raise OSError("the request ended early")
        return data


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = _without_charset(environ["CONTENT_TYPE"])
    environ["wsgi.input"] = WholeBody(environ["wsgi.input"])
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
