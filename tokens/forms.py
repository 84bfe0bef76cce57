"""What may be filled in? Fields are named one by one; whatever else is posted changes nothing."""

import secrets
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from tokens import text
from tokens.models import Company, Invitation, User


class OneLine(forms.CharField):
    """A line of text for others to read, by the rules of ``tokens.text``."""

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        super().__init__(strip=False, **options)
        self.least, self.most = least, most
        self.widget.attrs |= {"minlength": least, "maxlength": most}

    def clean(self, value: Any) -> str:
        return text.one_line(super().clean(value), least=self.least, most=self.most)


class DescriptionForm(forms.Form):
    """What a token is for."""

    description = OneLine(
        least=3,
        most=200,
        label=_("Description"),
        help_text=_("What is this token for? For example: Production cluster, node pool EU"),
    )


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


class RequestForm(DescriptionForm):
    """A request, with the nonce that makes one token of a double click."""

    nonce = forms.CharField(
        widget=forms.HiddenInput,
        initial=new_nonce,
        validators=[RegexValidator(r"\A[A-Za-z0-9_-]{16,64}\Z")],
    )
    can_push = forms.BooleanField(
        required=False,
        label=_("It may also push"),
        help_text=_("Only for a pipeline that publishes images."),
    )

    def __init__(self, *args: Any, may_push: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        if not may_push:
            del self.fields["can_push"]


class ListForm(forms.Form):
    """What the list of tokens shows. A value that makes no sense is as good as none."""

    q = forms.CharField(required=False, max_length=200, label=_("Search"))
    status = forms.ChoiceField(
        required=False,
        label=_("Status"),
        choices=[
            ("", _("All but revoked")),
            ("live", _("Live")),
            ("unused", _("Never used")),
            ("revoked", _("Revoked")),
        ],
    )
    person = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        to_field_name="public_id",
        label=_("Requested by"),
        empty_label=_("Anybody"),
    )

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        super().__init__(*args, **options)
        people = self.fields["person"]
        assert isinstance(people, forms.ModelChoiceField)
        people.queryset = company.people.order_by("name")


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
