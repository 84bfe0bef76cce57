"""The realm: the registry's token endpoint, after the distribution project's *token* and *oauth*.

It verifies, decides, signs and answers. Neither a session nor a cookie is read here.
"""

import base64
import binascii
import json
from datetime import UTC, datetime
from functools import lru_cache
from time import perf_counter
from typing import NamedTuple
from urllib.parse import parse_qs

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tokens import credentials, grants, metrics, origin
from tokens.models import Refusal as RefusedUse
from tokens.models import Standing, Use, throttle
from tokens.models.refusals import Attempt
from tokens.models.standing import Reason
from tokens.models.uses import Place
from tokens.registry import scopes
from tokens.registry.signing import Access
from tokens.views.answers import Refusal, answering

LARGEST_BODY = 64 * 1024
MOST_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"
MINUTE = 60  # seconds

Fields = dict[str, list[str]]


class Asked(NamedTuple):
    """What a client sent, whichever method it chose, and where from."""

    username: str
    secret: str
    service: str
    scopes: tuple[str, ...]
    address: str


@answering("GET", "POST")
def token(request: HttpRequest) -> HttpResponse:
    """Answers GET with Basic and POST with a form; refuses in the words that clients show."""
    started, outcome = perf_counter(), "unavailable"
    try:
        answer = _answer(request)
        outcome = "granted"
        return answer
    except Refusal as refusal:
        outcome = refusal.outcome
        raise
    finally:
        metrics.count_realm(outcome, seconds=perf_counter() - started)


def _answer(request: HttpRequest) -> HttpResponse:
    now = datetime.now(UTC)
    asked = _read(request)
    if asked.service not in {"", settings.REGISTRY_SERVICE}:
        raise _malformed("this realm does not serve that service")
    try:
        wanted = _wanted(asked.scopes)
    except scopes.TooManyNames as error:
        raise _malformed(str(error)) from None
    standing = _verify(asked, now=now)
    _check_end(standing, asked, now=now)
    access = grants.decide(wanted, entitlements=standing.entitlements, can_push=standing.can_push)
    grant = grants.issue(standing.username, access, now=now)
    client = origin.client_name(request.META.get("HTTP_USER_AGENT", ""))
    Use.record(Place(standing.token_id, asked.address, client), at=now)
    for repository in grants.withheld(wanted, access):
        _note(standing, Reason.NOT_ENTITLED, asked, now=now, repository=repository)
    return _granted(grant, access if request.method == "POST" else None, now=now)


def _read(request: HttpRequest) -> Asked:
    fields = _fields(request)
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if request.method == "GET" or header:
        username, secret = _basic(header)
    elif _last(fields, "grant_type") != "password":
        raise _malformed("the only grant_type here is password")
    else:
        username, secret = _last(fields, "username"), _last(fields, "password")
    service, wanted = _last(fields, "service"), tuple(fields.get("scope", ()))
    return Asked(username, secret, service, wanted, origin.current.get().address)


def _fields(request: HttpRequest) -> Fields:
    """What a GET has in its query and a POST in its form: values by name, in the order sent."""
    try:
        if request.method == "GET":
            return _query(request.META.get("QUERY_STRING", ""))
        return _parsed(_form(request))
    except ValueError:
        raise _malformed("the request has too many fields") from None


def _parsed(sent: str) -> Fields:
    return parse_qs(sent, keep_blank_values=True, max_num_fields=MOST_FIELDS)


# A machine asks for the same again and again; a form is not remembered, for it holds a secret.
_query = lru_cache(maxsize=1024)(_parsed)
_wanted = lru_cache(maxsize=1024)(scopes.parse)


def _form(request: HttpRequest) -> str:
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise _malformed("the request is too large")
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


