"""Who asks for second factors, who takes one away, and did they prove lately who they are?"""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError
from django.test import override_settings
from django.utils import timezone

from tests.actions.test_deeds import no_more_events
from tests.client import Client
from tests.factories import PASSWORD, SEED, Cast
from tests.facts import everything
from tokens.actions.factors import reset, sign_out_everywhere
from tokens.management.demo import set_up_app
from tokens.models import CONSOLE, Company, Event, User

Browser = Callable[..., Client]
POLICY, AGAIN = "/account/policy/", "/accounts/reauthenticate/"
LATE = timedelta(minutes=10)
HTMX = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{POLICY}?x=1"}


def door(person: User) -> str:
    return f"/people/{person.public_id}/reset-factor/"


def test_an_admin_turns_the_policy_on_and_off(cast: Cast, sign_in: Browser) -> None:
    set_up_app(cast.ana, SEED)
    ana = sign_in(cast.ana)
    for fields, is_on in (({"require_second_factor": "on"}, True), ({}, False)):
        answer = ana.post(POLICY, fields, follow=True)
        assert "The policy is saved." in answer.content.decode()
        assert Company.objects.get(slug="acme").require_second_factor is is_on
        assert ("checked" in answer.content.decode()) is is_on
        assert Event.objects.latest("pk").details == {"require_second_factor": is_on}


def test_the_same_policy_again_is_no_event(cast: Cast, sign_in: Browser) -> None:
    ana = sign_in(cast.ana)
    ana.get(POLICY)
    before = everything()["tokens.Event"]
    ana.post(POLICY, {})
    assert everything()["tokens.Event"] == before


def test_the_vendors_policy_is_told_and_not_asked(cast: Cast, sign_in: Browser) -> None:
    page = sign_in(cast.vera).get(POLICY).content.decode()
    assert "Everybody of the vendor needs a second factor" in page
    assert 'type="checkbox"' not in page


