"""The proxy's question before each request to the registry: is this grant's token still alive?

For Caddy's ``forward_auth`` and nginx's ``auth_request``: a status of the two hundreds lets the
request pass, and 401 goes to the client with the challenge that makes it ask the realm again, whose
sentence says why. What carries no grant passes: the registry itself refuses it.
"""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tokens import grants
from tokens.models import Standing
from tokens.registry.verifying import NotOurs
from tokens.views.answers import Refusal, answering

_REPOSITORY = re.compile(r"/v2/(?P<name>[^?]+?)/(?:manifests|blobs|tags)/")
_READING = {"GET", "HEAD"}


@answering("GET", "HEAD")
def check(request: HttpRequest) -> HttpResponse:
    """204 unless the request carries a grant that holds no more."""
    scheme, _, grant = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and not _holds(grant.strip()):
        raise _challenge(request)
    return HttpResponse(status=204)


def _holds(grant: str) -> bool:
    now = timezone.now()
    try:
        username = grants.verifier().subject(grant, now=now)
    except NotOurs:
        return False
    if username == grants.PORTAL:
        return True
    standing = Standing.find(username, now=now)
    return standing is not None and standing.end(now) is None


def _challenge(request: HttpRequest) -> Refusal:
    """What the registry itself would answer, so that the client asks for another grant."""
    challenge = f'Bearer realm="{settings.REGISTRY_REALM}",service="{settings.REGISTRY_SERVICE}"'
    path = request.headers.get("X-Forwarded-Uri") or request.headers.get("X-Original-URI") or ""
    if match := _REPOSITORY.match(path):
        method = request.headers.get("X-Forwarded-Method", "GET")
        actions = "pull" if method in _READING else "pull,push"
        challenge += f',scope="repository:{match["name"]}:{actions}",error="invalid_token"'
    return Refusal(401, "UNAUTHORIZED", "log in again", WWW_Authenticate=challenge)
