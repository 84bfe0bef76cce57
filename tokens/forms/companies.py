"""What may the vendor's people ask of companies, and say about them?"""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from tokens import credentials
from tokens.credentials import Spotted
from tokens.forms.fields import Moment, OneLine
from tokens.forms.tokens import ReasonForm
from tokens.models import Company

LONGEST_WORDS = 200
LONGEST_PASTE = 10_000


class SearchForm(forms.Form):
    """Words; or a text with secrets in it, of which nothing but what was spotted is kept."""

    q = forms.CharField(required=False, max_length=LONGEST_PASTE)
    spotted = Spotted([], is_torn=False)

    def clean_q(self) -> str:
        words: str = self.cleaned_data["q"]
        self.spotted = credentials.spot(words, settings.SECRET_PREFIX)
        if len(words) > LONGEST_WORDS and not self.spotted:
            raise forms.ValidationError(_("Search for fewer words."), code="too_long")
        return "" if self.spotted else words


class CompanyForm(forms.Form):
    """A new company and its first administrator."""

    name = OneLine(least=1, most=100, label=_("Name"))
    slug = forms.CharField(
        max_length=40,
        label=_("Short name"),
        help_text=_("Permanent: every username of the company begins with it, such as acme."),
    )
    email = forms.EmailField(label=_("E-mail address of its first administrator"))


class EntitlementForm(forms.Form):
    """What a company may pull, and until when."""

    pattern = forms.CharField(
        max_length=255,
        label=_("Repository"),
        help_text=_("Its name, or a prefix and /* for every repository below it."),
    )
    ends_at = Moment(is_end=True, label=_("Until the end of (optional)"))
    can_push = forms.BooleanField(required=False, label=_("Its tokens may also push there"))

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        super().__init__(*args, **options)
        if not company.is_vendor:
            del self.fields["can_push"]


class EndForm(ReasonForm):
    """Until when an entitlement holds."""

    ends_at = Moment(is_end=True, label=_("Until the end of (optional)"))
    field_order = ["ends_at", "reason"]


def last_day(ends_at: datetime | None) -> str:
    """The day whose end it is, as an entitlement's form shows it."""
    return localdate(ends_at - timedelta(microseconds=1)).isoformat() if ends_at else ""


class TypedNameForm(ReasonForm):
    """A reason, beside the company's name as whoever means it has typed it."""

    name = forms.CharField(label=_("The company's name"), strip=False)
    field_order = ["name", "reason"]

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        super().__init__(*args, **options)
        self._company = company
        self.fields["name"].help_text = _("Type %(name)s.") % {"name": company.name}
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self._company.name:
            raise forms.ValidationError(_("This is not the company's name."), code="differs")
        return name
