"""Is this process alive, and can it serve?"""

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tokens import grants
from tokens.registry.authority import AuthorityError


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers, whatever is around it."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when this process can serve; 503 with what is missing otherwise. It never calls out."""
    checks = {"database": _database(), "signing": _signing()}
    is_ready = all(answer == "ok" for answer in checks.values())
    return JsonResponse(checks, status=200 if is_ready else 503)


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return "away"
    return "migrations are missing" if behind else "ok"


def _signing() -> str:
    try:
        grants.signer().leaf(timezone.now())
    except AuthorityError as error:
        return str(error)
    return "ok"
