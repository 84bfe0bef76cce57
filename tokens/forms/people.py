"""What may people say of themselves, and admins of people?"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tokens.forms.fields import OneLine
from tokens.models import Invitation, Token, User
from tokens.models.accounts import Role

REVOKE = "revoke"


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


class RoleForm(forms.Form):
    """What somebody may do."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, capfirst(role.label)) for role in Role],
        help_text=_(
            "Members request, describe and revoke tokens. Auditors change nothing and record"
            " reviews. Administrators do all of it, invite people and change roles."
        ),
    )


class InviteForm(RoleForm):
    """Who is invited, and as what."""

    email = forms.EmailField(
        max_length=254,
        label=_("E-mail address"),
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    field_order = ["email", "role"]


class TokensForm(forms.Form):
    """What becomes of somebody's live tokens: one choice for all of them, and exceptions.

    Args:
        heirs: under whose names they may be kept. The first is chosen where nothing is.
        tokens: those for which an exception may be made, in fields named by their usernames.
    """

    def __init__(
        self, *args: Any, heirs: list[User], tokens: Iterable[Token], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.tokens = list(tokens)
        self._heirs = {str(heir.public_id): heir for heir in heirs}
        keep = _("Keep: %(name)s, %(email)s")
        kept = [
            (key, keep % {"name": heir.name, "email": heir.email})
            for key, heir in self._heirs.items()
        ]
        choices = [*kept, (REVOKE, _("Revoke"))]
        self.fields["all"] = forms.ChoiceField(
            required=False, choices=choices, label=_("All of them")
        )
        for token in self.tokens:
            label = f"{token.description}, {token.username}"
            self.fields[token.username] = forms.ChoiceField(
                required=False,
                choices=[("", _("As for all")), *choices],
                label=label,
                widget=forms.Select({"aria-label": label}),
            )

    def heir_of(self, token: Token) -> User | None:
        """Under whose name it is kept; None where it is revoked."""
        everybodys = self.cleaned_data["all"] or next(iter(self._heirs))
        return self._heirs.get(self.cleaned_data.get(token.username) or everybodys)
