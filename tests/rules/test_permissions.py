"""Who may do what? Every question is asked for everybody."""

import inspect
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied

from tests.factories import Cast, make_person, request_token
from tokens import permissions
from tokens.actions.people import deactivate
from tokens.models import CONSOLE, Actor
from tokens.models.accounts import Role

# What is asked about Acme, whose people are ana, bram and dirk.
QUESTIONS: dict[Callable[..., bool], Callable[[Cast], tuple[object, ...]]] = {
    permissions.may_request_tokens: lambda cast: (),
    permissions.may_request_pushing_tokens: lambda cast: (),
    permissions.may_change_token: lambda cast: (request_token(cast.chloe).token,),
    permissions.may_add_companies: lambda cast: (),
    permissions.may_change_people: lambda cast: (cast.acme,),
    permissions.may_export_events: lambda cast: (),
    permissions.may_review: lambda cast: (),
    permissions.may_end_sessions: lambda cast: (),
}
# The same order as QUESTIONS: requests tokens and such that push, changes one, adds companies,
# changes people, exports the events of the own company, reviews
# its inventory, ends their own sessions.
ANSWERS = {
    "ana, an admin": (True, False, True, False, True, True, True, True),
    "bram, a member": (True, False, True, False, False, True, False, True),
    "dirk, an auditor": (False, False, False, False, False, True, True, True),
    "eva, an admin elsewhere": (True, False, False, False, False, True, True, True),
    "farid, a member elsewhere": (True, False, False, False, False, True, False, True),
    "vera, an admin of the vendor": (True, True, True, True, True, True, True, True),
    "tom, an auditor of the vendor": (False, False, False, False, False, True, True, True),
    "max, a member of the vendor": (True, True, False, False, False, True, False, True),
    "the console": (False, False, True, True, True, False, False, False),
}
ASKED = [
    pytest.param(name, question, answer, id=f"{question.__name__} by {name}")
    for name, answers in ANSWERS.items()
    for question, answer in zip(QUESTIONS, answers, strict=True)
]


def named(name: str, cast: Cast) -> Actor:
    return CONSOLE if name == "the console" else getattr(cast, name.partition(",")[0])


def test_every_question_is_asked() -> None:
    functions = dict(inspect.getmembers(permissions, inspect.isfunction)).values()
    ours = {f for f in functions if f.__module__ == permissions.__name__}
    assert ours - {permissions.check} == QUESTIONS.keys()


@pytest.mark.parametrize(("name", "question", "answer"), ASKED)
def test_who_may_what(name: str, question: Callable[..., bool], answer: bool, cast: Cast) -> None:
    assert question(named(name, cast), *QUESTIONS[question](cast)) is answer


@pytest.mark.parametrize("name", ["ana", "bram", "dirk", "eva", "vera", "tom", "max"])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_somebody_deactivated_may_nothing(
    name: str, question: Callable[..., bool], cast: Cast
) -> None:
    person = getattr(cast, name)
    make_person("Ida Prins", person.company, Role.ADMIN)
    person = deactivate(person, by=CONSOLE)
    assert question(person, *QUESTIONS[question](cast)) is False


def test_an_admin_changes_the_people_of_their_own_company_only(cast: Cast) -> None:
    assert permissions.may_change_people(cast.eva, cast.globex)
    assert not permissions.may_change_people(cast.eva, cast.acme)
    assert not permissions.may_change_people(cast.ana, cast.vendor)


def test_a_no_is_raised_and_a_yes_is_silent() -> None:
    permissions.check(True)
    with pytest.raises(permissions.NotAllowed) as refusal:
        permissions.check(False)
    assert isinstance(refusal.value, PermissionDenied)
