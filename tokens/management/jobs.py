"""What falls due, and how often?"""

import logging
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import requests
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.utils import timezone

from tokens import catalog, checkpoints, grants, trail
from tokens.mails import sending, telling
from tokens.management import replaying
from tokens.models import (
    Company,
    Event,
    Failure,
    Message,
    Notification,
    Pull,
    Refusal,
    Sighting,
    Use,
)

logger = logging.getLogger(__name__)

REGISTRY_SECONDS = 5
NOTIFICATIONS_KEPT = timedelta(days=2)  # far longer than a registry tries to tell of one
FAILURES_KEPT = timedelta(minutes=5)
# What is sent once a month is known by the last one, so that one is kept for longer.
MESSAGES_KEPT = timedelta(days=40)
CATALOG_SECONDS = 60
ROWS_AT_ONCE = 5_000


class Job(NamedTuple):
    """Something that is done every so many seconds; ``apart`` from others, whom it may keep."""

    name: str
    every: int
    do: Callable[[], None]
    apart: bool = False


def forget_sessions() -> None:
    """Removes sessions that have ended."""
    call_command("clearsessions")


def prune_gauges() -> None:
    """Removes uses, pulls and refusals that are older than the settings say."""
    now = timezone.now()
    _prune(Use.objects.outdated(now - settings.USES_KEPT))
    _prune(Pull.objects.filter(day__lt=(now - settings.PULLS_KEPT).date()))
    _prune(Refusal.objects.filter(hour__lt=now - settings.REFUSALS_KEPT))
    _prune(Notification.objects.filter(at__lt=now - NOTIFICATIONS_KEPT))
    _prune(Failure.objects.filter(minute__lt=now - FAILURES_KEPT))


def _prune(rows: "models.QuerySet[models.Model]") -> None:
    """In small steps, so that nobody waits long for a lock."""
    while True:
        keys = list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE])
        rows.model._default_manager.filter(pk__in=keys).delete()
        if len(keys) < ROWS_AT_ONCE:
            return


def look_at_registry() -> None:
    """Remembers whether the registry answers, and how far its clock is from ours."""
    now = timezone.now()
    Sighting.objects.update_or_create(
        name="registry", defaults={"at": now, "seen": _registry_seen(now)}
    )


def _registry_seen(now: datetime) -> dict[str, object]:
    url = f"{settings.REGISTRY_URL}/v2/"
    try:
        answer = requests.get(url, timeout=REGISTRY_SECONDS, allow_redirects=False)
        offset = parsedate_to_datetime(answer.headers["Date"]) - now
    except (requests.RequestException, KeyError, ValueError) as error:
        return {"answers": False, "why": type(error).__name__}
    return {"answers": True, "clock_offset_seconds": round(offset.total_seconds())}


def refresh_catalog() -> None:
    """Keeps the list of images warm, so that nobody waits for the registry."""
    catalog.listing(sign=grants.for_portal, seconds=CATALOG_SECONDS)


def keep_checkpoint() -> None:
    """Signs how every company's chain of events ends, where there is a key for it."""
    if key := checkpoints.own_key():
        line = checkpoints.take(key=key, at=timezone.now()) + "\n"
        if settings.AUDIT_CHECKPOINTS == "-":
            sys.stdout.write(line)
            sys.stdout.flush()
        else:
            with Path(settings.AUDIT_CHECKPOINTS).open("a", encoding="utf-8") as file:
                file.write(line)


def check_trails() -> None:
    """Verifies every company's chain of events, and remembers for its people whether it holds."""
    broken = {}
    for company in Company.objects.order_by("slug"):
        try:
            trail.verify(Event.objects.of(company).lines(), must_be_whole=True)
        except trail.Broken as error:
            logger.error("the audit trail of %s is broken at %s", company.slug, error)
            broken[company.slug] = str(error)
    Sighting.objects.update_or_create(
        name="trails", defaults={"at": timezone.now(), "seen": {"broken": broken}}
    )


def remind() -> None:
    """Tells people of what they should look after: at most once in a while each."""
    today = timezone.localdate()
    telling.of_idle_tokens(today)
    if grants.authority_ends_soon(timezone.now()) is not None:
        telling.of_ending_authority(grants.authority().expires_at, today)


def replay_journal() -> None:
    """Takes away again what a database that was exchanged meanwhile does not know of."""
    replaying.replay()


def forget_messages() -> None:
    """Removes mails that were sent, and those that were given up, after a while."""
    _prune(Message.objects.filter(created_at__lt=timezone.now() - MESSAGES_KEPT))


JOBS = (
    Job("journal", 600, replay_journal),
    Job("mails", 5, sending.send_due, apart=True),
    Job("sessions", 3600, forget_sessions),
    Job("gauges", 600, prune_gauges),
    Job("registry", 60, look_at_registry),
    Job("catalog", 60, refresh_catalog),
    Job("checkpoint", 300, keep_checkpoint),
    Job("reminders", 3600, remind),
    Job("messages", 3600, forget_messages),
    Job("trails", 6 * 3600, check_trails),
)
