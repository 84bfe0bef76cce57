"""How does allauth's sign-in differ here? Nobody can sign up, and addresses come from one place."""

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from tokens import origin
from tokens.models import User


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

    def get_from_email(self) -> str:
        return str(settings.DEFAULT_FROM_EMAIL)

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
