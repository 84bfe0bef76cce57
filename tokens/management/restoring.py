"""What must be done once a back-up has taken the place of the database?"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from tokens import checkpoints, trail
from tokens.actions import restores
from tokens.management import replaying
from tokens.models import CONSOLE, Company, Event, Message, Token, User
from tokens.models.events import Action

HELD_BACK = "Restored"  # stands at /messages/ where else the kind of an error does
TAKEN_AGAIN = {
    Action.TOKEN_REVOKED: "revoked tokens",
    Action.TOKEN_SUSPENDED: "suspended tokens",
    Action.COMPANY_SUSPENDED: "suspended companies",
    Action.PERSON_DEACTIVATED: "deactivated people",
}


def is_empty() -> bool:
    """Whether nothing would be lost: nobody has added a company, or not even the tables."""
    has_tables = Company._meta.db_table in connection.introspection.table_names()
    return not has_tables or not Company.objects.exists()


def finish() -> Iterator[str]:
    """Does it step by step, each of which can be done again, and tells of each in figures.

    Raises:
        trail.Broken: what was restored was tampered with.
    """
    call_command("migrate", verbosity=0)
    last = Event.objects.aggregate(at=Max("at"))["at"] or datetime.min.replace(tzinfo=UTC)
    until = f"{last.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    yield f"{_figures()}, until {until}: whatever was done after that is lost, but"
    yield from _compare_with_checkpoints()
    yield from _replay_journal()
    yield from _end_what_waited()
    for company in Company.objects.order_by("slug"):
        restores.note(company, until=until, by=CONSOLE)
    with closing(Event.objects.lines()) as lines:
        yield f"{trail.verify(lines, must_be_whole=True)}."


def _figures() -> str:
    counted = {
        "companies": Company.objects.count(),
        "people": User.objects.count(),
        "tokens": Token.objects.count(),
        "events": Event.objects.count(),
    }
    return ", ".join(f"{number:,} {name}" for name, number in counted.items())


def _replay_journal() -> Iterator[str]:
    replayed, found = replaying.replay()
    for action, what in TAKEN_AGAIN.items():
        yield f"{replayed.done[action]:,} {what} of the journal are so again"
    yield f"{len(replayed.unknown):,} tokens of the journal are not here: they were requested later"
    for entry in found.begun:
        yield f"begun at {entry.at}, and perhaps never done: {entry.action} {entry.object_id}"
    for place in replaying.garbled(replayed, found):
        yield f"garbled, and left out: {place}"


def _end_what_waited() -> Iterator[str]:
    """Sessions that were ended would go on, and mails that were sent would be sent again."""
    with transaction.atomic():
        ended, _of_each_kind = Session.objects.all().delete()
        waiting = Message.objects.unsent().exclude(next_attempt_at=None).order_by()
        held = waiting.update(next_attempt_at=None, last_error=HELD_BACK)
    yield f"{ended:,} sessions have ended: everybody signs in again"
    yield f"{held:,} mails that waited are held back: see /messages/"


def _compare_with_checkpoints() -> Iterator[str]:
    """What is signed of the chains that are lost would contradict what is signed from now on."""
    file = Path(settings.AUDIT_CHECKPOINTS)
    missing = checkpoints.missing(file) if file.is_file() else {}
    for slug, number in missing.items():
        yield f"{number:,} events of {slug} are missing, of those that the last checkpoint knows"
    if missing:
        aside = file.with_name(f"{file.name}.until-{timezone.now():%Y%m%dT%H%M%SZ}")
        file.rename(aside)
        yield f"checkpoints begin anew; those until now are in {aside}"
