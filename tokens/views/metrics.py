"""What the operators' monitoring asks for."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tokens import grants
from tokens import metrics as counted
from tokens.views.answers import Refusal, answering, bears


@answering("GET", "HEAD")
def metrics(request: HttpRequest) -> HttpResponse:
    """All metrics, for the holder of ``METRICS_SECRET`` only."""
    if not bears(request, settings.METRICS_SECRET):
        raise Refusal(401, "UNAUTHORIZED", "send the secret of METRICS_SECRET as a bearer token")
    counted.authority_expires.set(grants.authority().expires_at.timestamp())
    return HttpResponse(counted.exposition(), content_type=counted.CONTENT_TYPE)