def _verify(asked: Asked, *, now: datetime) -> Standing:
    """How the token stands whose username and secret were sent.

    It verifies first: failures of others behind the same address never keep a right secret out.
    """
    if not asked.username and not asked.secret:
        message = f"log in first: request a token at {settings.PORTAL_URL}"
        raise _unauthorized(message, outcome="no_credentials")
    if not _could_be_ours(asked):
        raise _wrong(outcome="malformed_credentials")
    standing = Standing.find(asked.username, now=now)
    is_right = credentials.matches(asked.secret, standing.digests if standing else ())
    if standing and is_right:
        return standing
    # Noted for nobody too, and never written: it takes as long.
    _note(standing, Reason.WRONG_SECRET, asked, now=now)
    if throttle.is_over(asked.address, now=now):
        raise _throttled(now)
    throttle.count(asked.address, now=now)
    raise _wrong(outcome="wrong_credentials")


def _could_be_ours(asked: Asked) -> bool:
    """Whether it is worth a query: a typo or a truncation shows in the secret's checksum."""
    return credentials.is_username(asked.username) and credentials.is_well_formed(
        asked.secret, settings.SECRET_PREFIX
    )


def _check_end(standing: Standing, asked: Asked, *, now: datetime) -> None:
    """Refuses a dead token, and says why: whoever asks has proved to know its secret."""
    reason = standing.end(now)
    if reason is None:
        return
    _note(standing, reason, asked, now=now)
    raise _unauthorized(_sentence(standing, reason), outcome=str(reason))


def _sentence(standing: Standing, reason: Reason) -> str:
    another = f"request another at {settings.PORTAL_URL}"
    if reason == Reason.REVOKED:
        return f"this token was revoked on {_at(standing.revoked_at)}; {another}"
    if reason == Reason.EXPIRED:
        return f"this token expired on {_at(standing.expires_at)}; {another}"
    if reason == Reason.SUSPENDED:
        suspended = _at(standing.suspended_at)
        return f"this token was suspended on {suspended}; see {settings.PORTAL_URL}"
    return f"this company's access is suspended; see {settings.PORTAL_URL}"


def _at(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d at %H:%M UTC") if moment else ""


def _note(
    standing: Standing | None, reason: Reason, asked: Asked, *, now: datetime, repository: str = ""
) -> None:
    attempt = Attempt(standing.token_id if standing else 0, reason, asked.address, repository)
    RefusedUse.record(attempt, at=now)


def _granted(grant: grants.Grant, said: Access | None, *, now: datetime) -> HttpResponse:
    """The answer; ``said`` is the access that a POST is told about too."""
    scope = "" if said is None else f',"scope":{json.dumps(_as_asked(said))}'
    # Written out: nothing in a JWT or a moment is escaped in JSON, and to look for it would take a
    # twentieth of the time of a grant.
    body = (
        f'{{"token":"{grant.token}","access_token":"{grant.token}"'
        f',"expires_in":{grant.seconds},"issued_at":"{now:%Y-%m-%dT%H:%M:%SZ}"{scope}}}'
    )
    return HttpResponse(body.encode(), content_type="application/json")


def _as_asked(access: Access) -> str:
    """In the grammar in which clients ask for it."""
    return " ".join(
        f"{scope['type']}:{scope['name']}:{','.join(scope['actions'])}" for scope in access
    )


def _malformed(message: str) -> Refusal:
    return Refusal(400, "UNSUPPORTED", message)


def _wrong(*, outcome: str) -> Refusal:
    """One body for an unknown username and a wrong secret."""
    message = f"wrong username or secret; your tokens are at {settings.PORTAL_URL}"
    return _unauthorized(message, outcome=outcome)


def _unauthorized(message: str, *, outcome: str) -> Refusal:
    challenge = f'Basic realm="{settings.REGISTRY_SERVICE}"'
    return Refusal(401, "UNAUTHORIZED", message, outcome=outcome, WWW_Authenticate=challenge)


def _throttled(now: datetime) -> Refusal:
    message = "too many failed log-ins from this address; check the secrets that its machines use"
    seconds = str(MINUTE - now.second)
    return Refusal(429, "TOOMANYREQUESTS", message, outcome="throttled", Retry_After=seconds)
