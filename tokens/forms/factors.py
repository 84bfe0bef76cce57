"""What is filled in about second factors? allauth's forms, with what they leave open."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.cache import cache
from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from tokens.forms.fields import OneLine

# A code is right in its own step and, with the tolerance, in those beside it.
RIGHT_FOR = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)


class Once(forms.Form):
    """A code that was taken is not taken again.

    allauth remembers it for one step alone, and not where an app is added.
    """

    def clean_code(self) -> str:
        written = normalize_user_code(self.cleaned_data["code"])
        used = f"code:{self.user.pk}:{written}"  # type: ignore[attr-defined]
        if not re.fullmatch("[0-9a-z]{1,20}", written) or cache.get(used):
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        cache.set(used, True, RIGHT_FOR)
        return code


class SignInCodeForm(Once, AuthenticateForm):  # type: ignore[misc]
    """The second step of the sign-in."""


class AgainCodeForm(Once, ReauthenticateForm):  # type: ignore[misc]
    """Proves once more who it is."""


@contextmanager
def no_passkey() -> Iterator[None]:
    """What is no passkey lets nobody in and breaks nothing; allauth expects what browsers send."""
    try:
        yield
    except (forms.ValidationError, DatabaseError):
        raise
    except Exception as error:  # whatever the libraries stumbled on
        raise get_adapter().validation_error("incorrect_passkey") from error


class SignInPasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The second step of the sign-in, with a passkey."""

    def clean_credential(self) -> Authenticator:
        with no_passkey():
            return super().clean_credential()


class AgainPasskeyForm(SignInPasskeyForm):
    """Proves once more who it is, with a passkey."""

    reauthenticated = True


class AppForm(Once, ActivateTOTPForm):  # type: ignore[misc]
    """Shows the seed of a new app, which waits in the session for its first code, encrypted."""

    def __init__(self, *args: Any, **options: Any) -> None:
        session, adapter = context.request.session, get_adapter()
        if SECRET_SESSION_KEY in session:
            session[SECRET_SESSION_KEY] = adapter.decrypt(session[SECRET_SESSION_KEY])
        super().__init__(*args, **options)
        session[SECRET_SESSION_KEY] = adapter.encrypt(self.secret)


def _name_of_a_passkey() -> OneLine:
    return OneLine(
        least=2,
        most=60,
        label=_("Name"),
        help_text=_("By which you tell it from others, such as: Laptop, or Key on my key ring"),
    )


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    name = _name_of_a_passkey()

    def clean(self) -> Any:
        with no_passkey():
            return super().clean()


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    name = _name_of_a_passkey()


class PolicyForm(forms.Form):
    """What a company asks of all its people."""

    require_second_factor = forms.BooleanField(
        required=False,
        label=_("Everybody needs a second factor"),
        help_text=_(
            "Whoever has none is led to set one up at their next request, before anything else."
        ),
    )
