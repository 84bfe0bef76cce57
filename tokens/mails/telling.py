"""Who is told of what? Each function puts mails into the outbox, in the caller's transaction."""

from collections.abc import Iterable
from datetime import date, datetime

from tokens.models import Event, Invitation, Message, Token, User
from tokens.models.accounts import Role
from tokens.models.messages import Kind

MOST_LISTED = 20  # tokens in a mail


def of_own_account(kind: Kind, person: User, event: Event) -> None:
    """Tells somebody what happened to their account: nobody can switch that off."""
    Message.objects.put(kind, person, about={"event": event.pk})


def of_invitation(invitation: Invitation) -> None:
    """Sends whoever is invited their link."""
    Message.objects.put(Kind.PERSON_INVITED, invitation)


def of_request(token: Token) -> None:
    """Tells the requester, and those administrators who want to hear of each request."""
    requester, about = token.requested_by, {"token": token.username}
    if Kind.TOKEN_REQUESTED.is_wanted_by(requester):
        Message.objects.put(Kind.TOKEN_REQUESTED, requester, about=about)
    admins = token.company.people.filter(role=Role.ADMIN, is_active=True).exclude(pk=requester.pk)
    kind = Kind.COLLEAGUE_REQUESTED
    Message.objects.put(kind, *filter(kind.is_wanted_by, admins), about=about)


def of_revocations(tokens: Iterable[Token]) -> None:
    """Tells each requester, in one mail, that somebody else has revoked tokens of theirs."""
    of_each: dict[int, list[str]] = {}
    for token in tokens:
        if token.requested_by_id != token.revoked_by_id:
            of_each.setdefault(token.requested_by_id, []).append(token.username)
    for requester in User.objects.filter(pk__in=of_each, is_active=True):
        if Kind.TOKEN_REVOKED.is_wanted_by(requester):
            usernames = of_each[requester.pk]
            about = {"tokens": usernames[:MOST_LISTED], "number": len(usernames)}
            Message.objects.put(Kind.TOKEN_REVOKED, requester, about=about)


def of_idle_tokens(today: date) -> None:
    """Tells administrators, once a month, that tokens of their company were unused for long."""
    companies = Token.objects.idle().values("company")
    admins = User.objects.filter(role=Role.ADMIN, is_active=True, company__in=companies)
    kind = Kind.TOKENS_UNUSED
    Message.objects.put(kind, *filter(kind.is_wanted_by, admins), once=f"{today:%Y-%m}")


def of_ending_authority(ends_at: datetime, today: date) -> None:
    """Tells operators, once a week, until when grants can be signed."""
    operators = User.objects.filter(role=Role.ADMIN, is_active=True, company__is_vendor=True)
    about = {"ends_at": ends_at.isoformat()}
    Message.objects.put(Kind.AUTHORITY_ENDS, *operators, about=about, once=f"{today:%G-%V}")
