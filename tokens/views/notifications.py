"""The registry tells what was pulled.

Every authenticated event is answered with 200: one that is refused would block the registry's whole
queue. What makes no sense is logged, and the next one arrives.
"""

import logging

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tokens.models import Pull
from tokens.registry import notifications
from tokens.views.answers import Refusal, answering, bears

logger = logging.getLogger(__name__)


@answering("POST")
def events(request: HttpRequest) -> HttpResponse:
    """Counts the pulls in an envelope of events."""
    if not bears(request, settings.REGISTRY_EVENTS_SECRET):
        raise Refusal(401, "UNAUTHORIZED", "only the registry may tell what was pulled")
    now = timezone.now()
    try:
        for pulled in notifications.pulls(request.body):
            Pull.record(pulled, at=now)
    except (notifications.Malformed, SuspiciousOperation) as error:
        logger.warning("a notification of the registry makes no sense: %s", error)
    return HttpResponse(status=200)
