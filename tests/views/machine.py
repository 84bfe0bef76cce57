"""What does a machine send to the realm, and what does it hear?"""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponseBase

from tests import verifier
from tests.client import Client
from tokens.models import Token

REALM = "/auth/token"
SERVICE = "container-registry"
FORM = "application/x-www-form-urlencoded"


def basic(credential: str | bytes) -> str:
    """An Authorization header of RFC 7617."""
    raw = credential.encode() if isinstance(credential, str) else credential
    return "Basic " + base64.b64encode(raw).decode()


def get(query: Any = None, *, authorization: str | None = None, **environ: Any) -> "Answer":
    if authorization is not None:
        environ["HTTP_AUTHORIZATION"] = authorization
    return Answer(Client().get(REALM, query, **environ))


def post(
    body: str | bytes, *, content_type: str = FORM, authorization: str | None = None, **environ: Any
) -> "Answer":
    if authorization is not None:
        environ["HTTP_AUTHORIZATION"] = authorization
    browser = Client(enforce_csrf_checks=True)
    return Answer(browser.generic("POST", REALM, body, content_type, **environ))


class Machine(NamedTuple):
    """A token as it lies on a machine: a username and a secret."""

    token: Token
    secret: str

    @property
    def username(self) -> str:
        return self.token.username

    @property
    def basic(self) -> str:
        return basic(f"{self.username}:{self.secret}")

    def ask(self, *scopes: str, service: str = SERVICE, **environ: Any) -> "Answer":
        """As most clients do: GET with Basic."""
        query = {"service": service, "scope": scopes}
        return get(query, authorization=self.basic, **environ)

    def change(self, **fields: Any) -> None:
        """Changes the token's row, where there is no deed yet that would."""
        Token.objects.filter(pk=self.token.pk).update(**fields)


class Answer:
    """An answer of the realm, after what holds for each of them has been checked."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.json()  # type: ignore[attr-defined]
        assert self.headers["Content-Type"] == "application/json"
        assert self.headers["Cache-Control"] == "no-store"
        assert not response.cookies
        assert not {"Location", "Refresh", "Vary"} & set(self.headers)
        challenge = f'Basic realm="{settings.REGISTRY_SERVICE}"' if self.status == 401 else None
        assert self.headers.get("WWW-Authenticate") == challenge
        assert ("Retry-After" in self.headers) == (self.status in {429, 503})
        (self._check_grant if self.status == 200 else self._check_error)()

    def _check_grant(self) -> None:
        allowed = {"token", "access_token", "expires_in", "issued_at", "scope"}
        assert self.body.keys() | {"scope"} == allowed
        assert self.body["token"] == self.body["access_token"]
        assert type(self.body["expires_in"]) is int
        datetime.strptime(self.body["issued_at"], "%Y-%m-%dT%H:%M:%S%z")
        assert self.body["issued_at"].endswith("Z")
        assert type(self.grant.claims["access"]) is list

    def _check_error(self) -> None:
        (error,) = self.body["errors"]
        assert self.body.keys() == {"errors"}
        assert error.keys() == {"code", "message", "detail"}
        assert error["code"] == CODES[self.status]

    @property
    def grant(self) -> verifier.Grant:
        return verifier.read(self.body["token"])

    @property
    def access(self) -> list[str]:
        """What is granted, written as scopes."""
        return written(self.grant.claims["access"])

    @property
    def message(self) -> str:
        """What clients print."""
        return str(self.body["errors"][0]["message"])

    @property
    def says(self) -> str:
        """The status and, where there is no grant, the message up to what to do about it."""
        if self.status == 200:
            return "200"
        return f"{self.status} {re.split('[:;] ', self.message)[0]}"


# The codes of the OCI distribution specification, and those of the distribution project for 5xx.
CODES = {
    400: "UNSUPPORTED",
    401: "UNAUTHORIZED",
    405: "UNSUPPORTED",
    429: "TOOMANYREQUESTS",
    500: "UNKNOWN",
    503: "UNAVAILABLE",
}


def written(access: Sequence[dict[str, Any]]) -> list[str]:
    return [f"{one['type']}:{one['name']}:{','.join(one['actions'])}" for one in access]
