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


def may_sign_in(actor: Actor) -> bool:
    """Whether they may come in, and with that change what they come in with, and end all of it."""
    return isinstance(actor, User) and actor.is_active


def may_request_tokens(actor: Actor) -> bool:
    return isinstance(actor, User) and actor.is_active and actor.role in {Role.MEMBER, Role.ADMIN}


def may_request_pushing_tokens(actor: Actor) -> bool:
    """Whether their tokens may push: the vendor's own pipeline publishes so."""
    return isinstance(actor, User) and may_request_tokens(actor) and bool(actor.company.pushes())


def may_change_token(actor: Actor, token: Token) -> bool:
    """Whether they may describe and revoke it."""
    return may_change_tokens(actor, token.company)


def may_change_tokens(actor: Actor, company: Company) -> bool:
    """Whether they may describe and revoke its tokens: colleagues but auditors, and operators."""
    if isinstance(actor, Console):
        return True
    is_colleague = actor.company_id == company.pk and may_request_tokens(actor)
    return actor.is_active and (actor.is_operator or is_colleague)


def must_say_why(actor: Actor, company: Company) -> bool:
    """Whether they are no colleague, to whom the company's people could turn and ask."""
    return isinstance(actor, User) and actor.company_id != company.pk


def may_export_events(actor: Actor) -> bool:
    """Whether they may take their company's audit trail home: whoever may read it may."""
    return isinstance(actor, User) and actor.is_active


def may_review(actor: Actor) -> bool:
    """Whether they may record that they looked through all tokens of their company."""
    return isinstance(actor, User) and actor.is_active and actor.role in {Role.AUDITOR, Role.ADMIN}


def may_read_messages(actor: Actor) -> bool:
    """Whether they may see which mails could not be sent, to whomever."""
    return isinstance(actor, User) and actor.is_active and actor.sees_every_company


def may_retry_messages(actor: Actor) -> bool:
    return isinstance(actor, User) and actor.is_active and actor.is_operator


def may_manage_companies(actor: Actor) -> bool:
    """Whether they may add companies, entitle them, and suspend them and single tokens."""
    return isinstance(actor, Console) or (actor.is_active and actor.is_operator)


def may_change_people(actor: Actor, company: Company) -> bool:
    """Whether they may invite to the company, deactivate its people, reset factors, set policy."""
    if isinstance(actor, Console):
        return True
    is_admin_there = actor.role == Role.ADMIN and actor.company_id == company.pk
    return actor.is_active and (actor.is_operator or is_admin_there)
