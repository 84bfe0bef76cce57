"""Does everybody choose their own mails, and does the vendor see what could not be sent?"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.client import Client
from tests.factories import Cast
from tests.facts import everything
from tests.queries import AssertQueries
from tests.stack import PostedForm
from tokens.models import Event, Message, User
from tokens.models.messages import Kind

Browser = Callable[..., Client]

MINE = {"token_requested", "token_revoked"}
OF_ADMINS = {"colleague_requested", "tokens_unused"}


def offered(browser: Client) -> dict[str, bool]:
    """The kinds that the page asks about, and whether each is ticked."""
    page = browser.get("/account/mails/").content.decode()
    boxes = re.findall(r'<input type="checkbox" name="(\w+)"[^>]*?( checked)?>', page)
    return {name: bool(is_ticked) for name, is_ticked in boxes}


def choose(browser: Client, *kinds: str) -> None:
    """Sends the form as it was served, with these ticked and no others."""
    page = browser.get("/account/mails/").content.decode()
    fields = {"csrfmiddlewaretoken": PostedForm.of(page).fields["csrfmiddlewaretoken"]}
    answer = browser.post("/account/mails/", fields | dict.fromkeys(kinds, "on"), follow=True)
    assert answer.redirect_chain == [("/account/mails/", 302)]
    assert "Your choice is kept." in answer.content.decode()


class TestChoices:
    def test_are_those_of_the_persons_role(self, cast: Cast, sign_in: Browser) -> None:
        assert offered(sign_in(cast.bram)) == dict.fromkeys(MINE, True)
        of_an_admin = {"colleague_requested": False, "tokens_unused": True}
        assert offered(sign_in(cast.ana)) == dict.fromkeys(MINE, True) | of_an_admin

    def test_are_kept(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.ana, enforce_csrf_checks=True)
        choose(browser, "token_revoked", "colleague_requested")
        assert {name for name, ticked in offered(browser).items() if ticked} == {
            *("token_revoked", "colleague_requested")
        }
        person = User.objects.get(pk=cast.ana.pk)
        assert Kind.COLLEAGUE_REQUESTED.is_wanted_by(person)
        assert not Kind.TOKEN_REQUESTED.is_wanted_by(person)

    def test_are_the_persons_own_and_no_event(self, cast: Cast, sign_in: Browser) -> None:
        browsers, events = [sign_in(cast.bram), sign_in(cast.chloe)], Event.objects.count()
        choose(browsers[0])
        assert offered(browsers[0]) == dict.fromkeys(MINE, False)
        assert offered(browsers[1]) == dict.fromkeys(MINE, True)
        assert Event.objects.count() == events

    def test_that_are_not_offered_change_nothing(self, cast: Cast, sign_in: Browser) -> None:
        choose(sign_in(cast.bram), *MINE, *OF_ADMINS, "new_place", "role")
        person = User.objects.get(pk=cast.bram.pk)
        assert person.mail_choices == dict.fromkeys(MINE, True)
        assert person.role == "member"

    def test_stay_when_somebody_is_no_admin_any_more(self, cast: Cast, sign_in: Browser) -> None:
        choose(sign_in(cast.ana), *MINE)
        User.objects.filter(pk=cast.ana.pk).update(role="member")
        choose(sign_in(cast.ana), *MINE)
        assert not User.objects.get(pk=cast.ana.pk).mail_choices["tokens_unused"]

    def test_say_what_cannot_be_switched_off(self, cast: Cast, sign_in: Browser) -> None:
        for person, is_told in ((cast.bram, False), (cast.vera, True)):
            page = sign_in(person).get("/account/mails/").content.decode()
            assert "That you signed in from a new place." in page
            assert ("That the signing authority ends soon." in page) is is_told

    def test_are_found_from_every_page_by_way_of_the_account(
        self, cast: Cast, sign_in: Browser
    ) -> None:
        browser = sign_in(cast.bram)
        assert 'href="/account/"' in browser.get("/tokens/").content.decode()
        assert 'href="/account/mails/"' in browser.get("/account/").content.decode()

    def test_from_elsewhere_are_refused(self, cast: Cast, sign_in: Browser) -> None:
        browser = sign_in(cast.bram, enforce_csrf_checks=True)
        assert browser.post("/account/mails/", {}).status_code == 403


class TestWaiting:
    @pytest.fixture(autouse=True)
    def _failed(self, cast: Cast) -> None:
        """One that was given up, to Eva of Globex, and none besides."""
        people = [cast.vera, cast.tom, cast.ana, cast.eva]
        Message.objects.all().delete()
        Message.objects.put(Kind.NEW_PLACE, people[-1], about={"event": 1})
        Message.objects.update(
            attempts=17,
            last_error="SMTPRecipientsRefused",
            next_attempt_at=None,
            created_at=timezone.now() - timedelta(days=4),
        )

    def shown(self, person: User, sign_in: Browser, query: str = "") -> str:
        return str(sign_in(person).get(f"/messages/{query}").content.decode())

    def test_are_shown_to_the_vendor(self, cast: Cast, sign_in: Browser) -> None:
        for person in (cast.vera, cast.tom):
            page = self.shown(person, sign_in)
            for words in ("Sign-in from a new place", "eva@globex.example", "Globex", "17"):
                assert words in page
            assert "SMTPRecipientsRefused" in page
            assert "Given up" in page
            assert "4 days ago" in page

    def test_are_shown_to_nobody_else(self, cast: Cast, sign_in: Browser) -> None:
        for person in (cast.ana, cast.eva, cast.max):
            answer = sign_in(person).get("/messages/")
            assert answer.status_code == 404
            assert 'href="/messages/"' not in sign_in(person).get("/tokens/").content.decode()
        assert 'href="/messages/"' in sign_in(cast.tom).get("/tokens/").content.decode()

    def test_are_tried_again_when_an_operator_says_so(self, cast: Cast, sign_in: Browser) -> None:
        assert "Try again now" in self.shown(cast.vera, sign_in)
        answer = sign_in(cast.vera).post("/messages/retry/", follow=True)
        assert answer.redirect_chain == [("/messages/", 302)]
        assert "1 mail is tried again." in answer.content.decode()
        assert Message.objects.due(timezone.now()).count() == 1

    def test_are_read_by_an_auditor_and_not_touched(self, cast: Cast, sign_in: Browser) -> None:
        assert "Try again now" not in self.shown(cast.tom, sign_in)
        before = everything()["tokens.Message"]
        assert sign_in(cast.tom).post("/messages/retry/").status_code == 403
        assert everything()["tokens.Message"] == before

    def test_are_none_once_they_are_sent(self, cast: Cast, sign_in: Browser) -> None:
        Message.objects.get().mark_sent(timezone.now())
        page = self.shown(cast.vera, sign_in)
        assert "No mail waits" in page
        assert "Try again now" not in page

    def test_are_counted_and_the_newest_shown_in_as_many_queries_as_one(
        self, cast: Cast, sign_in: Browser, assert_queries: AssertQueries
    ) -> None:
        for _ in range(60):
            Message.objects.put(Kind.NEW_PLACE, cast.eva)
        browser = sign_in(cast.vera)
        browser.get("/messages/")
        # The session, the person, their company and factor; how many there are; those shown.
        with assert_queries(6):
            page = browser.get("/messages/").content.decode()
        assert "61 mails" in page
        assert "the newest 50 are shown" in page
        assert page.count("<tr>") == 51
