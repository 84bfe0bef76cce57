"""Are several tokens revoked after one question, and only those that one may revoke?"""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from tests.client import Client
from tests.factories import Cast, request_token, use
from tests.facts import everything
from tests.stack import PostedForm
from tests.views.machine import Machine
from tokens.actions import tokens as deeds
from tokens.models import Event, Token

Browser = Callable[..., Client]
TICKED = "/tokens/revoke/"


@pytest.fixture
def bram(cast: Cast, sign_in: Browser) -> Client:
    return sign_in(cast.bram)


@pytest.fixture
def vera(cast: Cast, sign_in: Browser) -> Client:
    """An operator."""
    return sign_in(cast.vera)


def text(answer: HttpResponse, *, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


def usernames(*tokens: Token) -> list[str]:
    return [token.username for token in tokens]


def confirm(browser: Client, question: HttpResponse, address: str, **fields: str) -> str:
    """Posts the form of the question as it was served, with these fields filled in."""
    page = text(question)
    hidden = PostedForm.of(page).fields
    chosen = [part.split('"')[0] for part in page.split('name="token" value="')[1:]]
    fields = hidden | fields | ({"token": chosen} if chosen else {})
    return text(browser.post(address, fields, follow=True))


def is_live(token: Token) -> bool:
    return Token.objects.get(pk=token.pk).is_live


class TestTicked:
    def test_are_revoked_after_one_question(self, cast: Cast, bram: Client) -> None:
        tokens = [request_token(cast.ana, f"Machine {number}").token for number in range(3)]
        kept = request_token(cast.ana, "Build server").token
        question = bram.post(TICKED, {"token": usernames(*tokens)})
        assert all(map(is_live, tokens))
        assert "Revoke 3 tokens" in text(question)
        page = confirm(bram, question, TICKED, reason="The machines are gone")
        assert "3 tokens are revoked: machines that use them can no longer log in." in page
        assert page.count("The machines are gone") == 3
        assert not any(map(is_live, tokens))
        assert is_live(kept)
        assert Event.objects.filter(action="token.revoked").count() == 3

    def test_need_no_reason_among_colleagues(self, cast: Cast, bram: Client) -> None:
        token = request_token(cast.ana).token
        question = bram.post(TICKED, {"token": token.username})
        assert "1 token is revoked" in confirm(bram, question, TICKED)

    def test_are_told_with_what_each_was_last_used_for(self, cast: Cast, bram: Client) -> None:
        used, unused = request_token(cast.ana, "In use").token, request_token(cast.ana).token
        use(used, "203.0.113.7", days_ago=1)
        use(used, "203.0.113.8")
        page = text(bram.post(TICKED, {"token": usernames(unused, used)}))
        rows = page[page.index("<tbody") : page.index("</tbody")].split("<tr>")[1:]
        assert "In use" in rows[0]
        assert "203.0.113.8 with docker" in rows[0]
        assert '<td data-label="Addresses">2</td>' in rows[0]
        assert "Never" in rows[1]

    def test_may_be_fifty_at_most_and_must_be_one(self, cast: Cast, bram: Client) -> None:
        many = [f"acme-{number}" for number in range(51)]
        for chosen in ([], many, ["%00", "Acme", ""], [""]):
            page = text(bram.post(TICKED, {"token": chosen}, follow=True))
            assert "Tick the tokens that you want to revoke, at most 50 at once." in page
            assert "All tokens of Acme" in page

    def test_that_are_not_all_there_are_none(self, cast: Cast, bram: Client) -> None:
        own, theirs = request_token(cast.ana).token, request_token(cast.farid).token
        for other in (theirs.username, "acme-aaaaaaaa"):
            chosen = {"token": [own.username, other], "confirmed": "yes"}
            assert bram.post(TICKED, chosen).status_code == 404
        assert is_live(own)
        assert is_live(theirs)

    def test_that_somebody_revoked_meanwhile_stay_as_they_are(
        self, cast: Cast, bram: Client
    ) -> None:
        token, other = request_token(cast.ana).token, request_token(cast.ana).token
        question = bram.post(TICKED, {"token": usernames(token, other)})
        deeds.revoke(token, by=cast.chloe, reason="It was lost")
        assert "1 token is revoked" in confirm(bram, question, TICKED)
        assert Token.objects.get(pk=token.pk).revoked_by == cast.chloe
        page = text(bram.post(TICKED, {"token": usernames(token, other)}))
        assert "Nothing is left to revoke" in page

    def test_are_no_auditors(self, cast: Cast, sign_in: Browser) -> None:
        token = request_token(cast.bram).token
        for person, fields in ((cast.dirk, {}), (cast.tom, {"company": "acme"})):
            browser = sign_in(person)
            answer = browser.post(TICKED, {"token": token.username, "confirmed": "yes"} | fields)
            assert answer.status_code == 403
        assert "checkbox" not in text(sign_in(cast.dirk).get("/audit/tokens/"))
        assert is_live(token)

    def test_are_offered_in_the_inventory(self, cast: Cast, bram: Client) -> None:
        live = request_token(cast.ana).token
        revoked = deeds.revoke(request_token(cast.ana).token, by=cast.ana)
        page = text(bram.get("/audit/tokens/"))
        assert f'value="{live.username}"' in page
        assert f'value="{revoked.username}"' not in page

    def test_take_effect_at_the_next_request(self, machine: Machine, bram: Client) -> None:
        assert machine.ask().says == "200"
        bram.post(TICKED, {"token": machine.username, "confirmed": "yes"})
        assert "401 this token was revoked" in machine.ask().says

    def test_are_asked_about_in_as_many_queries_for_many(self, cast: Cast, bram: Client) -> None:
        tokens = [request_token(cast.ana).token for _ in range(30)]
        counts = []
        for chosen in (tokens[:2], tokens[:2], tokens):
            with CaptureQueriesContext(connection) as queries:
                bram.post(TICKED, {"token": usernames(*chosen)})
            counts.append(len(queries))
        assert counts[1] == counts[2]


class TestTickedByTheVendor:
    def test_are_those_of_the_company_whose_page_it_is(self, cast: Cast, vera: Client) -> None:
        token, theirs = request_token(cast.bram).token, request_token(cast.farid).token
        page = text(vera.get("/companies/acme/"))
        assert '<input type="hidden" name="company" value="acme">' in page
        both = {"company": "acme", "token": usernames(token, theirs)}
        assert vera.post(TICKED, both).status_code == 404
        question = vera.post(TICKED, {"company": "acme", "token": token.username})
        told = confirm(vera, question, TICKED, reason="Found in a repository")
        assert "1 token is revoked" in told
        assert "<h1><bdi>Acme</bdi></h1>" in told
        event = Event.objects.about(token)[0]
        assert (event.actor_name, event.company) == ("Vera Visser", "acme")
        assert event.details == {"reason": "Found in a repository"}

    @pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 201])
    def test_need_a_reason(self, reason: str, cast: Cast, vera: Client) -> None:
        token = request_token(cast.bram).token
        fields = {"company": "acme", "token": token.username, "confirmed": "yes"}
        page = text(vera.post(TICKED, fields | {"reason": reason}), status=422)
        assert "<title>Error:" in page
        assert f'value="{token.username}"' in page
        assert is_live(token)

    def test_are_nobody_elses(self, cast: Cast, sign_in: Browser) -> None:
        token = request_token(cast.bram).token
        for person in (cast.bram, cast.eva, cast.max):
            fields = {"company": "acme", "token": token.username, "confirmed": "yes"}
            assert sign_in(person).post(TICKED, fields).status_code == 404
        assert is_live(token)


