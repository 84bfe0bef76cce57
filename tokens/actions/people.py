"""Invite, join, change a role, deactivate and reactivate."""

from collections.abc import Callable
from operator import attrgetter

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tokens import permissions, text
from tokens.actions import tokens
from tokens.mails import telling
from tokens.models import Actor, Company, Event, Invitation, Token, User, invitations
from tokens.models.accounts import Role
from tokens.models.events import Action
from tokens.models.messages import Kind

HeirOf = Callable[[Token], User | None]


class AlreadyAPerson(Exception):
    """The e-mail address belongs to somebody who can sign in already."""


class AlreadyInvited(Exception):
    """The company has an open invitation to this address."""


class InvitationEnded(Exception):
    """It was accepted or withdrawn before, or its seven days are over."""


class LastAdmin(Exception):
    """A company without an admin could never again invite anybody."""


@transaction.atomic
def invite(email: str, *, company: Company, role: Role, by: Actor) -> Invitation:
    """Invites the owner of an e-mail address to a company; the link is ``invitation.key``.

    Raises:
        NotAllowed
        ValidationError: it is no e-mail address.
        AlreadyAPerson: they have an account.
        AlreadyInvited: one invitation of a company to an address is open at a time.
    """
    permissions.check(permissions.may_change_people(by, company))
    email = email.strip().lower()
    # The company's row is the lock, so that of two admins one invites.
    Company.objects.held(company.pk)
    if User.objects.filter(email=email).exists():
        raise AlreadyAPerson(email)
    if company.invitations.open().filter(email=email).exists():
        raise AlreadyInvited(email)
    invited_by = by if isinstance(by, User) else None
    invitation = Invitation(company=company, email=email, role=role, invited_by=invited_by)
    invitation.full_clean()
    invitation.save()
    Event.objects.record(
        Action.PERSON_INVITED, company=company, by=by, on=invitation, details={"role": str(role)}
    )
    telling.of_invitation(invitation)
    return invitation


@transaction.atomic
def join(invitation: Invitation, *, name: str, password: str) -> User:
    """Makes the invited person. Whoever has the link is taken for the owner of the address, for
    whom the admin answers who passed it on.

    Raises:
        ValidationError: the name cannot be stored.
        InvitationEnded: it cannot be accepted (any more).
        AlreadyAPerson: they got an account through another invitation.
    """
    name = text.one_line(name, least=2, most=100)
    row = Invitation.objects.open().select_for_update().filter(pk=invitation.pk).first()
    if row is None:
        raise InvitationEnded(invitation.email)
    if User.objects.filter(email=row.email).exists():
        raise AlreadyAPerson(row.email)
    person = User(email=row.email, name=name, company=row.company, role=row.role)
    person.set_password(password)
    person.save()
    EmailAddress.objects.create(user=person, email=row.email, verified=True, primary=True)
    row.accepted_at = timezone.now()
    row.save(update_fields=["accepted_at"])
    Event.objects.record(Action.PERSON_JOINED, company=row.company, by=person, on=person)
    return person


@transaction.atomic
def withdraw(invitation: Invitation, *, by: Actor) -> Invitation:
    """Ends an invitation before its time: its link opens nothing any more.

    Raises:
        NotAllowed
        InvitationEnded: it has been accepted or withdrawn, or its seven days are over.
    """
    invitation = _locked_invitation(invitation, by=by)
    invitation.expires_at = timezone.now()
    invitation.save(update_fields=["expires_at"])
    Event.objects.record(
        Action.INVITATION_WITHDRAWN, company=invitation.company, by=by, on=invitation
    )
    return invitation


@transaction.atomic
def renew(invitation: Invitation, *, by: Actor) -> Invitation:
    """Gives an open invitation, and the link that it has, another seven days.

    Raises:
        NotAllowed
        InvitationEnded: as for ``withdraw``.
    """
    invitation = _locked_invitation(invitation, by=by)
    invitation.expires_at = timezone.now() + invitations.LIFETIME
    invitation.save(update_fields=["expires_at"])
    Event.objects.record(
        Action.INVITATION_RENEWED, company=invitation.company, by=by, on=invitation
    )
    telling.of_invitation(invitation)
    return invitation


