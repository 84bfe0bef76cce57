"""Add a company; suspend and resume the access of all of its tokens; change its policy."""

from django.conf import settings
from django.db import transaction

from tokens import permissions, text
from tokens.models import Actor, Company, Entitlement, Event
from tokens.models.events import Action


class VendorStays(Exception):
    """The vendor's own company cannot be suspended: nobody could publish or help any more."""


@transaction.atomic
def add_company(
    slug: str, *, name: str, by: Actor, is_vendor: bool = False, pushes: tuple[str, ...] = ()
) -> Company:
    """Adds a company that may pull the default repositories, and push to those given.

    Args:
        slug: permanent; every username of the company begins with it.
        pushes: patterns that its tokens may also push to: the vendor's own pipeline.

    Raises:
        NotAllowed
        ValidationError: the slug is taken or malformed, the name cannot be stored, or a pattern is
            none.
    """
    permissions.check(permissions.may_manage_companies(by))
    name = text.one_line(name, least=1, most=100)
    company = Company(slug=slug, name=name, is_vendor=is_vendor)
    company.full_clean()
    company.save()
    for pattern in dict.fromkeys([*settings.REGISTRY_DEFAULT_REPOSITORIES, *pushes]):
        entitlement = Entitlement(company=company, pattern=pattern, can_push=pattern in pushes)
        entitlement.full_clean()
        entitlement.save()
    Event.objects.record(
        Action.COMPANY_ADDED,
        company=company,
        by=by,
        on=company,
        details={"entitlements": [str(e) for e in company.entitlements.order_by("pattern")]},
    )
    return company


@transaction.atomic
def suspend(company: Company, *, by: Actor, reason: str = "") -> Company:
    """Makes the realm refuse all its tokens until it is resumed; where that is so, nothing.

    Raises:
        NotAllowed, ValidationError
        VendorStays
    """
    permissions.check(permissions.may_manage_companies(by))
    reason = text.reason(reason, is_needed=permissions.must_say_why(by, company))
    if company.is_vendor:
        raise VendorStays
    return _set_active(company, False, Action.COMPANY_SUSPENDED, by=by, reason=reason)


@transaction.atomic
def resume(company: Company, *, by: Actor) -> Company:
    """Lets its tokens work again; where they do already, nothing.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_manage_companies(by))
    return _set_active(company, True, Action.COMPANY_RESUMED, by=by)


def _set_active(
    company: Company, is_active: bool, action: Action, *, by: Actor, reason: str = ""
) -> Company:
    company = Company.objects.held(company.pk)
    if company.is_active != is_active:
        company.is_active = is_active
        company.save(update_fields=["is_active"])
        Event.objects.record(action, company=company, by=by, on=company, reason=reason)
    return company


@transaction.atomic
def change_policy(company: Company, *, require_second_factor: bool, by: Actor) -> Company:
    """Decides whether a company's people need a second factor, from their next request on.

    The same again changes nothing and leaves no event.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_change_people(by, company))
    company = Company.objects.held(company.pk)
    if company.require_second_factor == require_second_factor:
        return company
    company.require_second_factor = require_second_factor
    company.save(update_fields=["require_second_factor"])
    Event.objects.record(
        Action.POLICY_CHANGED,
        company=company,
        by=by,
        on=company,
        details={"require_second_factor": require_second_factor},
    )
    return company
