"""A browser or a machine that asks the portal within the test's process.

Django's own client asks Django's handler, which stands behind the machines' doors.
"""

import json
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.test import Client as DjangosClient


class Client(DjangosClient):
    def request(self, **request: Any) -> HttpResponseBase:
        # Imported late: Django's handler looks for the static files, which the tests collect first.
        from portal.machines import DOORS
        from portal.wsgi import application

        environ = self._base_environ(**request)
        if environ["PATH_INFO"] not in DOORS:
            return super().request(**request)
        answer = Answer()
        answer.content = b"".join(application(environ, answer.start))
        return answer


class Answer(HttpResponse):
    """What a WSGI application answers, as Django's client would give it."""

    def start(self, status: str, headers: list[tuple[str, str]], *_: object) -> None:
        self.status_code = int(status.split(" ")[0])
        assert len({name.lower() for name, _value in headers}) == len(headers), headers
        self.headers = dict(headers)

    def json(self) -> Any:
        return json.loads(self.content)
