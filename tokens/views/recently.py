"""Did somebody prove lately who they are? Asked before deeds that reach beyond one token."""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode, urlsplit, urlunsplit

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from tokens.views.request import PersonRequest, page_shown

View = Callable[..., HttpResponseBase]


def has_proved(request: HttpRequest) -> bool:
    """Whether they did in the last minutes: at the sign-in, or once more since then."""
    records = get_authentication_records(request, request.user)
    times = [record["at"] for record in records if record.get("reauthenticated")]
    last = max([request.session["started_at"], *times])
    return bool(time.time() - last < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def recently_authenticated(view: View) -> View:
    """Asks once more who it is before the page is shown, so that little is posted too late.

    What is posted too late is not done: the person proves who they are, comes back to the page
    with the form, and is told.
    """

    @wraps(view)
    def asked(request: PersonRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if has_proved(request):
            return view(request, *args, **kwargs)
        if request.method == "POST":
            messages.warning(request, _("Nothing is changed yet. Send it again, please."))
        address = f"{reverse('account_reauthenticate')}?{urlencode({'next': _page_of(request)})}"
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)

    return asked


def operators_recently_authenticated(view: View) -> View:
    """As ``recently_authenticated``, of those whose deeds reach into other companies."""
    asking = recently_authenticated(view)

    @wraps(view)
    def asked(request: PersonRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return (asking if request.user.is_operator else view)(request, *args, **kwargs)

    return asked


def _page_of(request: PersonRequest) -> str:
    """Where somebody is: the page itself, or the one that the form stands on."""
    if request.htmx:
        return page_shown(request.htmx)
    if request.method != "POST":
        return request.get_full_path()
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # it is garbled
        return "/"
    return urlunsplit(("", "", "/" + came_from.path.lstrip("/"), came_from.query, ""))
