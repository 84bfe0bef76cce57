"""How does allauth's sign-in differ here? Nobody can sign up, and what happens is an event."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from tokens import metrics, origin
from tokens.actions import passwords, sign_ins
from tokens.models import User
from tokens.views.recently import has_proved

RESET = "account_reset_password_from_key"


class LongEnough(MinimumLengthValidator):
    """Django's, whose refusal is not in Dutch."""

    def get_error_message(self) -> str:
        return _("This password is too short: write at least %(count)s characters.") % {
            "count": self.min_length
        }


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _(
            "This e-mail address and password do not belong together. Try again, or choose a new"
            " password."
        ),
        "too_many_login_attempts": _("Too many attempts. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: people come by invitation."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return origin.current.get().address

    def login(self, request: HttpRequest, user: User) -> None:
        """What cannot be written in the trail does not happen."""
        with transaction.atomic():
            sign_ins.sign_in(by=user)
            super().login(request, user)
        metrics.sign_ins.labels("signed_in").inc()

    def logout(self, request: HttpRequest) -> None:
        with transaction.atomic():
            sign_ins.sign_out(by=request.user)  # type: ignore[arg-type]
            super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self.note_failure(credentials.get("email", ""))

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """The password was right, and they do not get in all the same."""
        self.note_failure(user.email)
        answer: HttpResponse = super().respond_user_inactive(request, user)
        return answer

    def note_failure(self, email: str) -> None:
        """Keeps in mind that somebody failed to sign in, whoever's address it is."""
        attempt = sign_ins.Attempt(email.lower(), origin.current.get())
        sign_ins.noted_attempts.note(attempt, at=timezone.now())

    def set_password(self, user: User, password: str) -> None:
        is_reset = self.request.resolver_match.url_name == RESET
        (passwords.reset if is_reset else passwords.change)(by=user, password=password)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """In the reader's language, who need not be the one at the browser."""
        with translation.override(user.language or translation.get_language()):
            super().send_password_reset_mail(user, email, context)

    def get_from_email(self) -> str:
        return str(settings.DEFAULT_FROM_EMAIL)

    def is_reauthentication_required(self, *, app: str, **_: object) -> bool:
        """Not in the first minutes after the sign-in, which allauth itself does not count."""
        return not has_proved(self.request)

    def is_safe_url(self, url: str) -> bool:
        """Whether somebody may be sent there: on this very host, not the registry's beside it."""
        here = self.request.get_host()
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={here}, require_https=self.request.is_secure()
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the portal's own address, whatever host the request was sent to."""
        link: str = super().get_reset_password_from_key_url(key)
        return f"{settings.PORTAL_URL}{urlsplit(link).path}"


class LinkMaker(PasswordResetTokenGenerator):
    """Makes the links to choose a password, which end with the access of the person."""

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        value = super()._make_hash_value(user, timestamp)
        return f"{value}{user.is_active}{user.deactivated_at}"


def display(user: User) -> str:
    """How a person is addressed."""
    return user.name
