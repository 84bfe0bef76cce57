"""Who may do what? Questions, and the check that a deed begins with."""

from django.core.exceptions import PermissionDenied

from tokens.models import Actor, Company, Console, Token, User
from tokens.models.accounts import Role


class NotAllowed(PermissionDenied):
    """The actor may see the object and may not do this to it."""


def check(answer: bool) -> None:
    """Raises NotAllowed unless the question was answered with yes."""
    if not answer:
        raise NotAllowed


def may_request_tokens(actor: Actor) -> bool:
    return isinstance(actor, User) and actor.is_active and actor.role in {Role.MEMBER, Role.ADMIN}


def may_request_pushing_tokens(actor: Actor) -> bool:
    """Whether their tokens may push: the vendor's own pipeline publishes so."""
    return isinstance(actor, User) and may_request_tokens(actor) and bool(actor.company.pushes())


def may_change_token(actor: Actor, token: Token) -> bool:
    """Whether they may describe and revoke it: colleagues but auditors may, and operators."""
    if isinstance(actor, Console):
        return True
    is_colleague = actor.company_id == token.company_id and may_request_tokens(actor)
    return actor.is_active and (actor.is_operator or is_colleague)


def may_export_events(actor: Actor) -> bool:
    """Whether they may take their company's audit trail home: whoever may read it may."""
    return isinstance(actor, User) and actor.is_active


def may_review(actor: Actor) -> bool:
    """Whether they may record that they looked through all tokens of their company."""
    return isinstance(actor, User) and actor.is_active and actor.role in {Role.AUDITOR, Role.ADMIN}


def may_add_companies(actor: Actor) -> bool:
    return isinstance(actor, Console) or (actor.is_active and actor.is_operator)


def may_change_people(actor: Actor, company: Company) -> bool:
    """Whether they may invite to the company, deactivate its people, reset factors, set policy."""
    if isinstance(actor, Console):
        return True
    is_admin_there = actor.role == Role.ADMIN and actor.company_id == company.pk
    return actor.is_active and (actor.is_operator or is_admin_there)


def may_end_sessions(actor: Actor) -> bool:
    """Whether they may sign out everywhere: everybody who is somewhere."""
    return isinstance(actor, User) and actor.is_active
