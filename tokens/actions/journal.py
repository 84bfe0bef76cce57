"""Take away again what the journal says was taken away, and the database does not know of."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from tokens import permissions, trail
from tokens.journal import Entry
from tokens.models import Actor, Company, Event, Token, User
from tokens.models.events import TAKEN, Action, Subject

AT_ONCE = 500  # tokens that one statement asks for or changes

Entries = Mapping[str, Entry]  # by the id of what they are about


@dataclass
class Replayed:
    """What was taken away again, how often; and what could not be."""

    done: Counter[Action] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)  # tokens that are not in this database
    forged: list[Entry] = field(default_factory=list)  # entries that are not what was sealed


class Told(NamedTuple):
    """How an event speaks of the one that it repeats."""

    done_at: str
    done_by: str
    reason: str

    @classmethod
    def of(cls, entry: Entry) -> "Told":
        return cls(entry.at, entry.actor["name"], entry.reason)

    @property
    def details(self) -> dict[str, object]:
        return {"done_at": self.done_at, "done_by": self.done_by}


def replay(entries: Iterable[Entry], *, by: Actor) -> Replayed:
    """Revokes, suspends and deactivates what was. Done twice, or by two at once, it is done once.

    What was given back later is left alone, and nothing is given back here. Nobody is told by mail:
    they were, at the time.

    Args:
        entries: the committed ones of the journal, oldest first.

    Raises:
        NotAllowed
    """
    permissions.check(permissions.may_manage_companies(by))
    replayed = Replayed()
    taken = _still_taken(entries, replayed)
    for part in _parts(taken.pop(Action.TOKEN_REVOKED)):
        _revoke_all(part, replayed, by=by)
    for action, by_object in taken.items():
        for entry in by_object.values():
            if _left(entry).exists():
                replayed.done[action] += _take(entry, by=by)
    return replayed


def _still_taken(entries: Iterable[Entry], replayed: Replayed) -> dict[Action, dict[str, Entry]]:
    """Of each kind, what was taken from whom and not given back; of revocations the first."""
    taken: dict[Action, dict[str, Entry]] = {action: {} for action in TAKEN}
    ended_by = {given: action for action, given in TAKEN.items() if given}
    for entry in entries:
        if entry.action == Action.TOKEN_REVOKED:
            # There may be very many, whose seals are looked at where something is to be done.
            earlier = taken[Action.TOKEN_REVOKED].get(entry.object_id)
            if earlier is None or not _is_intact(earlier):
                taken[Action.TOKEN_REVOKED][entry.object_id] = entry
        elif not _is_intact(entry):
            replayed.forged.append(entry)
        elif entry.action in TAKEN:
            taken[Action(entry.action)][entry.object_id] = entry
        elif entry.action in ended_by:
            taken[ended_by[Action(entry.action)]].pop(entry.object_id, None)
    return taken


def _is_intact(entry: Entry) -> bool:
    """Whether it is, to the letter, what was sealed."""
    facts = {name: value for name, value in entry.line.items() if name not in trail.SEALS}
    try:
        return trail.seal(str(entry.line["previous"]), facts) == entry.hash
    except (KeyError, ValueError):
        return False


def _parts(entries: Entries) -> Iterator[dict[str, Entry]]:
    items = iter(entries.items())
    while part := dict(islice(items, AT_ONCE)):
        yield part


def _revoke_all(entries: Entries, replayed: Replayed, *, by: Actor) -> None:
    known = Token.objects.filter(username__in=entries).values_list("username", "revoked_at")
    revoked_at = dict(known)
    replayed.unknown |= entries.keys() - revoked_at.keys()
    left = {name: entries[name] for name, at in revoked_at.items() if at is None}
    replayed.forged += [entry for entry in left.values() if not _is_intact(entry)]
    sound = {name: entry for name, entry in left.items() if _is_intact(entry)}
    companies = Company.objects.filter(tokens__username__in=sound).distinct()
    for company in companies:
        replayed.done[Action.TOKEN_REVOKED] += _revoke(company, sound, by=by)


@transaction.atomic
def _revoke(company: Company, entries: Entries, *, by: Actor) -> int:
    """Says how many of the company's it were."""
    # Locked in the order in which whoever revokes locks them.
    left = Token.objects.of(company).listed().filter(username__in=entries).order_by("pk")
    rows = list(left.select_for_update(no_key=True))
    people = _people([entries[row.username] for row in rows])
    for row in rows:
        entry = entries[row.username]
        row.revoked_at, row.revoked_reason = entry.time, entry.reason
        row.revoked_by = people.get(entry.actor["id"])
    Token.objects.bulk_update(rows, ["revoked_at", "revoked_by", "revoked_reason"])

    def told(row: Token) -> Told:
        return Told.of(entries[row.username])

    for what, group in groupby(sorted(rows, key=told), key=told):
        Event.objects.record_all(
            Action.TOKEN_REVOKED,
            company=company,
            by=by,
            on=group,
            details=what.details,
            reason=what.reason,
        )
    return len(rows)


def _people(entries: Iterable[Entry]) -> dict[str, User]:
    """Those who did it and are here, by their public id."""
    ids = {entry.actor["id"] for entry in entries if entry.actor["kind"] == "person"}
    return {str(person.public_id): person for person in User.objects.filter(public_id__in=ids)}


def _left(entry: Entry) -> "QuerySet[Token] | QuerySet[Company] | QuerySet[User]":
    """What the entry is about, where it has what was taken."""
    if entry.action == Action.TOKEN_SUSPENDED:
        return Token.objects.listed().filter(username=entry.object_id, suspended_at=None)
    if entry.action == Action.COMPANY_SUSPENDED:
        return Company.objects.filter(slug=entry.object_id, is_active=True)
    return User.objects.filter(public_id=entry.object_id, is_active=True)


@transaction.atomic
def _take(entry: Entry, *, by: Actor) -> bool:
    """Says whether it was there to be taken. A last administrator goes too, who was shut out."""
    if entry.action != Action.TOKEN_SUSPENDED:
        Company.objects.select_for_update(no_key=True).filter(slug=entry.company).first()
    subject = _left(entry).select_for_update(no_key=True).first()
    if subject is None or _is_outdone(entry, subject):
        return False
    changes: dict[Action, dict[str, object]] = {
        Action.TOKEN_SUSPENDED: {"suspended_at": entry.time},
        Action.COMPANY_SUSPENDED: {"is_active": False},
        Action.PERSON_DEACTIVATED: {"is_active": False, "deactivated_at": entry.time},
    }
    action, told = Action(entry.action), Told.of(entry)
    _left(entry).update(**changes[action])
    company = subject if isinstance(subject, Company) else subject.company
    Event.objects.record(
        action, company=company, by=by, on=subject, details=told.details, reason=told.reason
    )
    return True


def _is_outdone(entry: Entry, subject: Subject) -> bool:
    """Whether the trail knows the entry, has repeated it, or goes on after it: what it says of the
    subject then holds, whatever the clocks said.
    """
    action = Action(entry.action)
    events = Event.objects.about(subject).filter(action__in=[action, TAKEN[action]])
    return any(
        event.at >= entry.time or event.details.get("done_at") == entry.at for event in events
    )
