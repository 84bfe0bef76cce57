"""What is a request of somebody who has signed in?"""

from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from django_htmx.middleware import HtmxDetails

from tokens.models import Token, User


class PersonRequest(HttpRequest):
    """As every view behind the sign-in sees it."""

    user: User
    htmx: HtmxDetails


def posted(request: PersonRequest) -> QueryDict | None:
    """What a form is bound to: all that was posted, or nothing where it is only asked for."""
    return request.POST if request.method == "POST" else None


def visible_token(request: PersonRequest, username: str) -> Token:
    """The token if its company's people may see it; 404 as for one that does not exist."""
    visible = Token.objects.visible_to(request.user)
    return get_object_or_404(
        visible.select_related("company", "requested_by", "revoked_by"), username=username
    )


def page_shown(htmx: HtmxDetails) -> str:
    """The path of the page that the browser shows; "/" where the header is not ours or garbled."""
    try:
        return htmx.current_url_abs_path or "/"
    except ValueError:
        return "/"
