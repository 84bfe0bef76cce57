"""Request, describe, hand over, revoke; suspend and resume."""

from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from tokens import credentials, permissions, text
from tokens.mails import telling
from tokens.models import Actor, Company, Event, Secret, Token, User
from tokens.models.events import Action
from tokens.models.tokens import TokenQuerySet

AT_ONCE = 500  # rows that one statement changes


class Requested(NamedTuple):
    """A new token and its secret, which exists nowhere else from now on."""

    token: Token
    secret: str


class AlreadyRequested(Exception):
    """This request was answered before; its secret was shown then."""

    def __init__(self, token: Token) -> None:
        super().__init__(token.username)
        self.token = token


class AlreadyRevoked(Exception):
    """Somebody was quicker. The token says who and when."""

    def __init__(self, token: Token) -> None:
        super().__init__(token.username)
        self.token = token


class NoColleague(Exception):
    """A token stands under the name of a colleague who may request tokens, or of nobody."""


def _clean_description(description: str) -> str:
    """The description as it is stored; raises ValidationError when it cannot be."""
    return text.one_line(description, least=3, most=200)


def request(*, by: User, description: str, nonce: str, can_push: bool = False) -> Requested:
    """Makes a token of the actor's company and its one secret.

    Args:
        nonce: unique for each request of the company, so that a double click makes one token.
        can_push: whether it may also push, where the company is entitled to.

    Raises:
        NotAllowed, ValidationError
        AlreadyRequested: a token was made for this nonce.
    """
    may = permissions.may_request_pushing_tokens if can_push else permissions.may_request_tokens
    permissions.check(may(by))
    description = _clean_description(description)
    try:
        with transaction.atomic():
            return _request(by=by, description=description, nonce=nonce, can_push=can_push)
    except IntegrityError:
        token = Token.objects.of(by.company).filter(request_nonce=nonce).first()
        if token is None:
            raise
        raise AlreadyRequested(token) from None


def _request(*, by: User, description: str, nonce: str, can_push: bool) -> Requested:
    token = Token.objects.create(
        company=by.company,
        username=credentials.mint_username(by.company.slug),
        description=description,
        requested_by=by,
        request_nonce=nonce,
        can_push=can_push,
    )
    secret = Secret.objects.mint(token)
    Event.objects.record(
        Action.TOKEN_REQUESTED,
        company=by.company,
        by=by,
        on=token,
        details={"can_push": True} if can_push else {},
    )
    telling.of_request(token)
    return Requested(token, secret)


@transaction.atomic
def describe(token: Token, *, by: Actor, description: str) -> Token:
    """Changes the description. The same one again changes nothing and leaves no event.

    Raises:
        NotAllowed, ValidationError
        AlreadyRevoked: a revoked token is history.
    """
    permissions.check(permissions.may_change_token(by, token))
    description = _clean_description(description)
    token = _locked(token)
    before = token.description
    if description == before:
        return token
    token.description = description
    token.save(update_fields=["description"])
    Event.objects.record(
        Action.TOKEN_DESCRIBED,
        company=token.company,
        by=by,
        on=token,
        details={"before": before, "after": description},
    )
    return token


@transaction.atomic
def hand_over(token: Token, *, to: User, by: Actor) -> Token:
    """Puts the token under a colleague's name, as if they had requested it. No machine notices.

    To whom it belongs already, nothing changes and no event is left.

    Raises:
        NotAllowed
        NoColleague: they are of another company, or may not request tokens.
        AlreadyRevoked: a revoked token is history.
    """
    permissions.check(permissions.may_change_people(by, token.company))
    if to.company_id != token.company_id or not permissions.may_request_tokens(to):
        raise NoColleague(to.email)
    token = _locked(token)
    before = token.requested_by
    if before == to:
        return token
    token.requested_by, token.handed_over_at = to, timezone.now()
    token.save(update_fields=["requested_by", "handed_over_at"])
    Event.objects.record(
        Action.TOKEN_HANDED_OVER,
        company=token.company,
        by=by,
        on=token,
        details={
            "before": before.name,
            "before_id": str(before.public_id),
            "after": to.name,
            "after_id": str(to.public_id),
        },
    )
    return token


def revoke(token: Token, *, by: Actor, reason: str = "") -> Token:
    """Ends the token for good: from the moment this is answered the realm refuses it.

    Args:
        reason: for the company's people to read; whoever is no colleague must give one.

    Raises:
        NotAllowed, ValidationError
        AlreadyRevoked: somebody was quicker.
    """
    chosen = Token.objects.filter(pk=token.pk)
    revoked = revoke_all(chosen, company=token.company, by=by, reason=reason)
    if not revoked:
        raise AlreadyRevoked(chosen.select_related("company", "requested_by").get())
    return revoked[0]


@transaction.atomic
def revoke_all(
    tokens: TokenQuerySet, *, company: Company, by: Actor, reason: str = ""
) -> list[Token]:
    """Ends all of them that are the company's and not revoked yet, and answers these.

    Raises:
        NotAllowed, ValidationError
    """
    permissions.check(permissions.may_change_tokens(by, company))
    reason = text.reason(reason, is_needed=permissions.must_say_why(by, company))
    # In one order, so that two who do it at once do not wait for each other in vain.
    left = tokens.of(company).listed().order_by("pk")
    rows = list(left.select_for_update(no_key=True))
    now, person = timezone.now(), by if isinstance(by, User) else None
    for start in range(0, len(rows), AT_ONCE):
        part = Token.objects.filter(pk__in=[row.pk for row in rows[start : start + AT_ONCE]])
        part.update(revoked_at=now, revoked_by=person, revoked_reason=reason)
    for row in rows:
        row.company = company
        row.revoked_at, row.revoked_by, row.revoked_reason = now, person, reason
    Event.objects.record_all(Action.TOKEN_REVOKED, company=company, by=by, on=rows, reason=reason)
    telling.of_revocations(rows)
    return rows


@transaction.atomic
def suspend(token: Token, *, by: Actor, reason: str = "") -> Token:
    """Makes the realm refuse the token until it is resumed; where that is so already, nothing.

    Raises:
        NotAllowed, ValidationError
        AlreadyRevoked
    """
    permissions.check(permissions.may_manage_companies(by))
    reason = text.reason(reason, is_needed=permissions.must_say_why(by, token.company))
    token = _locked(token)
    if token.suspended_at:
        return token
    return _set_suspended(token, timezone.now(), Action.TOKEN_SUSPENDED, by=by, reason=reason)


@transaction.atomic
def resume(token: Token, *, by: Actor) -> Token:
    """Lets a suspended token work again; where none is suspended, nothing.

    Raises:
        NotAllowed
        AlreadyRevoked
    """
    permissions.check(permissions.may_manage_companies(by))
    token = _locked(token)
    if not token.suspended_at:
        return token
    return _set_suspended(token, None, Action.TOKEN_RESUMED, by=by)


def _set_suspended(
    token: Token, at: datetime | None, action: Action, *, by: Actor, reason: str = ""
) -> Token:
    token.suspended_at = at
    token.save(update_fields=["suspended_at"])
    Event.objects.record(action, company=token.company, by=by, on=token, reason=reason)
    return token


def _locked(token: Token) -> Token:
    """The row as it is now, held until the deed is done; raises AlreadyRevoked."""
    # Without its people: PostgreSQL would join those from before it had to wait, or find nothing.
    rows = Token.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("company").get(pk=token.pk)
    if row.revoked_at:
        raise AlreadyRevoked(row)
    return row
