"""Does every deed leave exactly one event, and none where nothing was done?"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from allauth.mfa.models import Authenticator
from django.db import DatabaseError, connection

from tests.factories import PASSWORD, SEED, Cast, make_person, request_token
from tests.facts import everything, proof
from tokens import actions, origin
from tokens.actions import companies, events, factors, people, reviews, tokens
from tokens.management.demo import set_up_app
from tokens.models import CONSOLE, Actor, Company, Event, User
from tokens.models.accounts import Role
from tokens.models.events import Action, Subject
from tokens.permissions import NotAllowed

HERE = origin.Origin(address="203.0.113.7", request_id="0123456789abcdef")


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


OTHERS = ("dirk", "eva", "farid", "max", "tom")

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
        refused=("ana", "bram", *OTHERS),
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
    people.deactivate: Deed(
        Action.PERSON_DEACTIVATED,
        company="acme",
        prepare=lambda cast: cast.chloe,
        do=lambda person, by: people.deactivate(person, by=by),
        subject=lambda person: person,
        details={},
        refused=("bram", *OTHERS),
    ),
}

every_deed = pytest.mark.parametrize("deed", DEEDS.values(), ids=lambda deed: deed.action)
every_refusal = pytest.mark.parametrize(
    ("deed", "name"),
    [
        pytest.param(deed, name, id=f"{deed.action} by {name}")
        for deed in DEEDS.values()
        for name in deed.refused
    ],
)


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """Everything is done from one address, in one request."""
    before = origin.current.set(HERE)
    yield
    origin.current.reset(before)


def actor(deed: Deed, cast: Cast) -> Actor:
    """Who does it; nobody in particular where a stranger may."""
    return getattr(cast, deed.by) if deed.by else CONSOLE


def public_functions() -> set[Callable[..., Any]]:
    """Those that the modules of tokens.actions define."""
    modules = [
        import_module(f"{actions.__name__}.{module.name}")
        for module in pkgutil.iter_modules(actions.__path__)
    ]
    return {
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def test_every_public_function_of_the_actions_is_in_the_table() -> None:
    assert public_functions() == DEEDS.keys()


def test_every_action_of_the_vocabulary_is_left_by_some_deed() -> None:
    assert {deed.action for deed in DEEDS.values()} == set(Action)


@every_deed
def test_a_deed_leaves_exactly_one_event(deed: Deed, cast: Cast) -> None:
    by, prepared = actor(deed, cast), deed.prepare(cast)
    before = set(Event.objects.values_list("pk", flat=True))

    subject = deed.subject(deed.do(prepared, by))

    event = Event.objects.exclude(pk__in=before).get()
    doer = by if deed.by else subject
    assert event.action == deed.action
    assert event.company == deed.company
    assert (event.actor_kind, event.actor_id, event.actor_name) == doer.party
    assert (event.object_kind, event.object_id, event.object_name) == subject.party
    assert (event.address, event.request_id) == (HERE.address, HERE.request_id)
    assert event.details == deed.details
    assert proof().is_whole


@every_deed
def test_what_cannot_be_written_in_the_trail_does_not_happen(deed: Deed, cast: Cast) -> None:
    by, prepared = actor(deed, cast), deed.prepare(cast)
    before = everything()

    with no_more_events(), pytest.raises(DatabaseError, match="the trail is full"):
        deed.do(prepared, by)

    assert everything() == before


@every_refusal
def test_a_refused_deed_changes_nothing_and_leaves_no_event(
    deed: Deed, name: str, cast: Cast
) -> None:
    by, prepared = getattr(cast, name), deed.prepare(cast)
    before = everything()

    with pytest.raises(NotAllowed):
        deed.do(prepared, by)

    assert everything() == before


@pytest.mark.parametrize("name", ["ana", "bram", "dirk", "vera"])
@pytest.mark.parametrize(
    "deed", [deed for deed in DEEDS.values() if deed.by], ids=lambda deed: deed.action
)
def test_somebody_deactivated_does_nothing_any_more(deed: Deed, name: str, cast: Cast) -> None:
    by, prepared = dismissed(getattr(cast, name)), deed.prepare(cast)
    before = everything()

    with pytest.raises(NotAllowed):
        deed.do(prepared, by)

    assert everything() == before


@pytest.mark.parametrize(
    "deed", [deed for deed in DEEDS.values() if deed.by], ids=lambda deed: deed.action
)
def test_an_operator_does_it_in_every_company(deed: Deed, cast: Cast) -> None:
    prepared = deed.prepare(cast)

    deed.do(prepared, cast.vera)

    assert Event.objects.get(action=deed.action, actor_id=str(cast.vera.public_id))


@pytest.mark.parametrize(
    "deed",
    [
        DEEDS[deed]
        for deed in (
            tokens.describe,
            tokens.revoke,
            people.deactivate,
            people.invite,
            factors.reset,
            companies.change_policy,
        )
    ],
    ids=lambda deed: deed.action,
)
def test_the_console_does_what_an_operator_does(deed: Deed, cast: Cast) -> None:
    prepared = deed.prepare(cast)

    deed.do(prepared, CONSOLE)

    event = Event.objects.latest("pk")
    assert (event.action, event.actor_kind, event.actor_id) == (deed.action, "console", "")


def equipped(person: User) -> User:
    """The person, with an authenticator app."""
    set_up_app(person, SEED)
    return person


def factor(person: User, kind: str) -> Authenticator:
    return Authenticator(user=person, type=kind, data={"name": "Laptop"})


def dismissed(person: User) -> User:
    """The person after their access has ended; somebody else administers the company."""
    make_person("Ida Prins", person.company, Role.ADMIN)
    return people.deactivate(person, by=CONSOLE)


@contextmanager
def no_more_events() -> Iterator[None]:
    """The database refuses every further event, as when its disk is full."""
    create, drop = {
        "sqlite": (
            "CREATE TRIGGER full_trail BEFORE INSERT ON tokens_event"
            " BEGIN SELECT RAISE(ABORT, 'the trail is full'); END",
            "DROP TRIGGER full_trail",
        ),
        "postgresql": (
            "CREATE FUNCTION full_trail() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the trail is full'; END $$;"
            " CREATE TRIGGER full_trail BEFORE INSERT ON tokens_event"
            " FOR EACH ROW EXECUTE FUNCTION full_trail()",
            "DROP FUNCTION full_trail CASCADE",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(create)
    yield
    with connection.cursor() as cursor:
        cursor.execute(drop)
