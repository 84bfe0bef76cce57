"""What may people say of themselves?"""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from tokens.forms.fields import OneLine
from tokens.models import Invitation, User


class JoinForm(forms.Form):
    """What an invited person adds to the invitation."""

    name = OneLine(
        least=2,
        most=100,
        label=_("Your name"),
        help_text=_("Your colleagues see it beside the tokens that you request."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        super().__init__(*args, **options)
        self._invitation = invitation

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        person = User(email=self._invitation.email, name=cleaned.get("name", ""))
        try:
            validate_password(cleaned.get("password", ""), person)
        except forms.ValidationError as error:
            self.add_error("password", error)
        return cleaned
