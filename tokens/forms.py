"""What may be filled in? Fields are named one by one; whatever else is posted changes nothing."""

import re
import secrets
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from tokens import text
from tokens.models import Company, Invitation, User
from tokens.models.events import Action, EventQuerySet

LONGEST_FILTER = 100
YEARS = range(2000, 3000)
DAY = r"\d{4}-\d\d-\d\d"
KINDS = {
    Action.TOKEN_REQUESTED: _("Token requested"),
    Action.TOKEN_DESCRIBED: _("Description changed"),
    Action.TOKEN_REVOKED: _("Token revoked"),
    Action.PERSON_INVITED: _("Person invited"),
    Action.PERSON_JOINED: _("Person joined"),
    Action.PERSON_DEACTIVATED: _("Person deactivated"),
    Action.COMPANY_ADDED: _("Company added"),
    Action.AUDIT_EXPORTED: _("Audit exported"),
    Action.INVENTORY_EXPORTED: _("Inventory exported"),
    Action.INVENTORY_REVIEWED: _("Inventory reviewed"),
}


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


class Filter(forms.CharField):
    """What is asked for of a list, or nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_FILTER, **options)


class Moment(Filter):
    """A day, or a moment in ISO 8601, as an aware datetime.

    Args:
        is_end: a day stands for its end, so that the whole of it lies before.
    """

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        super().__init__(widget=forms.DateInput({"type": "date"}), **options)
        self._is_end = is_end

    def prepare_value(self, value: Any) -> Any:
        """Browsers show days alone, and complain of anything else."""
        return value if re.fullmatch(DAY, str(value)) else ""

    def clean(self, value: Any) -> datetime | None:
        written = super().clean(value)
        try:
            day, moment = parse_date(written), parse_datetime(written)
        except ValueError:
            day = moment = None
        if day and day.year in YEARS:
            moment = datetime.combine(day + timedelta(days=self._is_end), time.min)
        if written and not (moment and moment.year in YEARS):
            raise forms.ValidationError(_("Write a day such as 2026-03-31."), code="invalid")
        return make_aware(moment) if moment and is_naive(moment) else moment


class AuditForm(forms.Form):
    """Which events the audit shows: those that have everything that is asked for."""

    person = Filter(label=_("Person"), widget=forms.Select)
    kind = Filter(label=_("What happened"), widget=forms.Select)
    token = Filter(label=_("Token"))
    address = Filter(label=_("Address"))
    since = Moment(label=_("Since"))
    until = Moment(label=_("Until"), is_end=True)

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        super().__init__(*args, **options)
        people = company.people.order_by("name").values_list("public_id", "name")
        self.fields["person"].widget.choices = [("", _("Anybody")), *people]
        self.fields["kind"].widget.choices = [("", _("Everything")), *KINDS.items()]

    def chosen(self, events: EventQuerySet) -> EventQuerySet:
        """The events that are asked for; none where that makes no sense."""
        if not self.is_valid():
            return events.none()
        asked = self.cleaned_data
        filters = {
            "actor_id": asked["person"],
            "action": asked["kind"],
            "object_id": asked["token"],
            "object_kind": "token" if asked["token"] else "",
            "address": asked["address"],
            "at__gte": asked["since"],
            "at__lt": asked["until"],
        }
        return events.filter(**{name: value for name, value in filters.items() if value})

    def asked(self) -> dict[str, str]:
        """What is asked for, as it was written; without what makes no sense."""
        self.is_valid()
        return {name: str(self.data[name]) for name, value in self.cleaned_data.items() if value}


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