def _locked_invitation(invitation: Invitation, *, by: Actor) -> Invitation:
    """The open invitation as it is now, held until the deed is done."""
    permissions.check(permissions.may_change_people(by, invitation.company))
    rows = Invitation.objects.open().select_for_update(of=("self",), no_key=True)
    row = rows.select_related("company").filter(pk=invitation.pk).first()
    if row is None:
        raise InvitationEnded(invitation.email)
    return row


@transaction.atomic
def change_role(person: User, *, role: Role, by: Actor) -> User:
    """Changes what somebody may do from their next request on. The same role leaves no event.

    Raises:
        NotAllowed
        LastAdmin: nobody would be left to administer the company.
    """
    permissions.check(permissions.may_change_people(by, person.company))
    person = User.objects.held(person)
    before = person.role
    if role == before:
        return person
    _check_another_admin(person)
    person.role = role
    person.save(update_fields=["role"])
    Event.objects.record(
        Action.PERSON_ROLE_CHANGED,
        company=person.company,
        by=by,
        on=person,
        details={"before": str(before), "after": str(role)},
    )
    return person


@transaction.atomic
def deactivate(person: User, *, by: Actor, heir_of: HeirOf = attrgetter("requested_by")) -> User:
    """Ends somebody's access at their next request. Their tokens stay: they are the company's.

    Somebody whose access has ended already is answered as they are, without an event.

    Args:
        heir_of: as for ``settle``. As it comes, each token stays as it is.

    Raises:
        NotAllowed
        LastAdmin: nobody would be left to administer the company.
        NoColleague: an heir may not request tokens.
    """
    permissions.check(permissions.may_change_people(by, person.company))
    left = _locked_tokens(person)
    person = User.objects.held(person)
    if not person.is_active:
        return person
    _check_another_admin(person)
    person.is_active, person.deactivated_at = False, timezone.now()
    person.save(update_fields=["is_active", "deactivated_at"])
    event = Event.objects.record(
        Action.PERSON_DEACTIVATED, company=person.company, by=by, on=person
    )
    telling.of_own_account(Kind.PERSON_DEACTIVATED, person, event)
    _settle(left, heir_of, by=by)
    return person


@transaction.atomic
def settle(person: User, *, by: Actor, heir_of: HeirOf) -> list[Token]:
    """Decides about the live tokens of somebody who has left, and answers these.

    Args:
        heir_of: under whose name a token stands from now on; None where it is revoked.

    Raises:
        NotAllowed
        NoColleague: an heir may not request tokens.
    """
    permissions.check(permissions.may_change_people(by, person.company))
    left = _locked_tokens(person)
    _settle(left, heir_of, by=by)
    return left


def _settle(left: list[Token], heir_of: HeirOf, *, by: Actor) -> None:
    for token in left:
        heir = heir_of(token)
        if heir is None:
            reason = _("%(person)s has left") % {"person": token.requested_by}
            tokens.revoke(token, by=by, reason=reason)
        elif heir != token.requested_by:
            tokens.hand_over(token, to=heir, by=by)


@transaction.atomic
def reactivate(person: User, *, by: Actor) -> User:
    """Lets somebody sign in again, with the role that they had. Who is active leaves no event.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_change_people(by, person.company))
    person = User.objects.held(person)
    if person.is_active:
        return person
    person.is_active = True
    person.save(update_fields=["is_active"])
    Event.objects.record(Action.PERSON_REACTIVATED, company=person.company, by=by, on=person)
    return person


def _check_another_admin(person: User) -> None:
    """Raises LastAdmin where nobody but them administers the company."""
    admins = person.company.people.filter(role=Role.ADMIN, is_active=True)
    if set(admins.values_list("pk", flat=True)) == {person.pk}:
        raise LastAdmin(person.email)


def _locked_tokens(person: User) -> list[Token]:
    """Their live tokens as they are now. They are locked before the company, as by whoever revokes
    one of them: else the two would wait for each other.
    """
    rows = person.requested_tokens.live().select_for_update(of=("self",), no_key=True)
    return list(rows.select_related("company").order_by("pk"))
