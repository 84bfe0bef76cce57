"""What could the realm be at best? A Django view that signs a grant and asks nobody anything."""

import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from tokens.registry.authority import Authority
from tokens.registry.signing import Scope, Signer

SECONDS = 60
ACCESS = [Scope(type="repository", name="public/universal", actions=["pull"])]

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="only-to-measure")
authority = Authority.load(
    Path(os.environ["REGISTRY_CA_CERT_FILE"]), Path(os.environ["REGISTRY_CA_KEY_FILE"])
)
signer = Signer(authority, issuer="container-token-portal", audience="container-registry")


def token(request: HttpRequest) -> JsonResponse:
    """What the realm answers to a pull, said to whoever asks."""
    now = datetime.now(UTC)
    grant = signer.sign("company-0-aaaaaaaa", ACCESS, seconds=SECONDS, now=now)
    body = {
        "token": grant,
        "access_token": grant,
        "expires_in": SECONDS,
        "issued_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    answer = JsonResponse(body, headers={"Cache-Control": "no-store"})
    # As the realm does: without it gunicorn would send chunks.
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer


urlpatterns = [path("auth/token", token)]
application = get_wsgi_application()
