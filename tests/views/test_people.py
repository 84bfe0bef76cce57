"""Does an invitation lead to being signed in, once, and only whom it was made for?"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.client import Client
from tests.factories import PASSWORD, Cast
from tests.facts import everything
from tests.stack import PostedForm
from tokens.actions.people import invite
from tokens.models import CONSOLE, Invitation, User
from tokens.models.accounts import Role

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
GOOD_PASSWORD = "seventeen herons by the lock"


def invited(cast: Cast) -> Invitation:
    return invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)


def address(invitation: Invitation) -> str:
    return f"/join/{invitation.key}/"


def filled_in(**changed: str) -> dict[str, str]:
    return {"name": "Zoë Maas", "password": GOOD_PASSWORD} | changed


def test_the_link_leads_to_being_signed_in(cast: Cast) -> None:
    browser, link = Client(enforce_csrf_checks=True), address(invited(cast))
    page = browser.get(link).content.decode()
    assert "Join Acme" in page
    assert "zoe@acme.example" in page
    answer = browser.post(link, PostedForm.of(page).fields | filled_in(), follow=True)
    assert answer.redirect_chain == [("/tokens/", 302)]
    assert "Zoë Maas" in answer.content.decode()
    person = User.objects.get(email="zoe@acme.example")
    assert person.check_password(GOOD_PASSWORD)


def test_the_link_works_once(cast: Cast) -> None:
    link = address(invited(cast))
    Client().post(link, filled_in())
    before = everything()
    for send in (Client().get, Client().post):
        answer = send(link, filled_in(name="Somebody Else"))
        assert answer.status_code == 404
        assert "This invitation has ended" in answer.content.decode()
    assert everything() == before


def test_the_link_ends_after_seven_days(cast: Cast) -> None:
    with time_machine.travel(MONDAY, tick=False):
        link = address(invited(cast))
    with time_machine.travel(MONDAY + timedelta(days=7), tick=False):
        assert Client().get(link).status_code == 404
        assert Client().post(link, filled_in()).status_code == 404
    assert not User.objects.filter(email="zoe@acme.example").exists()


@pytest.mark.parametrize("key", ["junk", "a:b:c", "%00", "%2e%2e", "x" * 5000, "é"])
def test_a_key_that_we_did_not_make_says_the_same_as_one_that_ended(key: str, cast: Cast) -> None:
    answer = Client().get(f"/join/{key}/")
    assert answer.status_code == 404
    assert "This invitation has ended" in answer.content.decode()


def test_of_two_links_to_one_address_the_second_ends_with_the_first(cast: Cast) -> None:
    elsewhere = invite("zoe@acme.example", company=cast.globex, role=Role.MEMBER, by=CONSOLE)
    one, other = address(invited(cast)), address(elsewhere)
    Client().post(one, filled_in())
    assert Client().post(other, filled_in()).status_code == 404
    assert User.objects.filter(email="zoe@acme.example").count() == 1


def test_fields_that_the_form_does_not_have_change_nothing(cast: Cast) -> None:
    extra = {
        "email": "mallory@evil.example",
        "company": str(cast.globex.pk),
        "role": "admin",
        "is_active": "",
        "is_vendor": "on",
    }
    Client().post(address(invited(cast)), filled_in(**extra))
    person = User.objects.get(name="Zoë Maas")
    assert person.email == "zoe@acme.example"
    assert (person.company, person.role) == (cast.acme, Role.MEMBER)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Z"}, "Write at least 2 characters."),
        ({"name": "Zoë\u202eMaas"}, "RIGHT-TO-LEFT OVERRIDE (U+202E)"),
        ({"password": ""}, "This field is required."),
        ({"password": "short"}, "This password is too short: write at least 12 characters."),
        ({"password": "password1234"}, "This password is too common."),
        ({"password": "zoe@acme.example"}, "too similar to the email"),
    ],
)
def test_what_cannot_be_taken_says_why_and_uses_nothing_up(
    changed: dict[str, str], reason: str, cast: Cast
) -> None:
    link = address(invited(cast))
    before = everything()
    answer = Client().post(link, filled_in(**changed))
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert "<title>Error:" in answer.content.decode()
    assert everything() == before
    assert Client().post(link, filled_in()).status_code == 302


def test_the_password_is_not_sent_back(cast: Cast) -> None:
    answer = Client().post(address(invited(cast)), filled_in(name="Z"))
    assert GOOD_PASSWORD not in answer.content.decode()


def test_the_link_is_kept_by_no_cache_and_told_to_nobody(cast: Cast) -> None:
    answer = Client().get(address(invited(cast)))
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_whoever_is_signed_in_as_somebody_else_becomes_the_person_who_joins(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.eva)
    before = browser.session.session_key
    answer = browser.post(address(invited(cast)), filled_in(), follow=True)
    assert "Zoë Maas" in answer.content.decode()
    assert browser.session.session_key != before
    assert PASSWORD not in str(dict(browser.session))
