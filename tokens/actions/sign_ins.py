"""Sign in, sign out, and fail to."""

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from tokens import metrics, origin, permissions
from tokens.mails import telling
from tokens.models import Company, Event, User
from tokens.models.events import Action
from tokens.models.messages import Kind
from tokens.models.notebook import Note, Notebook


@transaction.atomic
def sign_in(*, by: User) -> Event:
    """Notes that somebody signs in, and tells them where they never did from this address.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_sign_in(by))
    _hold_trail_of(by)
    is_new = _is_new_place(by)
    event = Event.objects.record(
        Action.PERSON_SIGNED_IN,
        company=by.company,
        by=by,
        on=by,
        details={"new_place": True} if is_new else {},
    )
    if is_new:
        telling.of_own_account(Kind.NEW_PLACE, by, event)
    return event


def _is_new_place(person: User) -> bool:
    """Whether they signed in before, and never from here. The first time is from no new place."""
    before = Event.objects.by(person).filter(action=Action.PERSON_SIGNED_IN)
    here = origin.current.get().address
    return bool(here) and not before.filter(address=here).exists() and before.exists()


@transaction.atomic
def sign_out(*, by: User) -> Event:
    """Notes that somebody signs out.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_sign_in(by))
    return Event.objects.record(Action.PERSON_SIGNED_OUT, company=by.company, by=by, on=by)


@transaction.atomic
def fail(person: User) -> Event | None:
    """Notes that somebody failed to sign in as the person; once for an address and hour.

    The actor is the person in whose name it was tried: nobody knows who it was.
    """
    _hold_trail_of(person)
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    noted = Event.objects.by(person).filter(
        action=Action.PERSON_SIGN_IN_FAILED, address=origin.current.get().address, at__gte=hour
    )
    if noted.exists():
        return None
    return Event.objects.record(
        Action.PERSON_SIGN_IN_FAILED,
        company=person.company,
        by=person,
        on=person,
        details={} if person.is_active else {"deactivated": True},
    )


def _hold_trail_of(person: User) -> None:
    """Of two at once the second sees what the first has noted."""
    Company.objects.held(person.company_id)


class Attempt(NamedTuple):
    """A sign-in that failed: with which address of mail, and from where."""

    email: str
    here: origin.Origin


def _save(attempts: Mapping[Attempt, Note]) -> None:
    found = User.objects.filter(email__in={attempt.email for attempt in attempts})
    people = {person.email: person for person in found.select_related("company")}
    known = [attempt for attempt in attempts if attempt.email in people]
    # Sorted, so that two processes hold the trails in the same order.
    for attempt in sorted(known, key=lambda attempt: people[attempt.email].company_id):
        with origin.coming_from(attempt.here):
            fail(people[attempt.email])
    metrics.sign_ins.labels("failed").inc(len(known))
    metrics.sign_ins.labels("stranger").inc(len(attempts) - len(known))


# Whose addresses they are is looked up beside the answer, not before it: an answer takes as long
# for a stranger as for somebody who is here, whether or not an event is left.
noted_attempts = Notebook(_save)
