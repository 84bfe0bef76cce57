"""What could the list be at best? A view with the same rows in a bare table, through Django alone.

It stands among the portal's own pages, behind the same middleware.
"""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
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
    listed = Token.objects.of(request.user.company).listed().with_last_used_at()
    rows = listed.select_related("requested_by")[:ROWS]
    return HttpResponse(_table().render(Context({"tokens": rows})))


@cache
def _table() -> Template:
    """Parsed once, as those in files are."""
    return Template(TABLE)


urlpatterns = [path("bare/", table), *portal]
