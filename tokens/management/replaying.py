"""Replay the journal of revocations: at every start, every ten minutes, and after a restore."""

import logging
import threading

from django.conf import settings
from django.db import Error, close_old_connections

from tokens import journal
from tokens.actions.journal import Replayed
from tokens.actions.journal import replay as replay_entries
from tokens.models import JOURNAL, Event

logger = logging.getLogger(__name__)

TRIED_EVERY = 1  # seconds


def replay() -> tuple[Replayed, journal.Found]:
    """Takes away again whatever the database does not know of.

    What was committed by a process that died before it could say so is confirmed on its behalf: the
    database has its event.

    Raises:
        OSError: the journal cannot be read.
        django.db.Error
    """
    found = journal.read(settings.REVOCATION_JOURNAL)
    known = Event.objects.among((e.company, e.sequence, e.hash) for e in found.begun)
    if known:
        _confirm(sorted(known))
        found.begun = [entry for entry in found.begun if entry.hash not in known]
    replayed = replay_entries(found.committed, by=JOURNAL)
    _log(replayed, found)
    journal.is_replayed.set()
    return replayed, found


def _confirm(hashes: list[str]) -> None:
    try:
        journal.confirm(settings.REVOCATION_JOURNAL, hashes)
    except journal.Unwritable as error:
        # A full disk keeps nobody out: the database has them, and the next replay tries again.
        logger.error("journal: %s", error)


def garbled(replayed: Replayed, found: journal.Found) -> list[str]:
    """Where the journal is not as it was written."""
    forged = [f"{entry.action} {entry.object_id} at {entry.at}" for entry in replayed.forged]
    return found.garbled + forged


def _log(replayed: Replayed, found: journal.Found) -> None:
    for action, times in (+replayed.done).items():
        logger.warning("journal: %s %d times, which the database did not know", action, times)
    for place in garbled(replayed, found):
        logger.error("journal: garbled, and left out: %s", place)


def before_serving(stopping: threading.Event) -> None:
    """Replays, or where that fails tries on beside. Until it is done the realm answers 503."""
    journal.is_replayed.clear()
    if not _try():
        threading.Thread(target=_keep_trying, args=[stopping], daemon=True).start()


def _keep_trying(stopping: threading.Event) -> None:
    while not stopping.wait(TRIED_EVERY) and not _try():
        pass


def _try() -> bool:
    try:
        close_old_connections()
        replay()
        close_old_connections()
    except (Error, OSError, journal.Unwritable) as error:
        logger.error("the journal of revocations cannot be replayed yet: %s", error)
        return False
    return True
