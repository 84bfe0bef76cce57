"""What may be asked of tokens?"""

import secrets
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from tokens.forms.fields import OneLine
from tokens.models import Company, User


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


class ReasonForm(forms.Form):
    """Why something is taken away."""

    reason = OneLine(
        least=3,
        most=200,
        label=_("Reason"),
        help_text=_("Everyone in the company reads it, now and later in the audit."),
    )

    def __init__(self, *args: Any, is_needed: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["reason"]
        field.required = field.widget.is_required = is_needed
        if not is_needed:
            field.label = _("Reason (optional)")


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
