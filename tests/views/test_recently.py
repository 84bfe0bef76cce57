"""Is whoever reaches beyond one token asked once more who they are, and sent back to the page?"""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from tests.client import Client
from tests.factories import PASSWORD, Cast, request_token
from tests.facts import everything
from tokens.actions.people import invite
from tokens.models import CONSOLE
from tokens.models.accounts import Role

Browser = Callable[..., Client]
LATE = timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
# Who does what: all that reaches beyond one token, and whatever operators change.
DOORS = {
    "ana": (
        *("invite", "renew_invitation", "withdraw_invitation", "change_role", "deactivate_person"),
        *("settle_tokens", "reactivate_person", "reset_factor", "company_policy", "revoke_tokens"),
    ),
    "vera": (
        *("add_company", "suspend_company", "resume_company", "revoke_company", "revoke_person"),
        *("add_entitlement", "change_entitlement", "end_entitlement", "revoke_tokens"),
        *("describe_token", "revoke_token", "suspend_token", "resume_token"),
    ),
}


@pytest.fixture
def address_of(cast: Cast) -> Callable[[str], str]:
    """The address of a door, of what Acme has."""
    token = request_token(cast.bram).token
    invited = invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=CONSOLE)
    chloe = cast.chloe.public_id
    facts: dict[str, dict[str, object]] = {
        "invitation": {"public_id": invited.public_id},
        "person": {"public_id": chloe},
        "role": {"public_id": chloe},
        "token": {"username": token.username},
        "entitlement": {"slug": "acme", "pattern": "public/*"},
        "company": {"slug": "acme"},
    }
    others: dict[str, dict[str, object]] = {
        "settle_tokens": {"public_id": chloe},
        "reset_factor": {"public_id": chloe},
        "revoke_person": {"slug": "acme", "person": chloe},
        "add_entitlement": {"slug": "acme"},
        "company_policy": {},
        "add_company": {},
        "revoke_tokens": {},
        "invite": {},
    }

    def address(door: str) -> str:
        return reverse(door, kwargs=others.get(door, facts.get(door.rpartition("_")[2])))

    return address


def all_but_sessions() -> dict[str, list[dict[str, object]]]:
    return {model: rows for model, rows in everything().items() if model != "sessions.Session"}


@pytest.mark.parametrize(
    ("name", "door"), [(name, door) for name, doors in DOORS.items() for door in doors]
)
def test_it_is_done_only_by_who_proved_lately_who_they_are(
    name: str, door: str, cast: Cast, sign_in: Browser, address_of: Callable[[str], str]
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = sign_in(getattr(cast, name))
        browser.get("/tokens/")
        clock.shift(LATE)
        before = all_but_sessions()
        headers = {"Referer": "http://testserver/people/?status=deactivated"}
        answer = browser.post(address_of(door), headers=headers)
    again = "/accounts/reauthenticate/?next=%2Fpeople%2F%3Fstatus%3Ddeactivated"
    assert (answer.status_code, answer.headers["Location"]) == (302, again)
    assert all_but_sessions() == before


def test_a_colleague_revokes_one_token_without_being_asked(cast: Cast, sign_in: Browser) -> None:
    token = request_token(cast.bram).token
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = sign_in(cast.ana)
        browser.get("/tokens/")
        clock.shift(LATE)
        browser.post(f"/tokens/{token.username}/revoke/")
    token.refresh_from_db()
    assert token.revoked_at


def test_whoever_knew_the_session_before_does_not_share_in_the_proof(
    cast: Cast, sign_in: Browser
) -> None:
    browser, thief = sign_in(cast.ana), Client()
    browser.get("/tokens/")
    before = browser.session.session_key
    thief.cookies["session"] = before
    assert thief.get("/tokens/").status_code == 200
    assert browser.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    assert browser.session.session_key != before
    assert browser.get("/people/invite/").status_code == 200
    assert thief.get("/tokens/").status_code == 302


@pytest.mark.parametrize(
    "referer", ["", "junk", "//", "http://[", "https://evil.example//evil.example/x"]
)
def test_nobody_is_sent_elsewhere_afterwards(referer: str, cast: Cast, sign_in: Browser) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser = sign_in(cast.ana)
        browser.get("/tokens/")
        clock.shift(LATE)
        answer = browser.post("/people/invite/", headers={"Referer": referer})
        page = browser.get(answer.headers["Location"]).content.decode()
    assert "evil.example" not in answer.headers["Location"].partition("?")[0]
    assert 'value="//' not in page
