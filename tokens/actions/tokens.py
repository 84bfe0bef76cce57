"""Request, describe, hand over, revoke."""

from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from tokens import credentials, permissions, text
from tokens.mails import telling
from tokens.models import Actor, Event, Secret, Token, User
from tokens.models.events import Action


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


@transaction.atomic
def revoke(token: Token, *, by: Actor, reason: str = "") -> Token:
    """Ends the token for good: from the moment this is answered the realm refuses it.

    Raises:
        NotAllowed
        AlreadyRevoked: somebody was quicker.
    """
    permissions.check(permissions.may_change_token(by, token))
    token = _locked(token)
    token.revoked_at = timezone.now()
    token.revoked_by = by if isinstance(by, User) else None
    token.revoked_reason = reason
    token.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    Event.objects.record(
        Action.TOKEN_REVOKED,
        company=token.company,
        by=by,
        on=token,
        details={"reason": reason} if reason else {},
    )
    telling.of_revocation(token)
    return token


def _locked(token: Token) -> Token:
    """The row as it is now, held until the deed is done; raises AlreadyRevoked."""
    # Without its people: PostgreSQL would join those from before it had to wait, or find nothing.
    rows = Token.objects.select_for_update(of=("self",), no_key=True)
    row = rows.select_related("company").get(pk=token.pk)
    if row.revoked_at:
        raise AlreadyRevoked(row)
    return row
