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
    permissions.may_change_tokens: lambda cast: (cast.acme,),
    permissions.may_manage_companies: lambda cast: (),
    permissions.may_change_people: lambda cast: (cast.acme,),
    permissions.may_export_events: lambda cast: (),
    permissions.may_review: lambda cast: (),
    permissions.may_sign_in: lambda cast: (),
    permissions.may_read_messages: lambda cast: (),
    permissions.may_retry_messages: lambda cast: (),
}
# The same order as QUESTIONS: requests tokens and such that push, changes one, changes all; manages
# companies, changes people; exports the events of the own company, reviews its inventory; signs in,
# reads which mails could not be sent, has them sent again.
TABLE = {
    "ana, an admin": "yes no yes yes no yes yes yes yes no no",
    "bram, a member": "yes no yes yes no no yes no yes no no",
    "dirk, an auditor": "no no no no no no yes yes yes no no",
    "eva, an admin elsewhere": "yes no no no no no yes yes yes no no",
    "farid, a member elsewhere": "yes no no no no no yes no yes no no",
    "vera, an admin of the vendor": "yes yes yes yes yes yes yes yes yes yes yes",
    "tom, an auditor of the vendor": "no no no no no no yes yes yes yes no",
    "max, a member of the vendor": "yes yes no no no no yes no yes no no",
    "the console": "no no yes yes yes yes no no no no no",
}
ANSWERS = {
    name: tuple(answer == "yes" for answer in answers.split()) for name, answers in TABLE.items()
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
    assert ours - {permissions.check, permissions.must_say_why} == QUESTIONS.keys()


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


def test_whoever_is_no_colleague_must_say_why(cast: Cast) -> None:
    assert permissions.must_say_why(cast.vera, cast.acme)
    assert not permissions.must_say_why(cast.vera, cast.vendor)
    assert not permissions.must_say_why(cast.bram, cast.acme)
    assert not permissions.must_say_why(CONSOLE, cast.acme)
