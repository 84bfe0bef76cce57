"""Export the trail, export the inventory."""

from collections.abc import Mapping

from django.db import transaction

from tokens import permissions
from tokens.models import Event, User
from tokens.models.events import Action


@transaction.atomic
def export(*, by: User, form: str, asked: Mapping[str, str]) -> Event:
    """Notes that somebody takes the trail of their company home; the event itself is not in it.

    Args:
        form: ``csv`` or ``jsonl``.
        asked: the filters, as they were written.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_export_events(by))
    return Event.objects.record(
        Action.AUDIT_EXPORTED,
        company=by.company,
        by=by,
        on=by.company,
        details={"form": form, "asked": dict(asked)},
    )


@transaction.atomic
def export_inventory(*, by: User) -> Event:
    """Notes that somebody takes the list of all tokens of their company home.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_export_events(by))
    return Event.objects.record(Action.INVENTORY_EXPORTED, company=by.company, by=by, on=by.company)
