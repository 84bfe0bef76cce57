"""Which events may be asked for?"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tokens.forms.fields import Filter, Moment
from tokens.models import Company
from tokens.models.events import Action, EventQuerySet

KINDS = {
    Action.TOKEN_REQUESTED: _("Token requested"),
    Action.TOKEN_DESCRIBED: _("Description changed"),
    Action.TOKEN_HANDED_OVER: _("Token handed over"),
    Action.TOKEN_REVOKED: _("Token revoked"),
    Action.TOKEN_SUSPENDED: _("Token suspended"),
    Action.TOKEN_RESUMED: _("Token resumed"),
    Action.PERSON_INVITED: _("Person invited"),
    Action.INVITATION_RENEWED: _("Invitation sent again"),
    Action.INVITATION_WITHDRAWN: _("Invitation withdrawn"),
    Action.PERSON_JOINED: _("Person joined"),
    Action.PERSON_ROLE_CHANGED: _("Role changed"),
    Action.PERSON_DEACTIVATED: _("Person deactivated"),
    Action.PERSON_SIGNED_IN: _("Signed in"),
    Action.PERSON_SIGNED_OUT: _("Signed out"),
    Action.PERSON_SIGN_IN_FAILED: _("Sign-in failed"),
    Action.PERSON_PASSWORD_CHANGED: _("Password changed"),
    Action.PERSON_PASSWORD_RESET: _("Password reset"),
    Action.PERSON_REACTIVATED: _("Person reactivated"),
    Action.COMPANY_ADDED: _("Company added"),
    Action.MAILS_RETRIED: _("Mails sent again"),
    Action.COMPANY_SUSPENDED: _("Company suspended"),
    Action.COMPANY_RESUMED: _("Company resumed"),
    Action.COMPANY_RESTORED: _("Back-up restored"),
    Action.ENTITLEMENT_ADDED: _("Entitlement added"),
    Action.ENTITLEMENT_CHANGED: _("Entitlement changed"),
    Action.ENTITLEMENT_ENDED: _("Entitlement ended"),
    Action.FACTOR_ADDED: _("Second factor added"),
    Action.FACTOR_REMOVED: _("Second factor removed"),
    Action.FACTOR_RESET: _("Second factor reset"),
    Action.CODES_GENERATED: _("Recovery codes generated"),
    Action.CODE_USED: _("Recovery code used"),
    Action.SESSIONS_ENDED: _("Signed out everywhere"),
    Action.POLICY_CHANGED: _("Policy changed"),
    Action.AUDIT_EXPORTED: _("Audit exported"),
    Action.INVENTORY_EXPORTED: _("Inventory exported"),
    Action.INVENTORY_REVIEWED: _("Inventory reviewed"),
}


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
        """The events that are asked for, by time where that is; none where it makes no sense."""
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
        chosen = events.filter(**{name: value for name, value in filters.items() if value})
        return chosen.by_time() if asked["since"] or asked["until"] else chosen

    def asked(self) -> dict[str, str]:
        """What is asked for, as it was written; without what makes no sense."""
        self.is_valid()
        return {name: str(self.data[name]) for name, value in self.cleaned_data.items() if value}
