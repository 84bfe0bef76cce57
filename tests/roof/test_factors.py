"""What does a second factor let in, and what never twice? The pages are allauth's; this is ours."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import override_settings
from django.utils import timezone

from tests.actions.test_deeds import no_more_events
from tests.client import Client
from tests.factories import PASSWORD, SEED, Cast
from tests.facts import places_of
from tests.markup import text_of
from tests.stack import PostedForm
from tests.totp import code, fresh_code
from tokens.actions.sign_ins import noted_attempts
from tokens.management.demo import set_up_app
from tokens.models import Event, User

ACTIVATE, INDEX = "/accounts/2fa/totp/activate/", "/accounts/2fa/"
CODES, GENERATE = "/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/"
ADD_PASSKEY = "/accounts/2fa/webauthn/add/"
LATER = timedelta(minutes=11)
NOT_RIGHT = "This code is not right, or was used before."


def half_way(person: User) -> Client:
    """A browser that knows the password and was asked for the code."""
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
    return browser


def enter(browser: Client, written: str) -> HttpResponse:
    answer: HttpResponse = browser.post("/accounts/2fa/authenticate/", {"code": written})
    return answer


def is_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"] == "/tokens/"


def set_up(browser: Client) -> str:
    """Sets up an app through the page; answers its seed."""
    seed = text_of("block-key", browser.get(ACTIVATE))
    answer = browser.post(ACTIVATE, {"code": code(seed)})
    assert answer.headers["Location"] == CODES
    return seed


def codes_shown(browser: Client) -> list[str]:
    return re.findall(r"^\d{8}$", text_of("block-codes", browser.get(CODES)), re.MULTILINE)


def actions(person: User) -> list[str]:
    """What the trail says that somebody did, the newest last."""
    done = Event.objects.filter(actor_id=str(person.public_id)).order_by("pk")
    return list(done.values_list("action", flat=True))


# The sign-in.


def test_the_password_alone_lets_nobody_in_who_has_a_factor(cast: Cast) -> None:
    browser = half_way(cast.vera)
    assert browser.get("/tokens/").status_code == 302
    page = browser.get("/accounts/2fa/authenticate/").content.decode()
    assert set(PostedForm.of(page).fields) == {"csrfmiddlewaretoken", "code"}
    assert is_in(enter(browser, fresh_code(SEED)))
    assert browser.get("/tokens/").status_code == 200


@pytest.mark.parametrize("written", ["", "12345", "abcdef", "٠٠٠٠٠٠", "0" * 10_000, "\x00" * 6])
def test_what_is_no_code_is_answered_calmly(written: str, cast: Cast) -> None:
    answer = enter(half_way(cast.vera), written)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps: int, is_right: bool, cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        assert is_in(enter(half_way(cast.vera), code(SEED, steps=steps))) is is_right


def test_a_code_works_once_for_as_long_as_it_is_right(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        written = code(SEED, steps=1)
        assert is_in(enter(half_way(cast.vera), written))
        for _ in range(3):
            for variant in (written, f"{written[:3]} {written[3:]}"):
                assert NOT_RIGHT in enter(half_way(cast.vera), variant).content.decode()
            clock.shift(timedelta(seconds=30))


def test_the_code_that_set_an_app_up_lets_nobody_in(cast: Cast, sign_in: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        seed = set_up(sign_in(cast.bram))
        assert NOT_RIGHT in enter(half_way(cast.bram), code(seed)).content.decode()


def test_wrong_codes_are_throttled_in_all_browsers_together(cast: Cast) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            assert NOT_RIGHT in enter(half_way(cast.vera), "000000").content.decode()
        assert "Too many attempts" in enter(half_way(cast.vera), code(SEED)).content.decode()
        clock.shift(timedelta(minutes=5, seconds=1))
        assert is_in(enter(half_way(cast.vera), code(SEED)))


def test_a_wrong_code_is_a_sign_in_that_failed(cast: Cast) -> None:
    enter(half_way(cast.vera), "000000")
    noted_attempts.write_everything()
    assert actions(cast.vera)[-1] == "person.sign_in_failed"


def test_a_recovery_code_works_once_and_is_an_event(cast: Cast, sign_in: Any) -> None:
    browser = sign_in(cast.bram)
    set_up(browser)
    first, *others = codes_shown(browser)
    assert len(others) == 9
    assert is_in(enter(half_way(cast.bram), first))
    assert actions(cast.bram)[-2:] == ["person.code_used", "person.signed_in"]
    assert NOT_RIGHT in enter(half_way(cast.bram), first).content.decode()
    assert is_in(enter(half_way(cast.bram), others[0]))


def test_a_recovery_code_is_not_used_when_the_trail_is_full(cast: Cast, sign_in: Any) -> None:
    browser = sign_in(cast.bram)
    set_up(browser)
    first = codes_shown(browser)[0]
    waiting = half_way(cast.bram)
    with no_more_events(), pytest.raises(DatabaseError, match="the trail is full"):
        enter(waiting, first)
    assert is_in(enter(half_way(cast.bram), first))


# Setting up, and taking away.


def test_an_app_is_set_up_with_its_codes_which_are_shown_once(cast: Cast, sign_in: Any) -> None:
    browser = sign_in(cast.bram)
    page = browser.get(ACTIVATE).content.decode()
    assert "<svg" in page
    assert "style=" not in page
    set_up(browser)
    assert actions(cast.bram)[-2:] == ["person.factor_added", "person.codes_generated"]
    answer = browser.get(CODES)
    assert answer.headers["Cache-Control"] == "no-store"
    first = re.findall(r"\b\d{8}\b", answer.content.decode())
    assert len(first) == 10
    again = browser.get(CODES).content.decode()
    assert not re.findall(r"\b\d{8}\b", again)
    assert "10 codes are left" in again
    browser.post(GENERATE)
    assert actions(cast.bram)[-1] == "person.codes_generated"
    assert not set(codes_shown(browser)) & set(first)


def test_a_wrong_first_code_sets_nothing_up_and_shows_the_same_key(
    cast: Cast, sign_in: Any
) -> None:
    browser = sign_in(cast.bram)
    seed = text_of("block-key", browser.get(ACTIVATE))
    answer = browser.post(ACTIVATE, {"code": "000000"})
    assert NOT_RIGHT in answer.content.decode()
    assert text_of("block-key", answer) == seed
    assert not cast.bram.has_second_factor
    assert browser.post(ACTIVATE, {"code": code(seed)}).status_code == 302


def test_the_last_factor_takes_the_codes_with_it(cast: Cast, sign_in: Any) -> None:
    browser = sign_in(cast.bram)
    set_up(browser)
    assert browser.post("/accounts/2fa/totp/deactivate/").headers["Location"] == INDEX
    assert not Authenticator.objects.filter(user=cast.bram).exists()
    assert actions(cast.bram)[-1] == "person.factor_removed"
    assert actions(cast.bram).count("person.factor_removed") == 1


@pytest.mark.parametrize(
    ("path", "fields"), [(ACTIVATE, {}), (GENERATE, {}), ("/accounts/2fa/totp/deactivate/", {})]
)
def test_what_cannot_be_written_in_the_trail_does_not_happen(
    path: str, fields: dict[str, str], cast: Cast, sign_in: Any
) -> None:
    browser = sign_in(cast.bram)
    if path == ACTIVATE:
        fields = {"code": code(text_of("block-key", browser.get(ACTIVATE)))}
    else:
        set_up_app(cast.bram, SEED)
    before = list(Authenticator.objects.values())
    with no_more_events(), pytest.raises(DatabaseError, match="the trail is full"):
        browser.post(path, fields)
    assert list(Authenticator.objects.values()) == before


# A passkey needs a browser: see the journeys. Here is what is none.

JUNK: list[Any] = [
    None, 1, "x", [], {}, {"id": "x"}, {"id": "x", "rawId": "!", "response": {}, "type": "y"},
    {"id": "AA", "rawId": "AA", "type": "public-key",
     "response": {"clientDataJSON": "AA", "attestationObject": "AA",
                  "authenticatorData": "AA", "signature": "AA"}},
    {"id": 1, "rawId": 1, "type": 1, "response": {"clientDataJSON": 1, "attestationObject": 1,
                                                  "authenticatorData": 1, "signature": 1}},
]  # fmt: skip


@pytest.mark.parametrize("credential", JUNK, ids=range(len(JUNK)))
def test_what_is_no_passkey_is_answered_calmly(credential: Any, cast: Cast, sign_in: Any) -> None:
    written = json.dumps(credential)
    browser = sign_in(cast.vera)
    browser.get(ADD_PASSKEY)
    answer = browser.post(ADD_PASSKEY, {"name": "Laptop", "credential": written})
    assert answer.status_code == 200
    waiting = half_way(cast.vera)
    waiting.get("/accounts/2fa/authenticate/")
    answer = waiting.post("/accounts/2fa/authenticate/", {"credential": written})
    assert answer.status_code == 200
    assert waiting.get("/tokens/").status_code == 302


def test_a_passkey_is_the_portals_and_names_no_key_of_the_database(
    cast: Cast, sign_in: Any
) -> None:
    page = sign_in(cast.bram).get(ADD_PASSKEY).content.decode()
    options = json.loads(re.findall(r'id="passkey-options"[^>]*>(.*?)</script>', page)[0])
    public_key = options["creation_options"]["publicKey"]
    assert public_key["rp"] == {"id": "portal.example", "name": "Thinkwise containers"}
    assert public_key["user"]["name"] == cast.bram.email
    assert len(public_key["user"]["id"]) == 22


# Seeds at rest.


def test_the_database_holds_no_seed_and_no_recovery_code(cast: Cast, sign_in: Any) -> None:
    browser = sign_in(cast.bram)
    seed = text_of("block-key", browser.get(ACTIVATE))
    assert not places_of(seed)
    assert seed not in str([session.get_decoded() for session in Session.objects.all()])
    browser.post(ACTIVATE, {"code": code(seed)})
    assert not places_of(seed)
    for shown in codes_shown(browser):
        assert not places_of(shown)


def test_an_earlier_key_still_reads_what_it_encrypted(cast: Cast) -> None:
    sealed = get_adapter().encrypt(SEED)
    assert get_adapter().decrypt(sealed) == SEED
    assert cast.vera
    with override_settings(SECRET_KEY="another"):
        with pytest.raises(ValidationError, match="can no longer be checked"):
            get_adapter().decrypt(sealed)
        answer = enter(half_way(cast.vera), code(SEED))
        assert "can no longer be checked" in answer.content.decode()
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=["x", settings.SECRET_KEY]):
        assert get_adapter().decrypt(sealed) == SEED


# Who must have one.


def test_somebody_of_the_vendor_sets_one_up_before_anything_else(cast: Cast, sign_in: Any) -> None:
    Authenticator.objects.filter(user=cast.vera).delete()
    browser = sign_in(cast.vera)
    for path in ("/", "/tokens/", "/tokens/request/", "/audit/events.csv", "/account/policy/"):
        assert browser.get(path).headers["Location"] == INDEX
    assert browser.post("/tokens/request/", {"description": "x"}).headers["Location"] == INDEX
    answer = browser.get("/tokens/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == INDEX
    assert "Thinkwise requires a second factor" in browser.get(INDEX).content.decode()
    assert browser.get("/accounts/password/change/").status_code == 200
    set_up(browser)
    assert browser.get("/tokens/").status_code == 200


def test_a_companys_policy_holds_at_the_next_request(cast: Cast, sign_in: Any) -> None:
    ana, bram = sign_in(cast.ana), sign_in(cast.bram)
    assert bram.get("/tokens/").status_code == 200
    ana.post("/account/policy/", {"require_second_factor": "on"})
    assert bram.get("/tokens/").headers["Location"] == INDEX
    assert ana.get("/tokens/").headers["Location"] == INDEX
    assert sign_in(cast.eva).get("/tokens/").status_code == 200
    set_up(bram)
    assert bram.get("/tokens/").status_code == 200
    assert bram.post("/accounts/logout/").headers["Location"] == "/accounts/login/"


# Once more, who is it?


def test_factors_are_managed_by_whoever_proved_lately_who_they_are(
    cast: Cast, sign_in: Any
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = sign_in(cast.vera)
        assert browser.get(GENERATE).status_code == 200
        clock.shift(LATER)
        answer = browser.get(GENERATE)
        ask = "/accounts/reauthenticate/"
        assert answer.headers["Location"] == f"{ask}?{urlencode({'next': GENERATE})}"
        assert "Use a code of your app" in browser.get(ask).content.decode()
        answer = browser.post(
            "/accounts/2fa/reauthenticate/", {"code": code(SEED), "next": GENERATE}
        )
        assert answer.headers["Location"] == GENERATE
        assert browser.get(GENERATE).status_code == 200
