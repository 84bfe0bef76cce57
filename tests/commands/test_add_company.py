"""Does a new company's first administrator get in, once?"""

import re
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.client import Client
from tests.factories import Cast
from tests.facts import everything
from tokens.models import Company, Event, Invitation, User
from tokens.models.accounts import Role


def add_company(*arguments: str) -> str:
    """What the command prints."""
    output = StringIO()
    call_command("add_company", *arguments, stdout=output)
    return output.getvalue()


def test_the_link_leads_to_being_signed_in_exactly_once(db: None) -> None:
    printed = add_company("initech", "Initech", "peter@initech.example")
    (link,) = re.findall(r"^http\S+$", printed, re.MULTILINE)
    assert link.startswith(settings.PORTAL_URL + "/join/")
    path = link.removeprefix(settings.PORTAL_URL)
    form = {"name": "Peter Gibbons", "password": "seventeen herons by the lock"}

    answer = Client().post(path, form, follow=True)

    assert "Tokens of Initech" in answer.content.decode()
    person = User.objects.get()
    assert (person.email, person.role) == ("peter@initech.example", Role.ADMIN)
    assert Client().post(path, form).status_code == 404
    assert User.objects.count() == 1


def test_it_says_for_whom_and_for_how_long_the_link_is(db: None) -> None:
    printed = add_company("initech", "Initech", "peter@initech.example")
    assert printed.startswith("peter@initech.example signs in once, within seven days, at\n")


def test_the_company_is_added_by_the_console(db: None) -> None:
    add_company("initech", "Initech", "peter@initech.example")
    assert Company.objects.get().pulls() == ["public/*"]
    assert [(e.action, e.actor_kind) for e in Event.objects.order_by("sequence")] == [
        ("company.added", "console"),
        ("person.invited", "console"),
    ]


def test_the_vendor_may_push(db: None) -> None:
    options = ("--vendor", "--push", "public/*", "--push", "internal/*")
    add_company("thinkwise", "Thinkwise", "vera@thinkwise.example", *options)
    company = Company.objects.get()
    assert company.is_vendor
    assert company.entitlements.filter(can_push=True).count() == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("acme", "Another Acme", "peter@initech.example"), "has this short name"),
        (("Init Ech", "Initech", "peter@initech.example"), "Use lower-case letters"),
        (("initech", "Initech", "peter"), "valid email address"),
        (("initech", "Initech", "bram@acme.example"), "has an account already"),
        (("initech", "Initech", "peter@initech.example", "--push", "*"), "a prefix and /*"),
        (("initech", "Ini\u202etech", "peter@initech.example"), "RIGHT-TO-LEFT OVERRIDE"),
    ],
)
def test_what_cannot_be_added_says_why_and_adds_nothing(
    arguments: tuple[str, ...], reason: str, cast: Cast
) -> None:
    assert cast.bram
    before = everything()
    with pytest.raises(CommandError, match=re.escape(reason)):
        add_company(*arguments)
    assert everything() == before
    assert not Invitation.objects.filter(company__slug="initech").exists()
