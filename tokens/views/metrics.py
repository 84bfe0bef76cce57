"""What the operators' monitoring asks for."""

from contextlib import suppress

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tokens import grants
from tokens import metrics as counted
from tokens.models import Message
from tokens.models.outage import leave_broken_connection, outage
from tokens.views.answers import Refusal, answering, bears


@answering("GET", "HEAD")
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics, for the holder of ``METRICS_SECRET`` only."""
    if not bears(request, settings.METRICS_SECRET):
        raise Refusal(401, "UNAUTHORIZED", "send the secret of METRICS_SECRET as a bearer token")
    counted.authority_expires.set(grants.authority().expires_at.timestamp())
    _count_stuck_messages()
    return HttpResponse(counted.exposition(), content_type=counted.CONTENT_TYPE)


def _count_stuck_messages() -> None:
    """As many as before, where the database is away: the rest is needed most then."""
    with suppress(Error), outage:
        counted.messages_stuck.set(Message.objects.stuck(timezone.now()).count())
    leave_broken_connection()
