"""The realm: the registry's token endpoint, after the distribution project's *token* and *oauth*.

It verifies, decides, signs and answers. Neither a session nor a cookie is read here.
"""

import base64
import binascii
import logging
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone

from tokens import credentials, grants, origin
from tokens.models import Standing, Token
from tokens.models.usage import Place, notebook
from tokens.registry import scopes
from tokens.registry.authority import AuthorityError
from tokens.registry.signing import Access

logger = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
MOST_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"


Fields = dict[str, list[str]]


class Refusal(Exception):
    """An answer without a grant: a status, and the error body of the OCI distribution spec."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Asked(NamedTuple):
    """What a client sent, whichever method it chose."""

    username: str
    secret: str
    service: str
    scopes: list[str]


def token(request: HttpRequest) -> HttpResponseBase:
    """Answers GET with Basic and POST with a form; refuses in the words that clients show."""
    try:
        return _grant(request)
    except Refusal as refusal:
        return _refused(refusal)
    except (OperationalError, InterfaceError) as error:
        logger.error("the realm has no database: %s", error)
        return _refused(_unavailable())
    except AuthorityError as error:
        logger.error("the realm cannot sign: %s", error)
        return _refused(_unavailable())


def _grant(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    asked = _read(request)
    if asked.service not in {"", settings.REGISTRY_SERVICE}:
        raise Refusal(400, "UNSUPPORTED", "this realm does not serve that service")
    try:
        wanted = scopes.parse(asked.scopes)
    except scopes.TooManyNames as error:
        raise Refusal(400, "UNSUPPORTED", str(error)) from None
    standing = _verify(asked)
    _check_standing(standing, now=now)
    access = grants.decide(wanted, entitlements=standing.entitlements, can_push=standing.can_push)
    grant = grants.issue(standing.username, access, now=now)
    client = origin.client_name(request.META.get("HTTP_USER_AGENT", ""))
    address = origin.current.get().address
    notebook.note(Place(standing.token_id, address, client), at=now)
    return _granted(grant, access, now=now, says_scope=request.method == "POST")


def _read(request: HttpRequest) -> Asked:
    if request.method not in {"GET", "POST"}:
        raise Refusal(405, "UNSUPPORTED", "use GET or POST", Allow="GET, POST")
    fields = _fields(request)
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if request.method == "GET" or header:
        username, secret = _basic(header)
    elif _last(fields, "grant_type") != "password":
        raise Refusal(400, "UNSUPPORTED", "the only grant_type here is password")
    else:
        username, secret = _last(fields, "username"), _last(fields, "password")
    return Asked(username, secret, _last(fields, "service"), fields.get("scope", []))


def _fields(request: HttpRequest) -> Fields:
    """What a GET has in its query and a POST in its form: values by name, in the order sent."""
    sent = request.META.get("QUERY_STRING", "") if request.method == "GET" else _form(request)
    try:
        return parse_qs(sent, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refusal(400, "UNSUPPORTED", "the request has too many fields") from None


def _form(request: HttpRequest) -> str:
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise Refusal(400, "UNSUPPORTED", "the request is too large")
    return body.decode(errors="replace") if request.content_type == FORM else ""


def _last(fields: Fields, name: str) -> str:
    return fields.get(name, [""])[-1]


def _basic(header: str) -> tuple[str, str]:
    """Username and secret of RFC 7617; ("", "") when there are none, or they are garbled."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    username, _, secret = decoded.partition(":")
    return username, secret


def _verify(asked: Asked) -> Standing:
    """How the token stands whose username and secret were sent."""
    if not asked.username and not asked.secret:
        raise _unauthorized(f"log in first: request a token at {settings.PORTAL_URL}")
    if _could_be_ours(asked):
        standing = Token.objects.standing(asked.username)
        is_right = credentials.matches(asked.secret, standing.digests if standing else [])
        if standing and is_right:
            return standing
    raise _unauthorized(f"wrong username or secret; your tokens are at {settings.PORTAL_URL}")


def _could_be_ours(asked: Asked) -> bool:
    """Whether it is worth a query: a typo or a truncation shows in the secret's checksum."""
    return credentials.is_username(asked.username) and credentials.is_well_formed(
        asked.secret, settings.SECRET_PREFIX
    )


def _check_standing(standing: Standing, *, now: datetime) -> None:
    """Refuses a dead token, and says why: whoever asks has proved to know its secret."""
    another = f"request another at {settings.PORTAL_URL}"
    if standing.revoked_at:
        raise _unauthorized(f"this token was revoked on {_at(standing.revoked_at)}; {another}")
    if standing.expires_at and standing.expires_at <= now:
        raise _unauthorized(f"this token expired on {_at(standing.expires_at)}; {another}")
    if standing.suspended_at:
        raise _unauthorized(
            f"this token was suspended on {_at(standing.suspended_at)}; see {settings.PORTAL_URL}"
        )
    if not standing.company_is_active:
        raise _unauthorized(f"this company's access is suspended; see {settings.PORTAL_URL}")


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d at %H:%M UTC")


def _granted(
    grant: grants.Grant, access: Access, *, now: datetime, says_scope: bool
) -> JsonResponse:
    body = {
        "token": grant.token,
        "access_token": grant.token,
        "expires_in": grant.seconds,
        "issued_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if says_scope:
        body["scope"] = " ".join(
            f"{scope['type']}:{scope['name']}:{','.join(scope['actions'])}" for scope in access
        )
    return JsonResponse(body, headers={"Cache-Control": "no-store"})


def _unauthorized(message: str) -> Refusal:
    challenge = f'Basic realm="{settings.REGISTRY_SERVICE}"'
    return Refusal(401, "UNAUTHORIZED", message, WWW_Authenticate=challenge)


def _unavailable() -> Refusal:
    message = "the portal cannot answer right now; try again"
    return Refusal(503, "UNAVAILABLE", message, Retry_After="5")


def _refused(refusal: Refusal) -> JsonResponse:
    error = {"code": refusal.code, "message": refusal.message, "detail": None}
    headers = {"Cache-Control": "no-store"} | refusal.headers
    return JsonResponse({"errors": [error]}, status=refusal.status, headers=headers)
