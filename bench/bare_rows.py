"""What could the list be at best? A view with the same rows in a bare table, through Django alone.

``measure`` asks for both in turn, within this process and through the same middleware.
"""

import gzip
import json
import time
from functools import cache
from pathlib import Path
from statistics import median

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, override_settings
from django.urls import path

from portal.urls import urlpatterns as portal
from tokens.models import Token, User

ROWS = 50
# The facts and addresses that the list has, each as Django writes it.
TABLE = """<!doctype html><title>Tokens</title><table>{% for token in tokens %}<tr>
<td><a href="{% url 'token' token.username %}">{{ token.description }}</a></td>
<td>{{ token.username }}</td><td>{{ token.requested_by.name }}</td>
<td>{{ token.requested_at }}</td><td>{{ token.last_used_at }}</td><td>{{ token.status.label }}</td>
<td><a href="{% url 'describe_token' token.username %}">Edit</a>
<a href="{% url 'revoke_token' token.username %}">Revoke</a></td></tr>{% endfor %}</table>"""


def table(request: HttpRequest) -> HttpResponse:
    """The company's newest tokens."""
    assert isinstance(request.user, User)
    listed = Token.objects.of(request.user.company).listed().select_related("requested_by")
    return HttpResponse(_table().render(Context({"tokens": listed[:ROWS]})))


@cache
def _table() -> Template:
    """Parsed once, as those in files are."""
    return Template(TABLE)


urlpatterns = [path("bare/", table), *portal]


def measure(file: str, rounds: int) -> None:
    """Prints how long the list and the table take, in milliseconds, and their ratio.

    Args:
        file: holds the session of somebody whose company has more than a page of tokens.
    """
    browser = Client(headers={"host": "127.0.0.1", "accept-encoding": "gzip"})
    browser.cookies[settings.SESSION_COOKIE_NAME] = json.loads(Path(file).read_text())["session"]
    with override_settings(ROOT_URLCONF=__name__):
        _milliseconds(browser, "/bare/"), _milliseconds(browser, "/tokens/")  # to warm up
        pairs = [
            (_milliseconds(browser, "/tokens/"), _milliseconds(browser, "/bare/"))
            for _ in range(rounds)
        ]
    page, bare = (median(times) for times in zip(*pairs, strict=True))
    print(f"{page:.1f} {bare:.1f} {median(page / bare for page, bare in pairs):.2f}")


def _milliseconds(browser: Client, address: str) -> float:
    begun = time.perf_counter()
    answer = browser.get(address)
    milliseconds = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200, answer.status_code
    assert gzip.decompress(answer.content).count(b"<tr") >= ROWS
    return milliseconds
