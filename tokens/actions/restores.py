"""Restore a back-up."""

from django.db import transaction

from tokens import permissions
from tokens.models import Actor, Company, Event
from tokens.models.events import Action


@transaction.atomic
def note(company: Company, *, until: str, by: Actor) -> Event:
    """Notes in a company's trail that it goes on from a back-up.

    Args:
        until: when the last event of the whole back-up happened: what came later may be missing.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_manage_companies(by))
    return Event.objects.record(
        Action.COMPANY_RESTORED, company=company, by=by, on=company, details={"before": until}
    )
