"""Does every deed leave exactly one event, and none where nothing was done?"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from django.db import DatabaseError, connection

from tests.actions.deeds import DEEDS, Deed
from tests.factories import Cast, make_person
from tests.facts import everything, proof
from tokens import actions, origin
from tokens.actions import companies, factors, people, tokens
from tokens.models import CONSOLE, Actor, Event, User
from tokens.models.accounts import Role
from tokens.models.events import Action
from tokens.permissions import NotAllowed

HERE = origin.Origin(address="203.0.113.7", request_id="0123456789abcdef")


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
        *(DEEDS[deed] for deed in (tokens.describe, tokens.hand_over, tokens.revoke)),
        *(DEEDS[deed] for deed in (people.invite, people.renew, people.withdraw)),
        *(DEEDS[deed] for deed in (people.change_role, people.deactivate, people.reactivate)),
        DEEDS[people.settle],
        *(DEEDS[deed] for deed in (factors.reset, companies.change_policy)),
    ],
    ids=lambda deed: deed.action,
)
def test_the_console_does_what_an_operator_does(deed: Deed, cast: Cast) -> None:
    prepared = deed.prepare(cast)

    deed.do(prepared, CONSOLE)

    event = Event.objects.latest("pk")
    assert (event.action, event.actor_kind, event.actor_id) == (deed.action, "console", "")


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
