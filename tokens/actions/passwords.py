"""Change one's password, or choose a new one where it is forgotten."""

from django.db import transaction

from tokens import permissions
from tokens.mails import telling
from tokens.models import Event, User
from tokens.models.events import Action
from tokens.models.messages import Kind


def change(*, by: User, password: str) -> Event:
    """Sets the password of somebody who knew the last one.

    Raises:
        NotAllowed
    """
    return _set(by, password, Action.PERSON_PASSWORD_CHANGED)


def reset(*, by: User, password: str) -> Event:
    """Sets the password of somebody who has read a mail to their address.

    Raises:
        NotAllowed
    """
    return _set(by, password, Action.PERSON_PASSWORD_RESET)


@transaction.atomic
def _set(person: User, password: str, action: Action) -> Event:
    permissions.check(permissions.may_sign_in(person))
    # The event comes first, so that locks are taken in the order in which signing in takes them.
    event = Event.objects.record(action, company=person.company, by=person, on=person)
    person.set_password(password)
    person.save(update_fields=["password"])
    telling.of_own_account(Kind.PASSWORD_CHANGED, person, event)
    return event
