"""Is this process alive, and can it serve?"""

from datetime import timedelta

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from tokens import grants, journal, metrics
from tokens.models import Message, Sighting
from tokens.models.outage import leave_broken_connection
from tokens.registry.authority import AuthorityError
from tokens.views.answers import answering


@answering("GET", "HEAD")
def livez(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers, whatever is around it."""
    return JsonResponse({"status": "alive"})


@answering("GET", "HEAD")
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when this process can serve; 503 with what is missing otherwise.

    It never calls out. What a job last saw of the registry and its clock, how long the signing
    authority is still valid, and how many mails cannot be sent, is information, and no reason to be
    taken out of service.
    """
    checks = {"database": _database(), "signing": _signing()} | _journal()
    is_ready = all(answer == "ok" for answer in checks.values())
    information = _registry() | _authority() | _mails() if is_ready else {}
    return JsonResponse(checks | information, status=200 if is_ready else 503)


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        leave_broken_connection()
        return "away"
    return "migrations are missing" if behind else "ok"


def _signing() -> str:
    try:
        leaf = grants.signer().leaf(timezone.now())
    except AuthorityError as error:
        return str(error)
    metrics.leaf_expires.set(leaf.not_after.timestamp())
    return "ok"


def _journal() -> dict[str, str]:
    is_replayed = journal.is_replayed.is_set()
    return {} if is_replayed else {"journal": "is not replayed yet: see the log"}


def _registry() -> dict[str, object]:
    sighting = Sighting.objects.filter(name="registry").first()
    return {"registry": sighting.seen | {"at": sighting.at} if sighting else "not seen yet"}


def _authority() -> dict[str, object]:
    left = grants.authority_ends_soon(timezone.now())
    return {"authority": f"ends in {_days(left)}"} if left is not None else {}


def _mails() -> dict[str, object]:
    stuck = Message.objects.stuck(timezone.now()).count()
    return {"mails": f"{stuck} cannot be sent"} if stuck else {}


def _days(left: timedelta) -> str:
    return f"{left.days} days" if left.days != 1 else "1 day"
