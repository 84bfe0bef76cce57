"""Does what happens at the sign-in stand in the trail, and tell nobody who is here?"""

import re

import pytest
from django.core import mail
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from tests.actions.test_deeds import no_more_events
from tests.client import Client
from tests.factories import PASSWORD, Cast
from tokens.actions import passwords
from tokens.actions.people import change_role, deactivate, invite
from tokens.actions.sign_ins import noted_attempts
from tokens.models import CONSOLE, Event, Message, User
from tokens.models.accounts import Role

NEW = "seventeen herons by the lock"


def post(email: str, password: str = PASSWORD, browser: Client | None = None) -> None:
    form = {"login": email, "password": password}
    (browser or Client()).post("/accounts/login/", form)


def trail_of(person: User) -> list[str]:
    """What was done to the person and by them, as noted by now."""
    noted_attempts.write_everything()
    events = Event.objects.by(person).order_by("sequence")
    return [event.action for event in events if event.action != "person.joined"]


def test_signing_in_and_out_are_events(cast: Cast) -> None:
    browser = Client(REMOTE_ADDR="203.0.113.7")
    post(cast.bram.email, browser=browser)
    browser.post("/accounts/logout/")
    browser.post("/accounts/logout/")
    assert trail_of(cast.bram) == ["person.signed_in", "person.signed_out"]
    event = Event.objects.get(action="person.signed_in")
    assert event.address == "203.0.113.7"
    assert len(event.request_id) == 32


def test_joining_signs_in_too(cast: Cast) -> None:
    invitation = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    Client().post(f"/join/{invitation.key}/", {"name": "Zoë Maas", "password": NEW})
    assert trail_of(User.objects.get(email="zoe@acme.example")) == ["person.signed_in"]


def test_a_wrong_password_is_an_event_in_whatever_case_the_address_is(cast: Cast) -> None:
    post(cast.bram.email, "wrong")
    post(cast.bram.email.upper(), "wrong")
    assert trail_of(cast.bram) == ["person.sign_in_failed"]


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_somebody_deactivated_who_tries_leaves_an_event(password: str, cast: Cast) -> None:
    deactivate(cast.bram, by=CONSOLE)
    post(cast.bram.email, password)
    assert trail_of(cast.bram) == ["person.sign_in_failed"]
    assert Event.objects.latest("pk").details == {"deactivated": True}


def test_a_wrong_password_of_somebody_who_confirms_that_it_is_them_is_an_event(
    cast: Cast,
) -> None:
    browser = Client()
    browser.force_login(cast.bram)
    browser.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert trail_of(cast.bram) == ["person.sign_in_failed"]


def test_a_stranger_leaves_nothing(cast: Cast) -> None:
    before = Event.objects.count()
    post("nobody@acme.example", "wrong")
    noted_attempts.write_everything()
    assert Event.objects.count() == before


def test_until_it_is_answered_the_same_is_asked_for_a_stranger_and_somebody_known(
    cast: Cast,
) -> None:
    """An event is written beside the answer, so how long that takes is nobody's to measure."""
    post("another@acme.example", "wrong")  # the first of a minute opens its address's count
    asked = []
    for email in (cast.bram.email, "nobody@acme.example"):
        with CaptureQueriesContext(connection) as queries:
            post(email, "wrong")
        asked.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries])
    known, stranger = asked
    assert not any("tokens_event" in sql or "tokens_company" in sql for sql in known)
    writes = [[sql for sql in both if not sql.startswith("SELECT")] for both in asked]
    assert writes[0] == writes[1]
    assert abs(len(known) - len(stranger)) <= 1


def test_nobody_comes_in_whose_sign_in_cannot_be_written(cast: Cast) -> None:
    browser = Client()
    with no_more_events(), pytest.raises(DatabaseError):
        post(cast.bram.email, browser=browser)
    assert browser.get("/tokens/").status_code == 302


class TestPassword:
    def test_that_is_new_undoes_nothing_that_was_done_meanwhile(self, cast: Cast) -> None:
        looked_up = User.objects.get(pk=cast.bram.pk)
        change_role(cast.bram, role=Role.AUDITOR, by=CONSOLE)
        passwords.change(by=looked_up, password=NEW)
        assert User.objects.get(pk=cast.bram.pk).role == Role.AUDITOR

    def test_that_is_changed_is_an_event_and_told_by_mail(self, cast: Cast) -> None:
        browser = Client()
        browser.force_login(cast.bram)
        form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        assert browser.post("/accounts/password/change/", form).status_code == 302
        assert trail_of(cast.bram) == ["person.password_changed"]
        event = Event.objects.get(action="person.password_changed")
        (message,) = Message.objects.filter(person=cast.bram, kind="password_changed")
        assert message.about == {"event": event.pk}
        assert User.objects.get(pk=cast.bram.pk).check_password(NEW)
        assert browser.get("/tokens/").status_code == 200

    def test_that_is_reset_is_another(self, cast: Cast) -> None:
        browser = Client()
        browser.post("/accounts/password/reset/", {"email": cast.bram.email})
        found = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
        assert found
        page = browser.get(found[0], follow=True)
        place = page.redirect_chain[-1][0]
        browser.post(place, {"password1": NEW, "password2": NEW})
        assert trail_of(cast.bram) == ["person.password_reset"]
        assert Message.objects.filter(person=cast.bram, kind="password_changed").count() == 1

    def test_stays_where_the_event_cannot_be_written(self, cast: Cast) -> None:
        browser = Client()
        browser.force_login(cast.bram)
        form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        with no_more_events(), pytest.raises(DatabaseError):
            browser.post("/accounts/password/change/", form)
        assert User.objects.get(pk=cast.bram.pk).check_password(PASSWORD)
        assert not Message.objects.filter(kind="password_changed").exists()
