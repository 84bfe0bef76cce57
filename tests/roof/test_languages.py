"""In which language, and in which time zone, does somebody read?"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.utils import timezone, translation

from tests.client import Client
from tests.factories import Cast, request_token
from tests.stack import PostedForm
from tests.views.machine import Machine
from tokens.actions import tokens as deeds
from tokens.actions.people import invite
from tokens.forms.profile import places
from tokens.mails import sending
from tokens.models import CONSOLE, Event, Message, User
from tokens.models.accounts import Role
from tokens.models.messages import Kind

Browser = Callable[..., Client]

NL = {"Accept-Language": "nl-NL,nl;q=0.9,en;q=0.5"}
NOON = datetime(2026, 11, 28, 13, 5, tzinfo=UTC)


def language_of(browser: Client, address: str = "/tokens/", **headers: str) -> str:
    """That of a page, which all that tell of it agree on."""
    answer = browser.get(address, headers=headers)
    page = answer.content.decode()
    (told,) = re.findall(r'<html lang="([\w-]+)">', page)
    assert answer.headers["Content-Language"] == told
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert {"en": "Skip to the content", "nl": "Direct naar de inhoud"}[told] in page
    return told


def choose(browser: Client, language: str = "", time_zone: str = "") -> str:
    """Sends the form as it was served, with other choices; the page that says so."""
    page = browser.get("/account/").content.decode()
    fields = {"csrfmiddlewaretoken": PostedForm.of(page).fields["csrfmiddlewaretoken"]}
    fields |= {"language": language, "time_zone": time_zone}
    answer = browser.post("/account/", fields, follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    return answer.content.decode()


class TestSignedOut:
    @pytest.mark.parametrize("address", ["/accounts/login/", "/join/never/", "/nothing/"])
    def test_pages_are_as_the_browser_asks(self, address: str, db: None) -> None:
        browser = Client()
        assert language_of(browser, address) == "en"
        assert language_of(browser, address, **NL) == "nl"
        assert language_of(browser, address, **{"Accept-Language": "fr, de;q=0.8"}) == "en"

    def test_another_language_is_one_click_away(self, db: None) -> None:
        browser = Client(enforce_csrf_checks=True)
        page = browser.get("/accounts/login/?next=/images/").content.decode()
        assert ">Nederlands</button>" in page
        form = PostedForm.of("<main><form " + page[page.index('id="languages"') :])
        answer = browser.post("/language/", form.fields | {"language": "nl"}, follow=True)
        assert answer.redirect_chain == [("/accounts/login/?next=/images/", 302)]
        assert language_of(browser, "/accounts/login/") == "nl"
        assert ">English</button>" in browser.get("/accounts/login/").content.decode()

    def test_what_is_chosen_goes_nowhere_else(self, client: Client) -> None:
        for address in ("https://elsewhere.example/", "//elsewhere.example", "javascript:x"):
            answer = client.post("/language/", {"language": "nl", "next": address})
            assert answer.headers["Location"] == "/"
        answer = client.post("/language/", {"language": "nl", "next": "/"})
        cookie = answer.cookies[settings.LANGUAGE_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")

    def test_a_language_that_there_is_not_changes_nothing(self, client: Client) -> None:
        for language in ("de", "xx", "", "nl; path=/"):
            client.post("/language/", {"language": language, "next": "/"})
            assert language_of(client, "/accounts/login/") == "en"

    def test_from_elsewhere_it_is_refused(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        assert browser.post("/language/", {"language": "nl"}).status_code == 403


class TestSignedIn:
    def test_pages_are_as_the_browser_asks_where_nothing_is_chosen(
        self, cast: Cast, sign_in: Browser
    ) -> None:
        browser = sign_in(cast.bram)
        assert language_of(browser) == "en"
        assert language_of(browser, **NL) == "nl"

    def test_what_somebody_has_chosen_wins(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.bram, enforce_csrf_checks=True)
        assert "Je keuze is bewaard." in choose(browser, "nl")
        assert language_of(browser) == "nl"
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "nl"
        assert "Your choice is kept." in choose(browser, "en")
        assert language_of(browser, **NL) == "en"

    def test_what_somebody_has_chosen_is_theirs_alone_and_no_event(
        self, cast: Cast, sign_in: Browser
    ) -> None:
        browsers, events = [sign_in(cast.bram), sign_in(cast.chloe)], Event.objects.count()
        choose(browsers[0], "nl")
        assert [language_of(browser) for browser in browsers] == ["nl", "en"]
        assert language_of(Client(), "/accounts/login/") == "en"
        assert Event.objects.count() == events

    def test_the_browsers_is_chosen_again(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.bram)
        browser.post("/language/", {"language": "nl", "next": "/"})
        assert language_of(browser) == "nl"
        assert "Your choice is kept." in choose(browser, "")
        assert language_of(browser) == "en"

    def test_what_there_is_not_is_refused(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.bram)
        for wrong in ({"language": "de"}, {"time_zone": "Europe/Nowhere"}):
            answer = browser.post("/account/", wrong)
            assert answer.status_code == 422
            assert 'role="alert"' in answer.content.decode()
        person = User.objects.get(pk=cast.bram.pk)
        assert (person.language, person.time_zone) == ("", "")

    def test_an_answer_to_htmx_is_in_the_language_too(self, cast: Cast, sign_in: Browser) -> None:
        token = request_token(cast.bram).token
        User.objects.update(language="nl")
        address = f"/tokens/{token.username}/revoke/"
        answer = sign_in(cast.bram).get(address, headers={"HX-Request": "true"})
        assert "Token intrekken" in answer.content.decode()

    def test_what_happened_is_told_in_the_readers_language(
        self, cast: Cast, sign_in: Browser
    ) -> None:
        token = request_token(cast.bram, "Bouwserver").token
        deeds.revoke(token, by=cast.ana)
        details = {"before": "member", "after": "admin"}
        Event.objects.record(
            "person.role_changed", company=cast.acme, by=CONSOLE, on=cast.chloe, details=details
        )
        page = sign_in(cast.bram).get("/audit/", headers=NL).content.decode()
        told = " ".join(re.sub("<[^>]+>", "", page).split())
        assert "Ana Vos heeft Bouwserver ingetrokken" in told
        assert "heeft de rol van Chloé Martin gewijzigd van lid in beheerder" in told


class TestMachines:
    def test_are_told_the_same_whatever_they_or_others_ask_for(
        self, sign_in: Browser, cast: Cast
    ) -> None:
        machine = Machine(*request_token(cast.bram))
        deeds.revoke(machine.token, by=cast.ana)
        english = machine.ask()
        assert english.status == 401
        User.objects.update(language="nl")
        assert language_of(sign_in(cast.bram)) == "nl"
        answers = [machine.ask(HTTP_ACCEPT_LANGUAGE="nl"), machine.ask()]
        for answer in answers:
            assert answer.response.content == english.response.content
            assert not {"Content-Language", "Vary"} & set(answer.response.headers)


class TestTimes:
    @pytest.fixture
    def seen(self, cast: Cast, sign_in: Browser) -> Callable[[], str]:
        with time_machine.travel(NOON, tick=False):
            token = request_token(cast.bram).token

        def page() -> str:
            with time_machine.travel(NOON, tick=False):
                browser = sign_in(cast.bram)
                return str(browser.get(token.get_absolute_url()).content.decode())

        return page

    @pytest.mark.parametrize(
        ("language", "zone", "told"),
        [
            ("en", "", "28 November 2026, 14:05 CET"),
            ("nl", "", "28 november 2026 14:05 CET"),
            ("nl", "Asia/Tokyo", "28 november 2026 22:05 JST"),
            ("nl", "UTC", "28 november 2026 13:05 UTC"),
            ("en", "Mars/Olympus_Mons", "28 November 2026, 14:05 CET"),
        ],
    )
    def test_are_in_the_form_of_the_language_and_the_zone_of_the_person(
        self, language: str, zone: str, told: str, seen: Callable[[], str]
    ) -> None:
        User.objects.update(language=language, time_zone=zone)
        assert told in seen()
        assert 'datetime="2026-11-28T13:05:00+00:00"' in seen()

    def test_end_with_the_request(self, cast: Cast, sign_in: Browser) -> None:
        User.objects.filter(pk=cast.bram.pk).update(time_zone="Asia/Tokyo")
        sign_in(cast.bram).get("/tokens/")
        assert timezone.get_current_timezone_name() == settings.TIME_ZONE

    def test_are_asked_for_in_the_persons_zone(self, cast: Cast, sign_in: Browser) -> None:
        with time_machine.travel(datetime(2026, 11, 28, 20, tzinfo=UTC)):
            request_token(cast.bram, "Bouwserver")
        address = "/audit/?since=2026-11-29&kind=token.requested"
        for zone, is_there in (("Asia/Tokyo", True), ("Europe/Amsterdam", False)):
            User.objects.update(time_zone=zone)
            page = sign_in(cast.bram).get(address).content.decode()
            assert ("Bouwserver" in page) is is_there

    def test_every_zone_that_is_offered_is_one(self) -> None:
        assert len(places()) > 300
        assert {"UTC", "Europe/Amsterdam", "America/New_York"} <= set(places())
        for zone in places():
            assert ZoneInfo(zone)
            assert len(zone) <= User._meta.get_field("time_zone").max_length

    def test_numbers_are_in_the_form_of_the_language(self) -> None:
        page = Template("{{ size|filesizeformat }} of {{ number }}")
        for language, told in (("en", "1.5\xa0MB of 1,234"), ("nl", "1,5\xa0MB of 1.234")):
            with translation.override(language):
                assert page.render(Context({"size": 3 * 2**19, "number": 1234})) == told


class TestMails:
    def compose(self, person: User) -> str:
        Message.objects.all().delete()
        Message.objects.put(Kind.AUTHORITY_ENDS, person, about={"ends_at": NOON.isoformat()})
        letter = sending.compose(Message.objects.get())
        return f"{letter.subject}\n{letter.body}\n{letter.alternatives[0].content}"

    def test_are_in_the_language_and_zone_of_whoever_reads_them(self, cast: Cast) -> None:
        cast.vera.language, cast.vera.time_zone = "nl", "Asia/Tokyo"
        cast.vera.save()
        told = self.compose(cast.vera)
        assert "De ondertekeningsautoriteit verloopt binnenkort" in told
        assert "28 november 2026 22:05 JST" in told
        assert '<html lang="nl">' in told
        with translation.override("nl"), timezone.override("Asia/Tokyo"):
            told = self.compose(cast.tom)
        assert "The signing authority ends soon" in told
        assert "28 November 2026, 14:05 CET" in told

    def test_of_an_invitation_are_as_whoever_invites_reads(self, cast: Cast) -> None:
        cast.ana.language = "nl"
        for by, told in ((cast.ana, "Uitgenodigd door"), (CONSOLE, "Invited by")):
            Message.objects.all().delete()
            invite(f"{told[0]}@acme.example", company=cast.acme, role=Role.MEMBER, by=by)
            cast.ana.save()
            assert told in sending.compose(Message.objects.get()).body

    @pytest.mark.parametrize(
        ("chosen", "told"), [("nl", "opnieuw"), ("en", "reset"), ("", "opnieuw")]
    )
    def test_with_a_link_to_choose_a_password_too(
        self, chosen: str, told: str, cast: Cast, client: Client
    ) -> None:
        User.objects.filter(pk=cast.bram.pk).update(language=chosen)
        client.post("/accounts/password/reset/", {"email": cast.bram.email}, headers=NL)
        (sent,) = mail.outbox
        assert told in sent.body


def refusal(password: str, person: User, language: str) -> list[str]:
    with translation.override(language), pytest.raises(ValidationError) as refused:
        validate_password(password, person)
    return refused.value.messages


@pytest.mark.parametrize("password", ["password", "bram@acme.example"])
def test_each_refusal_of_a_password_is_in_the_language_of_its_reader(
    password: str, cast: Cast
) -> None:
    english, dutch = (refusal(password, cast.bram, language) for language in ("en", "nl"))
    assert len(english) == len(dutch)
    assert not set(english) & set(dutch)
