"""Invite, join, deactivate."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from tokens import permissions, text
from tokens.mails import telling
from tokens.models import Actor, Company, Event, Invitation, User
from tokens.models.accounts import Role
from tokens.models.events import Action
from tokens.models.messages import Kind


class AlreadyAPerson(Exception):
    """The e-mail address belongs to somebody who can sign in already."""


class InvitationEnded(Exception):
    """It was accepted before, or its seven days are over."""


class LastAdmin(Exception):
    """A company without an admin could never again invite anybody."""


@transaction.atomic
def invite(email: str, *, company: Company, role: Role, by: Actor) -> Invitation:
    """Invites the owner of an e-mail address to a company; the link is ``invitation.key``.

    Raises:
        NotAllowed
        ValidationError: it is no e-mail address.
        AlreadyAPerson: they have an account.
    """
    permissions.check(permissions.may_change_people(by, company))
    email = email.strip().lower()
    if User.objects.filter(email=email).exists():
        raise AlreadyAPerson(email)
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
    """Makes the invited person; having the link proves that the address is theirs.

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
def deactivate(person: User, *, by: Actor) -> User:
    """Ends somebody's access at their next request. Their tokens stay: they are the company's.

    Somebody whose access has ended already is answered as they are, without an event.

    Raises:
        NotAllowed
        LastAdmin: nobody would be left to administer the company.
    """
    permissions.check(permissions.may_change_people(by, person.company))
    # The company's row is the lock, so that two admins cannot deactivate each other.
    company = Company.objects.select_for_update(no_key=True).get(pk=person.company_id)
    person = company.people.get(pk=person.pk)
    if not person.is_active:
        return person
    admins = company.people.filter(role=Role.ADMIN, is_active=True)
    if person.role == Role.ADMIN and not admins.exclude(pk=person.pk).exists():
        raise LastAdmin(person.email)
    person.is_active = False
    person.save(update_fields=["is_active"])
    event = Event.objects.record(Action.PERSON_DEACTIVATED, company=company, by=by, on=person)
    telling.of_own_account(Kind.PERSON_DEACTIVATED, person, event)
    return person
