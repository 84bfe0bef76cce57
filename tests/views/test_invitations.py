"""How does an administrator invite somebody, and what does whoever has the link get?"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast
from tests.facts import everything, places_of
from tokens.actions.people import deactivate, withdraw
from tokens.models import CONSOLE, Event, Invitation
from tokens.models.accounts import Role

Browser = Callable[..., Client]
ZOE = {"email": "zoe@acme.example", "role": "auditor"}


@pytest.fixture
def ana(cast: Cast, sign_in: Browser) -> Client:
    """An administrator of Acme, whose session has been noted already."""
    browser = sign_in(cast.ana)
    browser.get("/people/")
    return browser


def key_in(page: str) -> str:
    (key,) = re.findall(rf"{settings.PORTAL_URL}/join/([^</]+)/", page)
    return str(key)


def invite_zoe(ana: Client, **fields: str) -> Invitation:
    assert ana.post("/people/invite/", ZOE | fields).status_code == 200
    return Invitation.objects.latest("pk")


def test_the_answer_shows_a_link_that_lets_them_join(cast: Cast, ana: Client) -> None:
    answer = ana.post("/people/invite/", ZOE | {"email": " Zoe@Acme.example "})
    assert "no-store" in answer.headers["Cache-Control"]
    page = answer.content.decode()
    assert "Whoever has it can join as zoe@acme.example" in page
    joining = Client().get(f"/join/{key_in(page)}/")
    assert "Join Acme" in joining.content.decode()
    invitation = Invitation.objects.latest("pk")
    assert (invitation.company, invitation.role) == (cast.acme, Role.AUDITOR)
    assert invitation.invited_by == cast.ana


def test_the_link_is_stored_nowhere(ana: Client) -> None:
    key = key_in(ana.post("/people/invite/", ZOE).content.decode())
    assert places_of(key) == []
    assert not any(key in str(session.get_decoded()) for session in Session.objects.all())
    assert "/join/" not in ana.get("/people/").content.decode()


def test_fields_that_the_form_does_not_have_change_nothing(cast: Cast, ana: Client) -> None:
    invitation = invite_zoe(ana, company=str(cast.globex.pk), expires_at="2099-01-01")
    assert invitation.company == cast.acme
    assert invitation.expires_at < timezone.now() + timedelta(days=8)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"email": ""}, "This field is required."),
        ({"email": "zoe"}, "Enter a valid email address."),
        ({"email": "zoe@acme.example, eva@acme.example"}, "Enter a valid email address."),
        ({"email": "zoe@acme.example\x00"}, "Null characters are not allowed."),
        ({"email": "z" * 10_000 + "@acme.example"}, "at most 254 characters"),
        ({"email": f"zoe@{'İ' * 60}.example"}, "Enter a valid email address."),
        ({"email": "bram@acme.example"}, "has an account with this address already"),
        ({"email": "Eva@globex.example"}, "has an account with this address already"),
        ({"role": "root"}, "root is not one of the available choices"),
        ({"role": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_taken_says_why_and_changes_nothing(
    changed: dict[str, str], reason: str, cast: Cast, ana: Client
) -> None:
    assert cast.bram
    assert cast.eva
    before = everything()
    answer = ana.post("/people/invite/", ZOE | changed)
    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert "<title>Error:" in answer.content.decode()
    assert everything() == before


def test_sending_the_form_again_invites_nobody_twice(ana: Client) -> None:
    invite_zoe(ana)
    before = everything()
    answer = ana.post("/people/invite/", ZOE)
    assert answer.status_code == 422
    assert "This address is invited already" in answer.content.decode()
    assert everything() == before


def test_somebody_deactivated_is_not_invited_but_reactivated(cast: Cast, ana: Client) -> None:
    deactivate(cast.bram, by=CONSOLE)
    answer = ana.post("/people/invite/", ZOE | {"email": cast.bram.email})
    assert answer.status_code == 422


def test_an_invitation_is_sent_again_with_the_link_once_more(cast: Cast, ana: Client) -> None:
    invitation = invite_zoe(ana)
    soon = timezone.now() + timedelta(minutes=1)
    Invitation.objects.update(expires_at=soon)
    answer = ana.post(f"/people/invitations/{invitation.public_id}/renew/")
    assert Invitation.objects.behind(key_in(answer.content.decode())) == invitation
    assert Invitation.objects.latest("pk").expires_at > soon + timedelta(days=6)
    event = Event.objects.latest("pk")
    assert (event.action, event.object_name) == ("invitation.renewed", "zoe@acme.example")


def test_an_invitation_that_is_withdrawn_leaves_the_list(cast: Cast, ana: Client) -> None:
    invitation = invite_zoe(ana)
    path = f"/people/invitations/{invitation.public_id}/withdraw/"
    page = ana.post(path, follow=True).content.decode()
    assert "The invitation of zoe@acme.example is withdrawn" in page
    assert "Invited by" not in page
    assert Client().get(f"/join/{invitation.key}/").status_code == 404


@pytest.mark.parametrize("deed", ["renew", "withdraw"])
def test_whoever_comes_too_late_reads_that_it_has_ended(deed: str, cast: Cast, ana: Client) -> None:
    invitation = invite_zoe(ana)
    withdraw(invitation, by=CONSOLE)
    before = everything()
    path = f"/people/invitations/{invitation.public_id}/{deed}/"
    answer = ana.post(path)
    assert answer.headers["Location"] == "/people/"
    assert Event.objects.count() == len(before["tokens.Event"])
    assert "has been accepted, withdrawn, or has ended" in ana.get("/people/").content.decode()
