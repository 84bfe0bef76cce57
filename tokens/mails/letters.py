"""What does each mail say? Looked up when it is sent, in the reader's language."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.models import Event, Invitation, Message, Token
from tokens.models.messages import Kind

MOST_LISTED = 20


@dataclass(frozen=True)
class Letter:
    """A mail before it becomes text and HTML.

    Its subject holds no word that people wrote: no name, no description. They are facts.
    """

    subject: str
    says: list[str]
    facts: list[tuple[str, str]] = field(default_factory=list)
    # What the one link is called, and its address.
    link: tuple[str, str] | None = None


def of(message: Message) -> Letter | None:
    """What the message says now; None where there is nothing to say any more."""
    is_stranger = message.person and not message.person.is_active
    if is_stranger and message.kind != Kind.PERSON_DEACTIVATED:
        return None
    return LETTERS[Kind(message.kind)](message)


def _invited(message: Message) -> Letter | None:
    invitation = message.invitation
    assert invitation
    if not Invitation.objects.open().filter(pk=invitation.pk).exists():
        return None
    by = invitation.invited_by.name if invitation.invited_by else settings.PORTAL_BRAND
    return Letter(
        _("You are invited to %(brand)s") % {"brand": settings.PORTAL_BRAND},
        [
            _("With this link you join, once, and choose a password. Keep it to yourself."),
            _("If you did not expect it, do nothing: without you the invitation ends by itself."),
        ],
        [
            (_("Company"), invitation.company.name),
            (_("Invited by"), by),
            (_("As"), str(invitation.get_role_display())),
            (_("Ends"), _at(invitation.expires_at)),
        ],
        (_("Join"), _address("join", invitation.key)),
    )


def _deactivated(message: Message) -> Letter:
    event = _event(message)
    return Letter(
        _("Your access to %(brand)s has ended") % {"brand": settings.PORTAL_BRAND},
        [
            _("You cannot sign in any more."),
            _("The tokens that you requested belong to your company, which decides about them."),
        ],
        [(_("Ended by"), event.actor_name), (_("When"), _at(event.at))],
    )


def _new_place(message: Message) -> Letter:
    subject = _("You signed in from a new place")
    return _own_account(message, subject, _("Somebody signed in as you from a new address."))


def _password_changed(message: Message) -> Letter:
    return _own_account(message, _("Your password was changed"), _("You have a new password."))


def _factor_changed(message: Message) -> Letter:
    subject = _("How you sign in was changed")
    return _own_account(message, subject, _("A second factor of yours was added or removed."))


def _own_account(message: Message, subject: str, happened: str) -> Letter:
    """With what the person needs to know whether it was them, and what to do if it was not."""
    event = _event(message)
    return Letter(
        subject,
        [
            happened,
            _("If that was you, there is nothing to do."),
            _(
                "If it was not, choose a new password at once and tell an administrator of your"
                " company."
            ),
        ],
        [
            (_("What"), event.plain_sentence),
            (_("When"), _at(event.at)),
            (_("From"), event.address or _("the server itself")),
        ],
        (_("Choose a new password"), _address("account_reset_password")),
    )


def _token_requested(message: Message) -> Letter:
    return _request(message, _("You requested a token"))


def _colleague_requested(message: Message) -> Letter:
    return _request(message, _("A colleague requested a token"))


def _request(message: Message, subject: str) -> Letter:
    token = _token(message)
    return Letter(
        subject,
        [
            _("With it a machine pulls your company's images. Its secret is in no mail."),
            _("If that should not have happened, revoke it: anybody in your company can."),
        ],
        [
            *_facts_of(token),
            (_("Requested by"), token.requested_by.name),
            (_("When"), _at(token.requested_at)),
        ],
        (_("Show the token"), f"{settings.PORTAL_URL}{token.get_absolute_url()}"),
    )


def _token_revoked(message: Message) -> Letter:
    number = message.about["number"]
    tokens = _tokens(message.about["tokens"])
    token = tokens[0]
    assert token.revoked_at
    facts = [fact for each in tokens for fact in _facts_of(each)]
    if number > len(tokens):
        facts.append((_("And others"), str(number - len(tokens))))
    facts += [
        (_("Revoked by"), token.revoked_by.name if token.revoked_by else _("the vendor")),
        (_("When"), _at(token.revoked_at)),
    ]
    if token.revoked_reason:
        facts.append((_("Why"), token.revoked_reason))
    subject = ngettext(
        "A token that you requested was revoked", "Tokens that you requested were revoked", number
    )
    return Letter(
        subject,
        [
            _("Machines that log in with it are refused from now on."),
            _("If one still needs it, request another and put that on the machine."),
        ],
        facts,
        (_("Show the token"), f"{settings.PORTAL_URL}{token.get_absolute_url()}"),
    )


def _tokens_unused(message: Message) -> Letter | None:
    assert message.person
    idle = Token.objects.of(message.person.company).idle()
    number = idle.count()
    if not number:
        return None
    happened = ngettext(
        "%(number)d token of your company was not used for 90 days.",
        "%(number)d tokens of your company were not used for 90 days.",
        number,
    )
    return Letter(
        _("Tokens that nobody uses"),
        [
            happened % {"number": number},
            _("Revoke those that no machine needs: what is gone cannot leak."),
        ],
        [(token.username, token.description) for token in idle[:MOST_LISTED]],
        (_("Show all tokens"), _address("inventory")),
    )


def _authority_ends(message: Message) -> Letter:
    ends_at = datetime.fromisoformat(message.about["ends_at"])
    return Letter(
        _("The signing authority ends soon"),
        [
            _("After that no machine can pull, until it is replaced."),
            _("The operating manual says how, under “Replacing the signing authority”."),
        ],
        [(_("Ends"), _at(ends_at))],
    )


LETTERS: dict[Kind, Callable[[Message], Letter | None]] = {
    Kind.PERSON_INVITED: _invited,
    Kind.PERSON_DEACTIVATED: _deactivated,
    Kind.NEW_PLACE: _new_place,
    Kind.PASSWORD_CHANGED: _password_changed,
    Kind.FACTOR_CHANGED: _factor_changed,
    Kind.TOKEN_REQUESTED: _token_requested,
    Kind.COLLEAGUE_REQUESTED: _colleague_requested,
    Kind.TOKEN_REVOKED: _token_revoked,
    Kind.TOKENS_UNUSED: _tokens_unused,
    Kind.AUTHORITY_ENDS: _authority_ends,
}


def _event(message: Message) -> Event:
    return Event.objects.get(pk=message.about["event"])


def _token(message: Message) -> Token:
    (token,) = _tokens([message.about["token"]])
    return token


def _tokens(usernames: list[str]) -> list[Token]:
    people = Token.objects.select_related("requested_by", "revoked_by")
    return list(people.filter(username__in=usernames))


def _facts_of(token: Token) -> list[tuple[str, str]]:
    return [(_("Token"), token.description), (_("Username"), token.username)]


def _at(moment: datetime) -> str:
    """In the reader's time zone, which is named."""
    return date_format(localtime(moment), "DATETIME_FORMAT")


def _address(door: str, *arguments: str) -> str:
    return settings.PORTAL_URL + reverse(door, args=arguments)
