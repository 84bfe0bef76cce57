"""Which deeds are there, and what does each leave?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from unittest.mock import ANY

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from tests.factories import PASSWORD, SEED, Cast, request_token
from tokens.actions import (
    companies,
    entitlements,
    events,
    factors,
    journal,
    mails,
    passwords,
    people,
    restores,
    reviews,
    sign_ins,
    tokens,
)
from tokens.journal import Entry, read
from tokens.management.demo import set_up_app
from tokens.models import CONSOLE, Actor, Company, Event, Message, Token, User
from tokens.models.accounts import Role
from tokens.models.events import Action, Subject


class Deed(NamedTuple):
    """A deed, with what is there before it and what its event says."""

    action: Action
    company: str
    # Makes what it is done to, without doing it.
    prepare: Callable[[Cast], Any]
    do: Callable[[Any, Actor], Any]
    # Of what it answers, what the event is about.
    subject: Callable[[Any], Subject]
    details: dict[str, object]
    by: str = "ana"
    # Those whom it is refused, besides everybody who has been deactivated.
    refused: tuple[str, ...] = ()


def person_of(event: Event) -> User:
    """Whom an event is about."""
    return User.objects.get(public_id=event.object_id)


def equipped(person: User) -> User:
    """The person, with an authenticator app."""
    set_up_app(person, SEED)
    return person


def factor(person: User, kind: str) -> Authenticator:
    return Authenticator(user=person, type=kind, data={"name": "Laptop"})


def revoked_elsewhere(token: Token) -> Entry:
    """What the journal says of a revocation that this database has lost."""
    with transaction.atomic():
        tokens.revoke(token, by=CONSOLE, reason="It was lost")
        transaction.set_rollback(True)
    return read(settings.REVOCATION_JOURNAL).begun[-1]


OTHERS = ("dirk", "eva", "farid", "max", "tom")
ALL_BUT_OPERATORS = ("ana", "bram", *OTHERS)
IN_2999 = datetime(2999, 1, 1, tzinfo=UTC)

DEEDS = {
    tokens.request: Deed(
        Action.TOKEN_REQUESTED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda _company, by: tokens.request(by=by, description="Build server", nonce="once"),
        subject=lambda requested: requested.token,
        details={},
        refused=("dirk", "tom"),
    ),
    tokens.describe: Deed(
        Action.TOKEN_DESCRIBED,
        company="acme",
        prepare=lambda cast: request_token(cast.bram, "Build server").token,
        do=lambda token, by: tokens.describe(token, by=by, description="Test machine"),
        subject=lambda token: token,
        details={"before": "Build server", "after": "Test machine"},
        refused=OTHERS,
    ),
    tokens.revoke: Deed(
        Action.TOKEN_REVOKED,
        company="acme",
        prepare=lambda cast: request_token(cast.bram).token,
        do=lambda token, by: tokens.revoke(token, by=by, reason="It was lost"),
        subject=lambda token: token,
        details={"reason": "It was lost"},
        refused=OTHERS,
    ),
    tokens.hand_over: Deed(
        Action.TOKEN_HANDED_OVER,
        company="acme",
        prepare=lambda cast: (request_token(cast.chloe).token, cast.ana),
        do=lambda both, by: tokens.hand_over(both[0], to=both[1], by=by),
        subject=lambda token: token,
        details={
            "before": "Chloé Martin",
            "before_id": ANY,
            "after": "Ana Vos",
            "after_id": ANY,
        },
        refused=("bram", *OTHERS),
    ),
    tokens.revoke_all: Deed(
        Action.TOKEN_REVOKED,
        company="acme",
        prepare=lambda cast: request_token(cast.bram).token,
        do=lambda token, by: tokens.revoke_all(
            Token.objects.all(), company=token.company, by=by, reason="It was lost"
        ),
        subject=lambda revoked: revoked[0],
        details={"reason": "It was lost"},
        refused=OTHERS,
    ),
    tokens.suspend: Deed(
        Action.TOKEN_SUSPENDED,
        company="acme",
        prepare=lambda cast: request_token(cast.bram).token,
        do=lambda token, by: tokens.suspend(token, by=by, reason="It is looked into"),
        subject=lambda token: token,
        details={"reason": "It is looked into"},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    tokens.resume: Deed(
        Action.TOKEN_RESUMED,
        company="acme",
        prepare=lambda cast: tokens.suspend(request_token(cast.bram).token, by=CONSOLE),
        do=lambda token, by: tokens.resume(token, by=by),
        subject=lambda token: token,
        details={},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    journal.replay: Deed(
        Action.TOKEN_REVOKED,
        company="acme",
        prepare=lambda cast: revoked_elsewhere(request_token(cast.bram).token),
        do=lambda entry, by: (journal.replay([entry], by=by), entry)[1],
        subject=lambda entry: Token.objects.get(username=entry.object_id),
        details={"done_at": ANY, "done_by": "console", "reason": "It was lost"},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    restores.note: Deed(
        Action.COMPANY_RESTORED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda company, by: (restores.note(company, until="yesterday", by=by), company)[1],
        subject=lambda company: company,
        details={"before": "yesterday"},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    events.export: Deed(
        Action.AUDIT_EXPORTED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda _company, by: events.export(by=by, form="csv", asked={"kind": "token.revoked"}),
        subject=lambda event: Company.objects.get(slug=event.company),
        details={"form": "csv", "asked": {"kind": "token.revoked"}},
    ),
    events.export_inventory: Deed(
        Action.INVENTORY_EXPORTED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda _company, by: events.export_inventory(by=by),
        subject=lambda event: Company.objects.get(slug=event.company),
        details={},
    ),
    reviews.review: Deed(
        Action.INVENTORY_REVIEWED,
        company="acme",
        prepare=lambda cast: request_token(cast.bram),
        do=lambda _requested, by: reviews.review(by=by),
        subject=lambda review: review.company,
        details={"tokens": 1, "live": 1},
        refused=("bram", "farid", "max"),
    ),
    companies.add_company: Deed(
        Action.COMPANY_ADDED,
        company="initech",
        prepare=lambda cast: cast.vendor,
        do=lambda _vendor, by: companies.add_company("initech", name="Initech", by=by),
        subject=lambda company: company,
        details={"entitlements": ["public/*"]},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    companies.suspend: Deed(
        Action.COMPANY_SUSPENDED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda company, by: companies.suspend(company, by=by, reason="It has not paid"),
        subject=lambda company: company,
        details={"reason": "It has not paid"},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    companies.resume: Deed(
        Action.COMPANY_RESUMED,
        company="acme",
        prepare=lambda cast: companies.suspend(cast.acme, by=CONSOLE),
        do=lambda company, by: companies.resume(company, by=by),
        subject=lambda company: company,
        details={},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    entitlements.add: Deed(
        Action.ENTITLEMENT_ADDED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda company, by: entitlements.add(company, pattern="acme/*", by=by),
        subject=lambda entitlement: entitlement.company,
        details={"pattern": "acme/*", "can_push": False, "ends_at": ""},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    entitlements.change_end: Deed(
        Action.ENTITLEMENT_CHANGED,
        company="acme",
        prepare=lambda cast: cast.acme.entitlements.get(),
        do=lambda entitlement, by: entitlements.change_end(
            entitlement, ends_at=IN_2999, by=by, reason="A trial"
        ),
        subject=lambda entitlement: entitlement.company,
        details={
            "pattern": "public/*",
            "can_push": False,
            "ends_at": "2999-01-01T00:00:00+00:00",
            "before": "",
            "reason": "A trial",
        },
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    entitlements.end: Deed(
        Action.ENTITLEMENT_ENDED,
        company="acme",
        prepare=lambda cast: cast.acme.entitlements.get(),
        do=lambda entitlement, by: entitlements.end(entitlement, by=by, reason="Over"),
        subject=lambda entitlement: entitlement.company,
        details={"pattern": "public/*", "can_push": False, "reason": "Over"},
        by="vera",
        refused=ALL_BUT_OPERATORS,
    ),
    people.invite: Deed(
        Action.PERSON_INVITED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda company, by: people.invite(
            "Zoe@Acme.example", company=company, role=Role.AUDITOR, by=by
        ),
        subject=lambda invitation: invitation,
        details={"role": "auditor"},
        refused=("bram", *OTHERS),
    ),
    people.join: Deed(
        Action.PERSON_JOINED,
        company="acme",
        prepare=lambda cast: people.invite(
            "zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE
        ),
        do=lambda invitation, _by: people.join(invitation, name="Zoë", password=PASSWORD),
        subject=lambda person: person,
        details={},
        by="",
    ),
    people.renew: Deed(
        Action.INVITATION_RENEWED,
        company="acme",
        prepare=lambda cast: people.invite(
            "zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE
        ),
        do=lambda invitation, by: people.renew(invitation, by=by),
        subject=lambda invitation: invitation,
        details={},
        refused=("bram", *OTHERS),
    ),
    people.withdraw: Deed(
        Action.INVITATION_WITHDRAWN,
        company="acme",
        prepare=lambda cast: people.invite(
            "zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE
        ),
        do=lambda invitation, by: people.withdraw(invitation, by=by),
        subject=lambda invitation: invitation,
        details={},
        refused=("bram", *OTHERS),
    ),
    people.change_role: Deed(
        Action.PERSON_ROLE_CHANGED,
        company="acme",
        prepare=lambda cast: cast.chloe,
        do=lambda person, by: people.change_role(person, role=Role.AUDITOR, by=by),
        subject=lambda person: person,
        details={"before": "member", "after": "auditor"},
        refused=("bram", *OTHERS),
    ),
    people.deactivate: Deed(
        Action.PERSON_DEACTIVATED,
        company="acme",
        prepare=lambda cast: cast.chloe,
        do=lambda person, by: people.deactivate(person, by=by),
        subject=lambda person: person,
        details={},
        refused=("bram", *OTHERS),
    ),
    sign_ins.sign_in: Deed(
        Action.PERSON_SIGNED_IN,
        company="acme",
        prepare=lambda cast: cast.ana,
        do=lambda _person, by: sign_ins.sign_in(by=by),
        subject=person_of,
        details={},
    ),
    sign_ins.sign_out: Deed(
        Action.PERSON_SIGNED_OUT,
        company="acme",
        prepare=lambda cast: cast.ana,
        do=lambda _person, by: sign_ins.sign_out(by=by),
        subject=person_of,
        details={},
    ),
    sign_ins.fail: Deed(
        Action.PERSON_SIGN_IN_FAILED,
        company="acme",
        prepare=lambda cast: cast.ana,
        do=lambda person, _by: sign_ins.fail(person),
        subject=person_of,
        details={},
        by="",
    ),
    passwords.change: Deed(
        Action.PERSON_PASSWORD_CHANGED,
        company="acme",
        prepare=lambda cast: cast.ana,
        do=lambda _person, by: passwords.change(by=by, password="seventeen herons"),
        subject=person_of,
        details={},
    ),
    passwords.reset: Deed(
        Action.PERSON_PASSWORD_RESET,
        company="acme",
        prepare=lambda cast: cast.ana,
        do=lambda _person, by: passwords.reset(by=by, password="seventeen herons"),
        subject=person_of,
        details={},
    ),
    mails.try_again: Deed(
        Action.MAILS_RETRIED,
        company="thinkwise",
        prepare=lambda cast: Message.objects.update(last_error="TimeoutError"),
        do=lambda _failed, by: mails.try_again(by=by),
        subject=lambda event: Company.objects.get(slug=event.company),
        details={"messages": ANY},
        by="vera",
        refused=("ana", "bram", *OTHERS),
    ),
    people.settle: Deed(
        Action.TOKEN_HANDED_OVER,
        company="acme",
        prepare=lambda cast: (request_token(cast.chloe).token, cast.ana),
        do=lambda both, by: people.settle(
            both[0].requested_by, by=by, heir_of=lambda _token: both[1]
        ),
        subject=lambda tokens: tokens[0],
        details={
            "before": "Chloé Martin",
            "before_id": ANY,
            "after": "Ana Vos",
            "after_id": ANY,
        },
        refused=("bram", *OTHERS),
    ),
    people.reactivate: Deed(
        Action.PERSON_REACTIVATED,
        company="acme",
        prepare=lambda cast: people.deactivate(cast.chloe, by=CONSOLE),
        do=lambda person, by: people.reactivate(person, by=by),
        subject=lambda person: person,
        details={},
        refused=("bram", *OTHERS),
    ),
    companies.change_policy: Deed(
        Action.POLICY_CHANGED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda company, by: companies.change_policy(company, require_second_factor=True, by=by),
        subject=lambda company: company,
        details={"require_second_factor": True},
        refused=("bram", *OTHERS),
    ),
    factors.reset: Deed(
        Action.FACTOR_RESET,
        company="acme",
        prepare=lambda cast: equipped(cast.chloe),
        do=lambda person, by: factors.reset(person, by=by),
        subject=lambda person: person,
        details={"factors": ["totp"]},
        refused=("bram", *OTHERS),
    ),
    factors.sign_out_everywhere: Deed(
        Action.SESSIONS_ENDED,
        company="acme",
        prepare=lambda cast: cast.acme,
        do=lambda _company, by: factors.sign_out_everywhere(by=by),
        subject=lambda person: person,
        details={},
    ),
    factors.note_addition: Deed(
        Action.FACTOR_ADDED,
        company="acme",
        prepare=lambda cast: factor(cast.bram, "webauthn"),
        do=lambda passkey, _by: factors.note_addition(passkey),
        subject=lambda person: person,
        details={"factor": "webauthn", "name": "Laptop"},
        by="",
    ),
    factors.note_removal: Deed(
        Action.FACTOR_REMOVED,
        company="acme",
        prepare=lambda cast: factor(cast.bram, "totp"),
        do=lambda app, _by: factors.note_removal(app),
        subject=lambda person: person,
        details={"factor": "totp"},
        by="",
    ),
    factors.note_new_codes: Deed(
        Action.CODES_GENERATED,
        company="acme",
        prepare=lambda cast: factor(cast.bram, "recovery_codes"),
        do=lambda codes, _by: factors.note_new_codes(codes),
        subject=lambda person: person,
        details={"factor": "recovery_codes"},
        by="",
    ),
    factors.note_used_code: Deed(
        Action.CODE_USED,
        company="acme",
        prepare=lambda cast: factor(cast.bram, "recovery_codes"),
        do=lambda codes, _by: factors.note_used_code(codes),
        subject=lambda person: person,
        details={"factor": "recovery_codes"},
        by="",
    ),
}
