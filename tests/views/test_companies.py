"""Do the vendor's people find every company, person and token, and a leaked secret's?"""

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.signing import BadSignature
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.views.debug import SafeExceptionReporterFilter

from tests.client import Client
from tests.factories import PASSWORD, Cast, make_company, make_person, request_token, use
from tests.facts import everything, places_of
from tests.views.machine import Machine
from tokens import credentials
from tokens.actions import companies as deeds
from tokens.actions import tokens
from tokens.models import Company, Invitation, Pull, Refusal, Token, User
from tokens.models.pulls import noted_pulls
from tokens.models.refusals import Attempt, noted_refusals
from tokens.models.standing import Reason
from tokens.pages import ROWS
from tokens.registry.notifications import Pulled
from tokens.views import companies

Browser = Callable[..., Client]


@pytest.fixture
def vera(cast: Cast, sign_in: Browser) -> Client:
    """An operator."""
    return sign_in(cast.vera)


@pytest.fixture
def tom(cast: Cast, sign_in: Browser) -> Client:
    """An auditor of the vendor."""
    return sign_in(cast.tom)


def text(answer: HttpResponse, *, status: int = 200) -> str:
    assert answer.status_code == status
    return str(answer.content.decode())


def find(browser: Client, words: str) -> str:
    return text(browser.post("/companies/", {"q": words}))