class TestAllOfAPerson:
    def test_are_revoked_and_no_others(self, cast: Cast, vera: Client) -> None:
        tokens = [request_token(cast.bram).token for _ in range(2)]
        kept = request_token(cast.chloe).token
        address = f"/companies/acme/people/{cast.bram.public_id}/revoke/"
        assert address in text(vera.get("/companies/acme/"))
        assert "Revoke all tokens of Bram de Wit" in text(vera.get(address))
        told = confirm(vera, vera.get(address), address, reason="Left in anger")
        assert "2 tokens are revoked" in told
        assert not any(map(is_live, tokens))
        assert is_live(kept)

    def test_of_another_company_are_not_there(self, cast: Cast, vera: Client) -> None:
        assert cast.acme
        for person in (cast.farid.public_id, uuid4()):
            assert vera.get(f"/companies/acme/people/{person}/revoke/").status_code == 404


class TestAllOfACompany:
    ADDRESS = "/companies/acme/revoke/"

    def test_are_revoked_when_its_name_is_typed(self, cast: Cast, vera: Client) -> None:
        tokens = [request_token(person).token for person in (cast.ana, cast.bram)]
        kept = request_token(cast.farid).token
        told = confirm(vera, vera.get(self.ADDRESS), self.ADDRESS, name="Acme", reason="Bankrupt")
        assert "2 tokens are revoked" in told
        assert not any(map(is_live, tokens))
        assert is_live(kept)

    @pytest.mark.parametrize("name", ["", "acme", "Acme ", "ACME", "Globex", "Acme\u200b"])
    def test_stay_when_it_is_not_exactly_so(self, name: str, cast: Cast, vera: Client) -> None:
        token = request_token(cast.bram).token
        assert cast.globex
        fields = {"name": name, "reason": "Bankrupt"}
        page = text(vera.post(self.ADDRESS, fields), status=422)
        assert "<title>Error:" in page
        assert is_live(token)

    def test_are_listed_fifty_a_page(self, cast: Cast, vera: Client) -> None:
        for _ in range(52):
            request_token(cast.bram)
        assert "Revoke 52 tokens" in text(vera.get(self.ADDRESS))
        assert "Page 2 of 2" in text(vera.get(f"{self.ADDRESS}?page=2"))


