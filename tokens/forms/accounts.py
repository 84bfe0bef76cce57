"""How are the fields of allauth's forms called? As they are everywhere else in the portal."""

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class Called(forms.Form):
    """Its fields are called as ``LABELS`` says; none says it once more where something is typed."""

    LABELS: "ClassVar[dict[str, _StrPromise]]"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.LABELS.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)


class SignInForm(Called, LoginForm):  # type: ignore[misc]
    LABELS: "ClassVar[dict[str, _StrPromise]]" = {
        "login": _("E-mail address"),
        "password": _("Password"),
    }


class ForgottenForm(Called, ResetPasswordForm):  # type: ignore[misc]
    LABELS: "ClassVar[dict[str, _StrPromise]]" = {"email": _("E-mail address")}


class NewPasswordForm(Called, ResetPasswordKeyForm):  # type: ignore[misc]
    LABELS: "ClassVar[dict[str, _StrPromise]]" = {
        "password1": _("New password"),
        "password2": _("New password again"),
    }


class AnotherPasswordForm(Called, ChangePasswordForm):  # type: ignore[misc]
    LABELS: "ClassVar[dict[str, _StrPromise]]" = {
        "oldpassword": _("Current password"),
        **NewPasswordForm.LABELS,
    }
