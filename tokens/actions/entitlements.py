"""Say what a company may pull, and until when."""

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens import permissions, text
from tokens.models import Actor, Company, Entitlement, Event
from tokens.models.events import Action


@transaction.atomic
def add(
    company: Company,
    *,
    pattern: str,
    by: Actor,
    can_push: bool = False,
    ends_at: datetime | None = None,
) -> Entitlement:
    """Lets the company pull what the pattern covers, and its tokens that may push also push there.

    Args:
        ends_at: until when; None where that is not known.

    Raises:
        NotAllowed
        ValidationError: it is no pattern, the company has it already, or the end lies behind us.
    """
    permissions.check(permissions.may_manage_companies(by))
    _check_end(ends_at)
    # The company's row is the lock, so that two operators cannot add the same.
    company = Company.objects.held(company.pk)
    if company.entitlements.filter(pattern=pattern).exists():
        raise ValidationError(_("It is listed already: change until when it holds."))
    entitlement = Entitlement(company=company, pattern=pattern, can_push=can_push, ends_at=ends_at)
    entitlement.full_clean()
    entitlement.save()
    _record(Action.ENTITLEMENT_ADDED, entitlement, by=by, ends_at=_iso(ends_at))
    return entitlement


@transaction.atomic
def change_end(
    entitlement: Entitlement, *, ends_at: datetime | None, by: Actor, reason: str = ""
) -> Entitlement:
    """Lets it hold until another moment. The same one again changes nothing and leaves no event.

    Raises:
        NotAllowed
        ValidationError: the end lies behind us, or comes earlier and nobody said why.
    """
    permissions.check(permissions.may_manage_companies(by))
    _check_end(ends_at)
    entitlement = _locked(entitlement)
    before = entitlement.ends_at
    if ends_at == before:
        return entitlement
    is_earlier = ends_at is not None and (before is None or ends_at < before)
    must_say_why = permissions.must_say_why(by, entitlement.company)
    reason = text.reason(reason, is_needed=is_earlier and must_say_why)
    _set_end(entitlement, ends_at)
    ends = {"before": _iso(before), "ends_at": _iso(ends_at)}
    _record(Action.ENTITLEMENT_CHANGED, entitlement, by=by, reason=reason, **ends)
    return entitlement


@transaction.atomic
def end(entitlement: Entitlement, *, by: Actor, reason: str = "") -> Entitlement:
    """Ends it now. One that has ended already stays so, without an event.

    Raises:
        NotAllowed, ValidationError
    """
    permissions.check(permissions.may_manage_companies(by))
    entitlement = _locked(entitlement)
    must_say_why = permissions.must_say_why(by, entitlement.company)
    reason = text.reason(reason, is_needed=must_say_why)
    if entitlement.is_in_force:
        _set_end(entitlement, timezone.now())
        _record(Action.ENTITLEMENT_ENDED, entitlement, by=by, reason=reason)
    return entitlement


def _check_end(ends_at: datetime | None) -> None:
    if ends_at and ends_at <= timezone.now():
        raise ValidationError(_("Choose a day that is not over yet."), code="past")


def _locked(entitlement: Entitlement) -> Entitlement:
    rows = Entitlement.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("company").get(pk=entitlement.pk)


def _set_end(entitlement: Entitlement, ends_at: datetime | None) -> None:
    entitlement.ends_at = ends_at
    entitlement.save(update_fields=["ends_at"])


def _record(
    action: Action, entitlement: Entitlement, *, by: Actor, reason: str = "", **ends: str
) -> None:
    company = entitlement.company
    details = {"pattern": entitlement.pattern, "can_push": entitlement.can_push} | ends
    Event.objects.record(action, company=company, by=by, on=company, details=details, reason=reason)


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""