def test_a_colleague_without_factor_and_sessions_sets_up_another(
    cast: Cast, sign_in: Browser
) -> None:
    set_up_app(cast.bram, SEED)
    bram, ana = sign_in(cast.bram), sign_in(cast.ana)
    assert "Bram de Wit" in ana.get(door(cast.bram)).content.decode()
    page = ana.post(door(cast.bram), follow=True).content.decode()
    assert "Bram de Wit has no second factor any more" in page
    assert not cast.bram.has_second_factor
    assert bram.get("/tokens/").status_code == 302
    answer = Client().post("/accounts/login/", {"login": cast.bram.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/tokens/"


def test_whoever_has_no_factor_keeps_their_sessions(cast: Cast, sign_in: Browser) -> None:
    bram, ana = sign_in(cast.bram), sign_in(cast.ana)
    assert "has no second factor." in ana.get(door(cast.bram)).content.decode()
    before = everything()["tokens.Event"]
    ana.post(door(cast.bram))
    assert everything()["tokens.Event"] == before
    assert bram.get("/tokens/").status_code == 200


def test_an_operator_resets_the_factor_of_anybody(cast: Cast, sign_in: Browser) -> None:
    set_up_app(cast.eva, SEED)
    set_up_app(cast.farid, SEED)
    sign_in(cast.vera).post(door(cast.eva))
    assert not cast.eva.has_second_factor
    assert cast.farid.has_second_factor
    event = Event.objects.latest("pk")
    assert (event.company, event.action) == ("globex", "person.factor_reset")
    assert event.actor_name == "Vera Visser"


def test_whoever_has_no_factor_is_answered_as_they_are(cast: Cast) -> None:
    bram = cast.bram
    before = everything()
    assert reset(bram, by=CONSOLE) == bram
    assert everything() == before


def test_a_reset_ends_sessions_that_began_since_the_person_was_looked_up(
    cast: Cast, sign_in: Browser
) -> None:
    set_up_app(cast.bram, SEED)
    looked_up = User.objects.get(pk=cast.bram.pk)
    sign_out_everywhere(by=cast.bram)
    bram = sign_in(User.objects.get(pk=cast.bram.pk))
    reset(looked_up, by=CONSOLE)
    assert bram.get("/tokens/").status_code == 302


def test_a_reset_that_cannot_be_written_in_the_trail_does_not_happen(
    cast: Cast, sign_in: Browser
) -> None:
    set_up_app(cast.bram, SEED)
    bram, ana = sign_in(cast.bram), sign_in(cast.ana)
    with no_more_events(), pytest.raises(DatabaseError, match="the trail is full"):
        ana.post(door(cast.bram))
    assert cast.bram.has_second_factor
    assert bram.get("/tokens/").status_code == 200


def test_signing_out_everywhere_else_spares_this_browser_alone(
    cast: Cast, sign_in: Browser
) -> None:
    here, elsewhere, chloe = sign_in(cast.bram), sign_in(cast.bram), sign_in(cast.chloe)
    page = here.post("/accounts/sessions/end/", follow=True).content.decode()
    assert "You are signed out everywhere else." in page
    assert here.get("/tokens/").status_code == 200
    assert elsewhere.get("/tokens/").status_code == 302
    assert chloe.get("/tokens/").status_code == 200


def test_sessions_that_were_ended_stay_so_under_a_new_key(cast: Cast, sign_in: Browser) -> None:
    set_up_app(cast.bram, SEED)
    old = sign_in(cast.bram)
    reset(cast.bram, by=CONSOLE)
    new = sign_in(User.objects.get(pk=cast.bram.pk))
    with override_settings(SECRET_KEY="of today", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert old.get("/tokens/").status_code == 302
        assert new.get("/tokens/").status_code == 200


# Once more, who is it?


def test_the_first_minutes_after_the_sign_in_nobody_is_asked(cast: Cast, sign_in: Browser) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ana = sign_in(cast.ana)
        assert ana.get(POLICY).status_code == 200
        clock.shift(LATE - timedelta(seconds=2))
        assert ana.get(POLICY).status_code == 200
        clock.shift(timedelta(seconds=2))
        assert ana.get(POLICY).headers["Location"] == f"{AGAIN}?{urlencode({'next': POLICY})}"


def test_what_is_posted_too_late_is_not_done_and_told(cast: Cast, sign_in: Browser) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ana = sign_in(cast.ana)
        ana.get(POLICY)
        clock.shift(LATE)
        form = {"headers": {"Referer": f"http://testserver{POLICY}"}, "follow": True}
        answer = ana.post(POLICY, {"require_second_factor": "on"}, **form)
        assert answer.redirect_chain == [(f"{AGAIN}?{urlencode({'next': POLICY})}", 302)]
        assert "Nothing is changed yet." in answer.content.decode()
        assert not Company.objects.get(slug="acme").require_second_factor
        wrong = ana.post(AGAIN, {"password": "wrong", "next": POLICY})
        assert wrong.status_code == 200
        assert ana.get(POLICY).status_code == 302
        answer = ana.post(AGAIN, {"password": PASSWORD, "next": POLICY})
        assert answer.headers["Location"] == POLICY
        assert ana.get(POLICY).status_code == 200
        ana.post(POLICY, {"require_second_factor": "on"})
        assert Company.objects.get(slug="acme").require_second_factor


def test_htmx_is_sent_to_the_question_and_back_to_its_page(cast: Cast, sign_in: Browser) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ana = sign_in(cast.ana)
        ana.get(POLICY)
        clock.shift(LATE)
        for answer in (ana.get(POLICY, headers=HTMX), ana.post(POLICY, {}, headers=HTMX)):
            back = urlencode({"next": f"{POLICY}?x=1"})
            assert answer.headers["HX-Redirect"] == f"{AGAIN}?{back}"
            assert answer.content == b""


def test_nobody_is_sent_elsewhere_by_the_question(cast: Cast, sign_in: Browser) -> None:
    ana = sign_in(cast.ana)
    answer = ana.post(AGAIN, {"password": PASSWORD, "next": "//evil.example/"})
    assert answer.headers["Location"] == "/tokens/"


def test_wrong_answers_to_the_question_are_throttled(cast: Cast, sign_in: Browser) -> None:
    ana = sign_in(cast.ana)
    with time_machine.travel(timezone.now(), tick=False):
        answers = [ana.post(AGAIN, {"password": "wrong"}).status_code for _ in range(11)]
    assert answers[-1] == 429