class TestTheReasonOfOne:
    def test_is_read_by_the_company_in_list_page_and_audit(
        self, cast: Cast, vera: Client, bram: Client
    ) -> None:
        token = request_token(cast.ana).token
        address = f"{token.get_absolute_url()}revoke/"
        told = confirm(vera, vera.get(address), address, reason="Found in a repository")
        assert "is revoked: machines" in told
        assert "<h1><bdi>Acme</bdi></h1>" in told
        for page in ("/tokens/?status=revoked", token.get_absolute_url(), "/audit/"):
            assert "Found in a repository" in text(bram.get(page))
            assert "Vera Visser" in text(bram.get(page))

    def test_names_whom_to_ask_as_it_is_served(self, cast: Cast, vera: Client) -> None:
        token = request_token(cast.ana).token
        address = f"{token.get_absolute_url()}revoke/"
        confirm(vera, vera.get(address), address)
        assert Token.objects.get().revoked_reason == "Ask Thinkwise for the reason"

    @pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 201, "It \u202e"])
    def test_is_asked_of_the_vendor_again_when_it_is_missing(
        self, reason: str, cast: Cast, vera: Client
    ) -> None:
        token = request_token(cast.ana).token
        address = f"{token.get_absolute_url()}revoke/"
        before = everything()["tokens.Event"]
        page = text(vera.post(address, {"reason": reason}), status=422)
        assert "<title>Error:" in page
        htmx = vera.post(address, {"reason": reason}, headers={"HX-Request": "true"})
        assert f'<dialog id="revoke-{token.username}"' in text(htmx, status=422)
        assert htmx.headers["HX-Retarget"] == f"#revoke-{token.username}"
        assert is_live(token)
        assert everything()["tokens.Event"] == before

    def test_may_be_given_by_colleagues(self, cast: Cast, bram: Client) -> None:
        token = request_token(cast.ana).token
        bram.post(f"{token.get_absolute_url()}revoke/", {"reason": "<i>Lost</i>"})
        assert Token.objects.get().revoked_reason == "<i>Lost</i>"
        page = text(bram.get("/tokens/?status=revoked"))
        assert "<bdi>&lt;i&gt;Lost&lt;/i&gt;</bdi>" in page
