"""How does allauth's sign-in differ here? Nobody can sign up, and addresses come from one place."""

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from tokens import origin
from tokens.models import User
from tokens.views.recently import has_proved


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


def display(user: User) -> str:
    """How a person is addressed."""
    return user.name