def queries_of(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


class TestTheList:
    def test_has_every_company_with_its_live_tokens_and_people(
        self, cast: Cast, tom: Client
    ) -> None:
        for _ in range(3):
            request_token(cast.bram)
        tokens.revoke(request_token(cast.bram).token, by=cast.ana)
        deeds.suspend(cast.globex, by=cast.vera, reason="Not paid for")
        page = text(tom.get("/companies/"))
        assert "3 companies" in page
        assert '<td data-label="Live tokens">3</td>' in page
        assert '<td data-label="People">2</td>' in page
        assert page.count("status-suspended") == 1

    def test_holds_fifty_a_page_and_asks_no_more_for_more(self, cast: Cast, vera: Client) -> None:
        vera.get("/companies/")
        few = queries_of(vera, "/companies/")
        for number in range(51):
            make_company(f"customer-{number}")
        assert queries_of(vera, "/companies/") == few
        first = text(vera.post("/companies/", {"q": "customer"}))
        assert 'href="?q=customer&amp;page=2"' in first
        assert "Page 2 of 2" in text(vera.get("/companies/?q=customer&page=2"))

    @pytest.mark.parametrize("query", ["page=-1", "page=x", "q=%00", "q=+", "q[]=x", "q=%ff"])
    def test_takes_any_query_calmly(self, query: str, vera: Client) -> None:
        text(vera.get(f"/companies/?{query}"))

    def test_an_auditor_sees_the_same_and_no_button(self, cast: Cast, tom: Client) -> None:
        request_token(cast.bram)
        for address in ("/companies/", "/companies/acme/"):
            page = text(tom.get(address))
            for word in ("Add ", "Suspend ", "Revoke ", "Change", "checkbox"):
                assert f">{word}" not in page
                assert f'type="{word}"' not in page


class TestASearch:
    @pytest.mark.parametrize("words", ["cluster", "CLUSTER eu", "{username}", "{hint}", "{email}"])
    def test_finds_tokens_of_all_companies(self, words: str, cast: Cast, tom: Client) -> None:
        token, secret = request_token(cast.farid, "Production cluster, node pool EU")
        request_token(cast.bram, "Build server")
        facts = {"username": token.username, "hint": secret[-4:], "email": cast.farid.email}
        page = find(tom, words.format(**facts))
        assert f'href="{token.get_absolute_url()}"' in page
        assert "Build server" not in page

    @pytest.mark.parametrize("words", ["Farid", "haddad", "farid@glob", "globex.example"])
    def test_finds_people_of_all_companies(self, words: str, cast: Cast, tom: Client) -> None:
        assert cast.farid
        assert cast.bram
        page = find(tom, words)
        assert "farid@globex.example" in page
        assert "bram@acme.example" not in page

    @pytest.mark.parametrize("words", ["glob", "GLOBEX"])
    def test_finds_companies(self, words: str, cast: Cast, tom: Client) -> None:
        assert cast.globex
        assert cast.acme
        page = find(tom, words)
        assert 'href="/companies/globex/"' in page
        assert 'href="/companies/acme/"' not in page

    def test_by_an_address_finds_the_same(self, cast: Cast, tom: Client) -> None:
        token = request_token(cast.bram, "Build server").token
        assert token.username in text(tom.get("/companies/?q=Build"))

    def test_without_a_result_says_so(self, tom: Client) -> None:
        page = find(tom, "nothing like it")
        for words in ("No company matches.", "Nobody is called so.", "No token matches."):
            assert words in page
        assert 'value="nothing like it"' in page

    def test_says_when_there_are_more(self, cast: Cast, tom: Client) -> None:
        for number in range(ROWS + 1):
            request_token(cast.bram, f"Machine {number}")
        assert "There are more. Write more of the description." in find(tom, "Machine")

    @pytest.mark.parametrize("words", ["x " * 101, "x" * 10_001, "x\x00y"])
    def test_for_too_much_is_refused_in_words(self, words: str, cast: Cast, tom: Client) -> None:
        page = find(tom, words)
        assert 'role="alert"' in page
        assert 'value=""' in page

    def test_shows_words_as_text(self, cast: Cast, tom: Client) -> None:
        assert "<script>x" not in find(tom, '"><script>x</script>')

    def test_needs_a_form_of_ours(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.tom, enforce_csrf_checks=True)
        assert browser.post("/companies/", {"q": "acme"}).status_code == 403


class TestAPastedSecret:
    @pytest.fixture
    def leaked(self, cast: Cast) -> Machine:
        return Machine(*request_token(cast.bram, "Production cluster"))

    def test_is_found_with_all_that_one_asks(
        self, cast: Cast, leaked: Machine, tom: Client
    ) -> None:
        use(leaked.token, "203.0.113.7")
        page = find(tom, leaked.secret)
        for words in ("Production cluster", "Acme", "Bram de Wit", "203.0.113.7", "docker", "Live"):
            assert words in page
        assert leaked.token.username in page

    @pytest.mark.parametrize("form", ["{}", " {}\n", "2026-05-04 login -p {} failed", "base64"])
    def test_is_found_within_other_text(self, form: str, leaked: Machine, vera: Client) -> None:
        pair = base64.b64encode(f"{leaked.token.username}:{leaked.secret}".encode()).decode()
        pasted = f'{{"auth": "{pair}"}}' if form == "base64" else form.format(leaked.secret)
        page = find(vera, pasted)
        assert f'href="/tokens/{leaked.token.username}/revoke/"' in page
        assert leaked.secret not in page
        assert pair not in page

    @pytest.mark.parametrize("address", ["/companies/", "/companies/acme/"])
    def test_is_kept_and_told_nowhere(
        self, address: str, leaked: Machine, vera: Client, capfd: pytest.CaptureFixture[str]
    ) -> None:
        vera.get(address)
        with CaptureQueriesContext(connection) as queries:
            answer = vera.post(address, {"q": f"pull with {leaked.secret} now"})
        assert leaked.token.username in text(answer)
        assert "no-store" in answer.headers["Cache-Control"]
        assert leaked.secret not in answer.content.decode() + str(answer.headers)
        assert not [query for query in queries if leaked.secret in query["sql"]]
        assert places_of(leaked.secret) == []
        assert leaked.secret not in "".join(capfd.readouterr())
        assert leaked.secret not in vera.get(address).content.decode()

    def test_is_in_no_report_of_an_error(
        self, leaked: Machine, vera: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(*_: object, **__: object) -> None:
            raise BadSignature("broken on purpose")

        monkeypatch.setattr(companies, "_with_places", breaks)
        vera.raise_request_exception = False
        answer = vera.post("/companies/", {"q": leaked.secret})
        assert answer.status_code == 500
        request = answer.wsgi_request
        shown = SafeExceptionReporterFilter().get_post_parameters(request)
        assert leaked.secret not in str(shown)

    def test_of_a_revoked_token_says_so(self, cast: Cast, leaked: Machine, vera: Client) -> None:
        tokens.revoke(leaked.token, by=cast.ana, reason="It was lost")
        page = find(vera, leaked.secret)
        assert "It was lost" in page
        assert "/revoke/" not in page

    def test_is_shown_to_an_auditor_without_the_button(self, leaked: Machine, tom: Client) -> None:
        page = find(tom, leaked.secret)
        assert leaked.token.username in page
        assert "/revoke/" not in page

    def test_that_no_token_has_is_told_from_one_that_is_torn(
        self, leaked: Machine, tom: Client
    ) -> None:
        unknown = credentials.mint_secret("twc_")
        assert "No token has this secret." in find(tom, unknown)
        assert "This is no whole secret" not in find(tom, unknown)
        for torn in (leaked.secret[:-1], leaked.secret[:-1] + "!", leaked.secret[:30]):
            page = find(tom, torn)
            assert "This is no whole secret: its checksum does not fit." in page
            assert "No token has this secret." not in page
            assert torn not in page

    @pytest.mark.parametrize("address", ["/companies/", "/companies/acme/"])
    def test_in_an_address_is_not_searched_for(
        self, address: str, leaked: Machine, tom: Client
    ) -> None:
        with CaptureQueriesContext(connection) as queries:
            page = text(tom.get(address, {"q": leaked.secret}))
        assert "Secrets belong into the form" in page
        assert leaked.secret not in page
        assert "Whose secret" not in page
        assert not [query for query in queries if leaked.secret in query["sql"]]
        if address == "/companies/":
            assert leaked.token.username not in page

    def test_on_the_page_of_another_company_is_nobodys(
        self, cast: Cast, leaked: Machine, tom: Client
    ) -> None:
        assert cast.globex
        page = text(tom.post("/companies/globex/", {"q": leaked.secret}))
        assert "No token has this secret." in page
        assert leaked.token.username not in page


class TestTheCompanysPage:
    def test_shows_its_figures(self, cast: Cast, tom: Client) -> None:
        token, now = request_token(cast.bram, "Build server").token, timezone.now()
        for number in range(3):
            Pull.record(Pulled(str(number), token.username, "public/universal", "1"), at=now)
        noted_pulls.write_everything()
        attempt = Attempt(token.pk, Reason.WRONG_SECRET, "203.0.113.9")
        for at in (now, now, now - timedelta(days=8)):
            Refusal.record(attempt, at=at)
        noted_refusals.write_everything()
        page = text(tom.get("/companies/acme/"))
        assert '<svg role="img" aria-label="3 in 30 days, most on' in page
        assert page.count("<rect") == 30
        assert "style=" not in page
        assert "Wrong secret" in page
        assert '<td data-label="Times">2</td>' in page
        assert "<code>public/*</code>" in page
        assert "bram@acme.example" in page
        assert "requested <bdi><strong>Build server</strong></bdi>" in page

    def test_of_a_company_without_anything_is_calm(self, cast: Cast, tom: Client) -> None:
        deeds.add_company("initech", name="Initech", by=cast.vera)
        page = text(tom.get("/companies/initech/"))
        for words in ("None in 30 days", "No token yet.", "Nobody has joined yet."):
            assert words in page

    def test_searches_its_tokens_and_no_others(self, cast: Cast, vera: Client) -> None:
        ours = request_token(cast.bram, "Build server").token
        other = request_token(cast.bram, "Laptop").token
        theirs = request_token(cast.farid, "Build server").token
        page = text(vera.post("/companies/acme/", {"q": "build"}))
        table = page[page.index("<table") : page.index(">People</h2>")]
        assert ours.username in table
        assert other.username not in table
        assert theirs.username not in page

    def test_asks_no_more_for_more(self, cast: Cast, vera: Client) -> None:
        request_token(cast.bram)
        vera.get("/companies/acme/")
        few = queries_of(vera, "/companies/acme/")
        for name in ("Ida Prins", "Jan Kok", "Kim Bos"):
            request_token(make_person(name, cast.acme))
        assert queries_of(vera, "/companies/acme/") == few

    @pytest.mark.parametrize("slug", ["nobody", "ACME", "acme%00", "_add/x"])
    def test_is_there_for_companies_only(self, slug: str, cast: Cast, vera: Client) -> None:
        assert cast.acme
        assert vera.get(f"/companies/{slug}/").status_code == 404

    def test_is_reached_from_a_token(self, cast: Cast, vera: Client) -> None:
        token = request_token(cast.bram).token
        assert 'href="/companies/acme/"' in text(vera.get(token.get_absolute_url()))


def test_whoever_is_no_admin_or_auditor_of_the_vendor_finds_nothing_there(
    cast: Cast, sign_in: Browser
) -> None:
    assert cast.acme
    for person in (cast.ana, cast.dirk, cast.bram, cast.max):
        browser = sign_in(person)
        assert "/companies/" not in text(browser.get("/tokens/"))
        for address in ("/companies/", "/companies/acme/", "/companies/nobody/"):
            assert browser.get(address).status_code == 404
            assert browser.post(address, {"q": "acme"}).status_code == 404


class TestAddingACompany:
    FIELDS = {"name": "Umbrella", "slug": "umbrella", "email": "uma@umbrella.example"}

    def test_shows_its_first_administrators_link_once(self, vera: Client) -> None:
        answer = vera.post("/companies/_add/", self.FIELDS)
        page = text(answer)
        invitation = Invitation.objects.get(email=self.FIELDS["email"])
        link = f"/join/{invitation.key}/"
        assert link in page
        assert "no-store" in answer.headers["Cache-Control"]
        assert link not in text(vera.get("/companies/umbrella/"))
        Client().post(link, {"name": "Uma Berg", "password": PASSWORD})
        uma = User.objects.get(email="uma@umbrella.example")
        assert (uma.role, uma.company.slug) == ("admin", "umbrella")

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"slug": "acme"}, "Another company has this short name already."),
            ({"slug": "Two Words"}, "Use lower-case letters"),
            ({"slug": "under_score"}, "Use lower-case letters"),
            ({"slug": ""}, "This field is required."),
            ({"name": ""}, "This field is required."),
            ({"name": "a\u202eb"}, "RIGHT-TO-LEFT OVERRIDE"),
            ({"email": "nobody"}, "Enter a valid email address."),
            ({"email": "ana@acme.example"}, "They have an account already."),
        ],
    )
    def test_says_what_is_wrong_and_adds_nothing(
        self, changed: dict[str, str], words: str, cast: Cast, vera: Client
    ) -> None:
        assert cast.ana
        before = Company.objects.count()
        page = text(vera.post("/companies/_add/", self.FIELDS | changed), status=422)
        assert words in page
        assert "<title>Error:" in page
        assert Company.objects.count() == before

    def test_of_two_at_the_same_moment_the_second_reads_of_the_first(
        self, vera: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert vera.post("/companies/_add/", self.FIELDS).status_code == 200
        monkeypatch.setattr(Company, "full_clean", lambda self: None)
        again = self.FIELDS | {"email": "una@umbrella.example"}
        assert "Somebody has just added" in text(vera.post("/companies/_add/", again), status=422)

    def test_takes_no_other_fields(self, cast: Cast, vera: Client) -> None:
        vera.post("/companies/_add/", self.FIELDS | {"is_vendor": "on", "pushes": "public/*"})
        company = Company.objects.get(slug="umbrella")
        assert not company.is_vendor
        assert company.pushes() == []


class TestSuspending:
    def test_a_company_takes_effect_at_the_next_request(
        self, cast: Cast, machine: Machine, vera: Client, sign_in: Browser
    ) -> None:
        assert machine.ask().says == "200"
        page = vera.post("/companies/acme/suspend/", {"reason": "Not paid for"}, follow=True)
        assert "The access of Acme is suspended" in text(page)
        assert machine.ask().status == 401
        assert "suspended" in machine.ask().message
        ana = sign_in(cast.ana)
        assert "Your company's access is suspended" in text(ana.get("/tokens/"))
        assert "Not paid for" in text(ana.get("/audit/"))
        vera.post("/companies/acme/resume/")
        assert machine.ask().says == "200"
        assert "access is suspended" not in text(ana.get("/tokens/"))

    def test_a_token_takes_effect_at_the_next_request(self, machine: Machine, vera: Client) -> None:
        address = machine.token.get_absolute_url()
        page = vera.post(f"{address}suspend/", {"reason": "Looked into"}, follow=True)
        assert "“Production cluster” is suspended" in text(page)
        assert f'action="{address}resume/"' in text(page)
        assert "suspended" in machine.ask().message
        vera.post(f"{address}resume/")
        assert machine.ask().says == "200"

    @pytest.mark.parametrize("reason", ["", "ab", "x" * 201, "It \u202e"])
    def test_needs_a_reason(self, reason: str, cast: Cast, machine: Machine, vera: Client) -> None:
        before = everything()["tokens.Event"]
        for address in ("/companies/acme/", machine.token.get_absolute_url()):
            page = text(vera.post(f"{address}suspend/", {"reason": reason}), status=422)
            assert "<title>Error:" in page
        assert everything()["tokens.Event"] == before

    def test_the_vendor_itself_is_not_there(self, cast: Cast, vera: Client) -> None:
        assert vera.get("/companies/thinkwise/suspend/").status_code == 404
        assert "/companies/thinkwise/suspend/" not in text(vera.get("/companies/thinkwise/"))

    def test_a_revoked_token_says_who_did_it(self, cast: Cast, vera: Client) -> None:
        token: Token = tokens.revoke(request_token(cast.bram).token, by=cast.ana)
        address = token.get_absolute_url()
        for answer in (
            vera.get(f"{address}suspend/", follow=True),
            vera.post(f"{address}suspend/", {"reason": "Looked into"}, follow=True),
            vera.post(f"{address}resume/", follow=True),
        ):
            assert "Ana Vos revoked" in text(answer)
