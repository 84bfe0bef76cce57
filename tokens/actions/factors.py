"""Second factors: note what somebody did with theirs, reset a colleague's; end sessions.

allauth's pages change the rows; a ``note_…`` is called in the transaction of the change.
"""

from allauth.mfa.models import Authenticator
from django.db import transaction

from tokens import permissions
from tokens.mails import telling
from tokens.models import Actor, Event, User
from tokens.models.events import Action
from tokens.models.messages import Kind


@transaction.atomic
def note_addition(factor: Authenticator) -> User:
    """Notes that somebody added an app or a passkey."""
    return _note(Action.FACTOR_ADDED, factor)


@transaction.atomic
def note_removal(factor: Authenticator) -> User:
    """Notes that somebody removed an app or a passkey of their own."""
    return _note(Action.FACTOR_REMOVED, factor)


@transaction.atomic
def note_new_codes(codes: Authenticator) -> User:
    """Notes that somebody got recovery codes; earlier ones no longer work."""
    return _note(Action.CODES_GENERATED, codes)


@transaction.atomic
def note_used_code(codes: Authenticator) -> User:
    """Notes that somebody came in with a recovery code, which worked once."""
    return _note(Action.CODE_USED, codes)


def _note(action: Action, factor: Authenticator) -> User:
    person: User = factor.user
    details = {"factor": str(factor.type)}
    if factor.type == Authenticator.Type.WEBAUTHN:
        details["name"] = factor.data["name"]
    event = Event.objects.record(
        action, company=person.company, by=person, on=person, details=details
    )
    telling.of_own_account(Kind.FACTOR_CHANGED, person, event)
    return person


@transaction.atomic
def reset(person: User, *, by: Actor) -> User:
    """Takes all factors of somebody who lost them, and ends their sessions.

    Somebody who has none is answered as they are, without an event.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_change_people(by, person.company))
    person = User.objects.held(person)
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    if not kinds:
        return person
    factors.delete()
    _end_sessions(person)
    event = Event.objects.record(
        Action.FACTOR_RESET, company=person.company, by=by, on=person, details={"factors": kinds}
    )
    telling.of_own_account(Kind.FACTOR_CHANGED, person, event)
    return person


@transaction.atomic
def sign_out_everywhere(*, by: User) -> User:
    """Ends all sessions of the actor at their next request; the door may spare the one it is in.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_sign_in(by))
    person = User.objects.held(by)
    _end_sessions(person)
    Event.objects.record(Action.SESSIONS_ENDED, company=person.company, by=by, on=person)
    return person


def _end_sessions(person: User) -> None:
    person.sessions_ended += 1
    person.save(update_fields=["sessions_ended"])
