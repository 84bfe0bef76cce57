"""Who reads whom a company has, and changes what they may do?"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.client import Client
from tests.factories import PASSWORD, Cast, make_person, request_token
from tests.facts import everything
from tokens.actions.people import change_role, deactivate, invite
from tokens.models import CONSOLE, Event, User
from tokens.models.accounts import Role

Browser = Callable[..., Client]
BUTTONS = ("Invite somebody", "Invite zoe@acme.example again", "Deactivate Bram de Wit")


@pytest.fixture
def ana(cast: Cast, sign_in: Browser) -> Client:
    """An administrator of Acme, whose session has been noted already."""
    browser = sign_in(cast.ana)
    browser.get("/people/")
    return browser


def read(browser: Client, path: str = "/people/") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def invite_zoe(cast: Cast) -> None:
    invite("zoe@acme.example", company=cast.acme, role=Role.AUDITOR, by=cast.ana)


def test_everybody_reads_who_works_here_and_who_is_invited(cast: Cast, sign_in: Browser) -> None:
    invite_zoe(cast)
    request_token(cast.bram)
    for person in (cast.ana, cast.bram, cast.dirk):
        page = read(sign_in(person))
        assert "<bdi>Bram de Wit</bdi>" in page
        assert "bram@acme.example" in page
        assert "zoe@acme.example" in page
        assert '<td data-label="Live tokens">1</td>' in page


def test_who_is_alone_is_told_to_invite_a_colleague(cast: Cast, ana: Client) -> None:
    alone = "You are the only one here."
    assert alone in read(ana)
    invite_zoe(cast)
    assert alone not in read(ana)


def test_nobody_else_is_told_to_invite(cast: Cast, ana: Client, sign_in: Browser) -> None:
    assert cast.bram
    assert "You are the only one here." not in read(ana)
    assert "You are the only one here." not in read(sign_in(cast.max))


def test_the_list_says_when_somebody_last_signed_in(cast: Cast, ana: Client) -> None:
    assert cast.bram
    never = '<td data-label="Last sign-in">Never</td>'
    assert never in read(ana)
    Client().post("/accounts/login/", {"login": cast.bram.email, "password": PASSWORD})
    assert never not in read(ana)


def test_admins_alone_see_what_can_be_done(cast: Cast, sign_in: Browser, ana: Client) -> None:
    invite_zoe(cast)
    assert cast.bram
    page = read(ana)
    assert all(button in page for button in BUTTONS)
    assert "Change the role" in read(ana, cast.bram.get_absolute_url())
    for person in (cast.bram, cast.dirk):
        browser = sign_in(person)
        assert not any(button in read(browser) for button in BUTTONS)
        assert "Change the role" not in read(browser, cast.bram.get_absolute_url())


def test_people_of_another_company_are_not_there(cast: Cast, sign_in: Browser) -> None:
    invite_zoe(cast)
    for person in (cast.eva, cast.vera, cast.tom, cast.max):
        page = read(sign_in(person))
        assert person.name in page
        assert "acme.example" not in page


def test_somebody_deactivated_is_listed_apart(cast: Cast, ana: Client) -> None:
    deactivate(cast.bram, by=CONSOLE)
    assert "Bram de Wit" not in read(ana)
    page = read(ana, "/people/?status=deactivated")
    assert "Bram de Wit" in page
    assert "<bdi>Ana Vos</bdi></a>" not in page
    assert "Hand over tokens" not in page


def test_whoever_left_with_live_tokens_shows(cast: Cast, ana: Client, sign_in: Browser) -> None:
    request_token(cast.bram)
    deactivate(cast.bram, by=CONSOLE)
    address = f"/people/{cast.bram.public_id}/"
    for path in ("/people/?status=deactivated", address):
        assert f"{address}tokens/" in read(ana, path)
        assert f"{address}tokens/" not in read(sign_in(cast.dirk), path)
    assert address in read(sign_in(cast.dirk), "/audit/tokens/")


def test_a_list_without_anybody_says_so(cast: Cast, ana: Client) -> None:
    assert "Nobody has been deactivated" in read(ana, "/people/?status=deactivated")


def test_a_page_holds_fifty_by_name(cast: Cast, ana: Client) -> None:
    for number in range(50):
        make_person(f"N{number:02} Berg", cast.acme)
    first, second = read(ana), read(ana, "/people/?page=2")
    assert "51 people" in first
    assert "N48 Berg" in first
    assert "N49 Berg" not in first
    assert "N49 Berg" in second
    assert "Next" in first
    assert "Previous" in second


@pytest.mark.parametrize("query", ["page=-1", "page=junk", "page=9999999999", "status=junk"])
def test_a_query_that_makes_no_sense_is_as_good_as_none(query: str, ana: Client) -> None:
    assert "Ana Vos" in read(ana, f"/people/?{query}")


def test_a_page_asks_as_often_for_many_people_as_for_few(cast: Cast, ana: Client) -> None:
    invite_zoe(cast)
    read(ana)
    with CaptureQueriesContext(connection) as few:
        read(ana)
    for number in range(20):
        request_token(make_person(f"N{number} Berg", cast.acme))
        email = f"z{number}@acme.example"
        invite(email, company=cast.acme, role=Role.MEMBER, by=cast.ana)
    with CaptureQueriesContext(connection) as many:
        read(ana)
    assert len(many) == len(few)


def test_a_person_has_a_page_with_tokens_and_what_happened(cast: Cast, sign_in: Browser) -> None:
    token, _secret = request_token(cast.bram, "Build server")
    page = read(sign_in(cast.dirk), cast.bram.get_absolute_url())
    assert "Build server" in page
    assert token.username in page
    assert "joined" in page


def test_the_vendor_reads_whose_person_it_is(cast: Cast, sign_in: Browser) -> None:
    for person in (cast.vera, cast.tom):
        page = read(sign_in(person), cast.bram.get_absolute_url())
        assert "<dd>Acme</dd>" in page
        assert ("Change the role" in page) == (person == cast.vera)


@pytest.mark.parametrize("address", ["0", "junk", "00000000-0000-0000-0000-000000000000"])
def test_nobody_is_found_by_what_is_no_id(address: str, cast: Cast, ana: Client) -> None:
    assert ana.get(f"/people/{address}/").status_code == 404
    assert ana.get(f"/people/{cast.eva.public_id}/").status_code == 404


def test_an_admin_changes_a_role(cast: Cast, ana: Client) -> None:
    address = cast.bram.get_absolute_url()
    answer = ana.post(f"{address}role/", {"role": "auditor", "is_active": "", "company": "1"})
    assert answer.headers["Location"] == address
    page = read(ana, address)
    assert "The role of Bram de Wit is now: auditor." in page
    assert (
        "<bdi><strong>Ana Vos</strong></bdi> changed the role of"
        " <bdi><strong>Bram de Wit</strong></bdi> from <bdi><strong>member</strong></bdi>"
        " to <bdi><strong>auditor</strong></bdi>"
    ) in page
    person = User.objects.get(pk=cast.bram.pk)
    assert (person.role, person.is_active, person.company) == ("auditor", True, cast.acme)


@pytest.mark.parametrize("role", ["", "root", "Admin", "\x00", "x" * 10_000])
def test_what_is_no_role_is_refused(role: str, cast: Cast, ana: Client) -> None:
    address = cast.bram.get_absolute_url()
    before = everything()
    answer = ana.post(f"{address}role/", {"role": role})
    assert answer.status_code == 422
    assert "<title>Error: Bram de Wit" in answer.content.decode()
    assert everything() == before


def test_the_last_admin_reads_why_they_stay_one(cast: Cast, ana: Client) -> None:
    answer = ana.post(f"{cast.ana.get_absolute_url()}role/", {"role": "member"})
    assert answer.status_code == 422
    assert "Nobody else administers Acme." in answer.content.decode()
    assert User.objects.get(pk=cast.ana.pk).role == Role.ADMIN


def test_an_admin_who_gives_it_up_reads_on_as_a_member(cast: Cast, ana: Client) -> None:
    change_role(cast.bram, role=Role.ADMIN, by=CONSOLE)
    address = cast.ana.get_absolute_url()
    page = ana.post(f"{address}role/", {"role": "member"}, follow=True).content.decode()
    assert "The role of Ana Vos is now: member." in page
    assert "Change the role" not in page


def test_an_admin_reactivates_whom_somebody_deactivated(cast: Cast, ana: Client) -> None:
    deactivate(cast.bram, by=CONSOLE)
    address = cast.bram.get_absolute_url()
    assert "Reactivate" in read(ana, address)
    page = ana.post(f"{address}reactivate/", follow=True).content.decode()
    assert "Bram de Wit can sign in again." in page
    assert User.objects.get(pk=cast.bram.pk).is_active
    assert Event.objects.latest("pk").action == "person.reactivated"
