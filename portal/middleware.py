"""What holds for every request?"""

import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import Error
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from tokens import origin
from tokens.models import User
from tokens.models.outage import is_of_database
from tokens.views.request import page_shown
from tokens.views.watching import is_watching

Handler = Callable[[HttpRequest], HttpResponseBase]

POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "font", "connect")),
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SEEN_EVERY = 60  # seconds between two notes in a session that its person is still there


def security_headers(get_response: Handler) -> Handler:
    """Every response of every status carries them; a view may be stricter."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def says_what_is_allowed(get_response: Handler) -> Handler:
    """Whoever used a method that a door does not know is told so, which Django leaves out."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.headers["Content-Type"] = "text/plain; charset=utf-8"
            response.content = _("Use %(methods)s here.") % {"methods": response.headers["Allow"]}
        return response

    return middleware


def origin_of_request(get_response: Handler) -> Handler:
    """Remembers the client's address and an id of the request for events and limits."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        peer, trusted = request.META.get("REMOTE_ADDR", ""), settings.TRUSTED_PROXIES
        if not origin.is_trusted(peer, trusted):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        address = origin.client_address(peer, forwarded, trusted=trusted)
        with origin.coming_from(origin.Origin(address, secrets.token_hex(16))):
            return get_response(request)

    return middleware


class EndsOldSessions(MiddlewareMixin):
    """Signs people out 12 hours after they signed in, or when they were idle for 30 minutes.

    What a page asks by itself, while it stands open, is no sign that somebody is there.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            now = int(time.time())
            started = request.session.setdefault("started_at", now)
            seen = request.session.setdefault("seen_at", now)
            is_old = now - started > settings.SESSION_COOKIE_AGE
            if is_old or now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> None:
        if request.user.is_authenticated and not is_watching(view):
            now = int(time.time())
            if now - request.session["seen_at"] >= SEEN_EVERY:
                _note_seen(request, now)


def _note_seen(request: HttpRequest, now: int) -> None:
    """Writes it before the answer is made: once a deed is done nothing may spoil its answer.

    Pages are shown all the same while the database cannot be written.
    """
    request.session["seen_at"] = now
    try:
        request.session.save()
    except Error as error:
        if request.method not in {"GET", "HEAD"} or not is_of_database(error):
            raise
    except UpdateError:
        raise SessionInterrupted("it was ended elsewhere") from None
    request.session.modified = False


def speaks_as_chosen(get_response: Handler) -> Handler:
    """Answers people in the language and time zone that they have chosen.

    Where they have not, Django's LocaleMiddleware has found out what their browser asks for.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, User):
            return get_response(request)
        if person.language:
            # For this request; the next begins with LocaleMiddleware again, which also says in
            # Content-Language what became of it.
            translation.activate(person.language)
        with timezone.override(person.zone):
            return get_response(request)

    return middleware


def stored_nowhere(get_response: Handler) -> Handler:
    """No cache keeps what somebody saw who was signed in, so Back shows none of it later."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


class Compressed(GZipMiddleware):
    """Pages come compressed; downloads, which are streamed, as they are.

    To learn a secret from the length of answers (BREACH) one must see it in many of them: that of
    a token is in one, those against forged requests are masked, and Django pads at random.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.streaming:
            return response
        return super().process_response(request, response)


class SignInRequired(LoginRequiredMiddleware):
    """Doors are locked by default. htmx is sent to the sign-in page, not given it as a fragment.

    What only watches is not sent there: the page on which it stands may hold a secret.
    """

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        if request.htmx and is_watching(view_func):  # type: ignore[attr-defined]
            return render(request, "account/_session_ended.html")
        if request.htmx:  # type: ignore[attr-defined]
            back = urlencode({"next": page_shown(request.htmx)})  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(f"{reverse(settings.LOGIN_URL)}?{back}")
        return super().handle_no_permission(request, view_func)


class SecondFactorRequired(MiddlewareMixin):
    """Whoever needs a second factor and has none sets one up before anything else.

    What stands below /accounts/ is open to them: to do so, and to sign out.
    """

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        person, is_open = request.user, request.path.startswith("/accounts/")
        is_public = not getattr(view, "login_required", True)
        if is_open or is_public or not isinstance(person, User):
            return None
        if not person.needs_second_factor or person.has_second_factor:
            return None
        address = reverse("mfa_index")
        is_htmx = request.htmx  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(address) if is_htmx else HttpResponseRedirect(address)
