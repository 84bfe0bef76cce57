"""Who is told of what, and what do they read? In the transaction of the deed, and not before."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone, translation

from tests.factories import SEED, Cast, make_person, request_token, use
from tokens.actions import factors, passwords, people, sign_ins, tokens
from tokens.mails import letters, sending, telling
from tokens.management.demo import set_up_app
from tokens.models import CONSOLE, Company, Event, Invitation, Message, Token, User
from tokens.models.accounts import Role
from tokens.models.messages import Kind
from tokens.origin import Origin, coming_from

NOON = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)  # in Amsterdam half past one
HOSTILE = "<b>&amp;'\"</b> {{ brand }} %s {0}"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def waiting(kind: Kind | None = None) -> list[tuple[str, str]]:
    """The kinds and recipients of what is in the outbox for people, who were all invited once."""
    found = Message.objects.exclude(person=None).order_by("pk")
    chosen = found.filter(kind=kind) if kind else found
    return [(message.kind, message.recipient.email) for message in chosen]


def mail_of(kind: Kind) -> EmailMultiAlternatives:
    mail = sending.compose(Message.objects.filter(kind=kind).latest("pk"))
    assert mail
    return mail


def html_of(mail: EmailMultiAlternatives) -> str:
    ((content, kind),) = mail.alternatives
    assert kind == "text/html"
    return str(content)


def choose(person: User, **choices: bool) -> None:
    person.mail_choices = choices
    person.save()


class TestToken:
    def test_that_is_requested_is_told_to_the_requester(self, cast: Cast) -> None:
        token = request_token(cast.bram).token
        assert waiting() == [("token_requested", cast.bram.email)]
        body = str(mail_of(Kind.TOKEN_REQUESTED).body)
        assert f"Username: {token.username}" in body
        assert "Token: Production cluster" in body
        assert f"http://portal.example:8000/tokens/{token.username}/" in body

    def test_that_is_requested_is_told_to_administrators_who_want_to_hear_of_it(
        self, cast: Cast
    ) -> None:
        ida = make_person("Ida Prins", cast.acme, Role.ADMIN)
        for person in (cast.ana, cast.bram, cast.chloe, cast.eva):
            choose(person, token_requested=False, colleague_requested=True)
        request_token(cast.ana)
        request_token(cast.bram)
        request_token(ida)
        assert waiting() == [
            ("colleague_requested", cast.ana.email),
            ("token_requested", ida.email),
            ("colleague_requested", cast.ana.email),
        ]
        assert "Requested by: Ida Prins" in str(mail_of(Kind.COLLEAGUE_REQUESTED).body)

    def test_that_somebody_else_revokes_is_told_with_who_when_and_why(self, cast: Cast) -> None:
        token = request_token(cast.bram).token
        tokens.revoke(token, by=cast.ana, reason="The machine is gone")
        assert waiting(Kind.TOKEN_REVOKED) == [("token_revoked", cast.bram.email)]
        body = str(mail_of(Kind.TOKEN_REVOKED).body)
        assert "Revoked by: Ana Vos" in body
        assert "When: 2 March 2026, 13:30 CET" in body
        assert "Why: The machine is gone" in body

    def test_that_are_revoked_together_are_told_in_one_mail_to_each(self, cast: Cast) -> None:
        for number in range(25):
            request_token(cast.bram, f"Node {number}")
        for person in (cast.ana, cast.chloe):
            request_token(person)
        tokens.revoke_all(Token.objects.all(), company=cast.acme, by=cast.ana)
        told = [("token_revoked", person.email) for person in (cast.bram, cast.chloe)]
        assert waiting(Kind.TOKEN_REVOKED) == told
        mail = sending.compose(Message.objects.filter(kind=Kind.TOKEN_REVOKED)[0])
        assert mail is not None
        assert mail.subject == "Tokens that you requested were revoked"
        assert str(mail.body).count("Username: ") == 20
        assert "And others: 5" in str(mail.body)

    def test_that_the_vendor_revokes_on_the_server_is_told_so(self, cast: Cast) -> None:
        tokens.revoke(request_token(cast.bram).token, by=CONSOLE)
        body = str(mail_of(Kind.TOKEN_REVOKED).body)
        assert "Revoked by: the vendor" in body
        assert "Why" not in body

    def test_that_one_revokes_oneself_is_no_news(self, cast: Cast) -> None:
        tokens.revoke(request_token(cast.bram).token, by=cast.bram)
        assert waiting(Kind.TOKEN_REVOKED) == []

    def test_of_somebody_who_does_not_want_to_hear_of_it_is_not_told(self, cast: Cast) -> None:
        choose(cast.bram, token_requested=False, token_revoked=False)
        tokens.revoke(request_token(cast.bram).token, by=cast.ana)
        assert waiting() == []

    def test_of_somebody_who_left_is_told_to_nobody(self, cast: Cast) -> None:
        token = request_token(cast.bram).token
        people.deactivate(cast.bram, by=cast.ana)
        tokens.revoke(token, by=cast.ana)
        assert waiting(Kind.TOKEN_REVOKED) == []


class TestOutbox:
    def test_holds_what_the_deed_left_and_nothing_where_it_was_undone(self, cast: Cast) -> None:
        with transaction.atomic():
            request_token(cast.bram)
            transaction.set_rollback(True)
        assert waiting() == []

    def test_holds_no_text_link_or_secret(self, cast: Cast) -> None:
        secret = request_token(cast.bram, "A telling description").secret
        link = people.invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=cast.ana)
        rows = str(list(Message.objects.values()))
        for hidden in ("A telling description", secret, link.key, "zoe@acme.example", "http"):
            assert hidden not in rows

    def test_forgets_what_nobody_needs_any_more(self, cast: Cast) -> None:
        request_token(cast.bram)
        people.deactivate(cast.bram, by=cast.ana)
        requested = Message.objects.get(kind=Kind.TOKEN_REQUESTED)
        assert sending.compose(requested) is None
        sending.send_due()
        assert waiting() == [("person_deactivated", cast.bram.email)]


class TestInvitation:
    @pytest.fixture
    def invitation(self, cast: Cast) -> Invitation:
        return people.invite("zoe@acme.example", company=cast.acme, role=Role.MEMBER, by=cast.ana)

    def test_is_sent_with_its_link(self, invitation: Invitation) -> None:
        mail = mail_of(Kind.PERSON_INVITED)
        assert mail.to == ["zoe@acme.example"]
        (key,) = re.findall(r"http://portal.example:8000/join/(\S+)/", str(mail.body))
        assert Invitation.objects.behind(key) == invitation
        assert "Invited by: Ana Vos" in str(mail.body)
        assert "Ends: 9 March 2026, 13:30 CET" in str(mail.body)
        assert "account/mails" not in str(mail.body)

    def test_is_sent_only_while_it_is_open(self, invitation: Invitation) -> None:
        message = Message.objects.get(invitation=invitation)
        with time_machine.travel(NOON + timedelta(days=8), tick=False):
            assert sending.compose(message) is None
        people.join(invitation, name="Zoë Maas", password="seventeen herons")
        assert sending.compose(message) is None

    def test_of_the_console_comes_from_the_portal(self, cast: Cast) -> None:
        people.invite("zoe@acme.example", company=cast.acme, role=Role.ADMIN, by=CONSOLE)
        assert f"Invited by: {settings.PORTAL_BRAND}" in str(mail_of(Kind.PERSON_INVITED).body)


class TestOwnAccount:
    def test_a_new_place_is_told_with_address_and_time(self, cast: Cast) -> None:
        for address in ("203.0.113.7", "2001:db8::1"):
            with coming_from(Origin(address)):
                sign_ins.sign_in(by=cast.bram)
        body = str(mail_of(Kind.NEW_PLACE).body)
        assert "From: 2001:db8::1" in body
        assert "What: Bram de Wit signed in" in body
        assert "When: 2 March 2026, 13:30 CET" in body
        assert "http://portal.example:8000/accounts/password/reset/" in body

    def test_a_changed_password_is_told(self, cast: Cast) -> None:
        passwords.change(by=cast.bram, password="seventeen herons")
        assert "changed their password" in str(mail_of(Kind.PASSWORD_CHANGED).body)

    def test_a_changed_factor_is_told_in_the_words_of_its_event(self, cast: Cast) -> None:
        set_up_app(cast.bram, SEED)
        body = str(mail_of(Kind.FACTOR_CHANGED).body)
        assert "What: Bram de Wit added a second factor" in body
        assert "From: the server itself" in body

    def test_a_factor_that_somebody_reset_is_told_with_who_did_it(self, cast: Cast) -> None:
        set_up_app(cast.bram, SEED)
        factors.reset(cast.bram, by=cast.ana)
        told = sending.compose(Message.objects.filter(kind=Kind.FACTOR_CHANGED).latest("pk"))
        assert told is not None
        assert told.to == [cast.bram.email]
        assert "What: Ana Vos reset the second factor of Bram de Wit" in str(told.body)

    def test_that_access_ended_is_told_to_whom_it_ended_for(self, cast: Cast) -> None:
        people.deactivate(cast.bram, by=cast.ana)
        mail = mail_of(Kind.PERSON_DEACTIVATED)
        assert mail.to == [cast.bram.email]
        assert "Ended by: Ana Vos" in str(mail.body)
        assert "account/mails" not in str(mail.body)

    def test_cannot_be_switched_off(self, cast: Cast) -> None:
        choose(cast.bram, **dict.fromkeys(Kind.values, False))
        passwords.change(by=cast.bram, password="seventeen herons")
        people.deactivate(cast.bram, by=cast.ana)
        assert [kind for kind, _email in waiting()] == ["password_changed", "person_deactivated"]


class TestReminders:
    @pytest.fixture
    def idle(self, cast: Cast) -> Token:
        """Requested long ago and never used."""
        assert cast.ana
        token = request_token(cast.bram, "Old laptop").token
        Token.objects.update(requested_at=NOON - timedelta(days=91))
        return token

    def remind(self) -> list[str]:
        telling.of_idle_tokens(timezone.localdate())
        return [email for _kind, email in waiting(Kind.TOKENS_UNUSED)]

    def test_go_to_the_administrators_of_the_company(self, idle: Token, cast: Cast) -> None:
        assert cast.eva
        assert cast.vera
        theirs = request_token(cast.farid, "Another company's").token
        Token.objects.update(requested_at=NOON - timedelta(days=91))
        assert self.remind() == [cast.ana.email, cast.eva.email]
        body = str(
            sending.compose(Message.objects.get(person=cast.ana, kind=Kind.TOKENS_UNUSED)).body
        )
        assert "1 token of your company was not used for 90 days." in body
        assert f"{idle.username}: Old laptop" in body
        assert theirs.username not in body

    def test_go_out_once_a_month_however_often_it_is_looked(self, idle: Token) -> None:
        assert len(self.remind()) == len(self.remind()) == 1
        with time_machine.travel(NOON + timedelta(days=31), tick=False):
            assert len(self.remind()) == 2

    def test_are_sent_to_nobody_who_has_refused(self, idle: Token, cast: Cast) -> None:
        choose(cast.ana, tokens_unused=False)
        assert self.remind() == []

    @pytest.mark.parametrize(
        ("days_ago", "is_idle"), [(None, True), (91, True), (89, False)], ids=str
    )
    def test_are_about_what_was_not_used_for_90_days(
        self, days_ago: int | None, is_idle: bool, idle: Token
    ) -> None:
        if days_ago:
            use(idle, days_ago=days_ago)
        assert bool(self.remind()) is is_idle

    def test_are_dropped_where_all_is_tidied_up_meanwhile(self, idle: Token, cast: Cast) -> None:
        self.remind()
        tokens.revoke(idle, by=cast.bram)
        assert self.remind() != []
        assert sending.compose(Message.objects.get(kind=Kind.TOKENS_UNUSED)) is None

    def test_list_some_of_very_many(
        self, idle: Token, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(letters, "MOST_LISTED", 1)
        request_token(cast.bram, "Another")
        Token.objects.update(requested_at=NOON - timedelta(days=91))
        self.remind()
        body = str(mail_of(Kind.TOKENS_UNUSED).body)
        assert "2 tokens of your company were not used" in body
        assert body.count("acme-") == 1

    def test_of_an_authority_that_ends_go_to_operators_once_a_week(self, cast: Cast) -> None:
        assert cast.ana
        assert cast.vera
        assert cast.tom
        ends_at = NOON + timedelta(days=20)
        for days in (0, 1, 7):
            with time_machine.travel(NOON + timedelta(days=days), tick=False):
                telling.of_ending_authority(ends_at, timezone.localdate())
        assert waiting(Kind.AUTHORITY_ENDS) == [("authority_ends", cast.vera.email)] * 2
        assert "Ends: 22 March 2026, 13:30 CET" in str(mail_of(Kind.AUTHORITY_ENDS).body)


class TestForm:
    @pytest.fixture
    def hostile(self, cast: Cast) -> EmailMultiAlternatives:
        """All that people may write, in one mail."""
        User.objects.filter(pk=cast.bram.pk).update(name=HOSTILE)
        User.objects.filter(pk=cast.ana.pk).update(name=HOSTILE)
        token = request_token(User.objects.get(pk=cast.bram.pk), HOSTILE).token
        tokens.revoke(token, by=cast.ana, reason=HOSTILE)
        return mail_of(Kind.TOKEN_REVOKED)

    def test_text_is_as_it_was_written(self, hostile: EmailMultiAlternatives) -> None:
        assert str(hostile.body).count(HOSTILE) == 4

    def test_html_shows_it_and_obeys_none_of_it(self, hostile: EmailMultiAlternatives) -> None:
        html = html_of(hostile)
        assert "<b>" not in html
        assert html.count("&lt;b&gt;&amp;amp;") == 4

    def test_html_loads_nothing_and_follows_nobody(self, hostile: EmailMultiAlternatives) -> None:
        html = html_of(hostile)
        assert not re.search(r"<(img|script|link|iframe|style)|url\(|src=", html)
        assert set(re.findall(r'https?://[^/"<]+', html)) == {"http://portal.example:8000"}

    def test_headers_hold_nothing_that_people_wrote(self, hostile: EmailMultiAlternatives) -> None:
        message = hostile.message()
        assert not any("b>" in value for value in message.values())
        assert message["Auto-Submitted"] == "auto-generated"

    @pytest.mark.parametrize("break_", ["\r\nBcc: eve@evil.example", "\nX: y", "\r", "\u2028"])
    def test_a_line_break_past_the_forms_comes_into_no_header(
        self, break_: str, cast: Cast
    ) -> None:
        token = request_token(cast.bram).token
        Token.objects.update(description=f"Build{break_}", revoked_at=NOON, revoked_reason=break_)
        User.objects.update(name=f"Eve{break_}")
        Company.objects.update(name=f"Evil{break_}")
        about = {"tokens": [token.username], "number": 1}
        Message.objects.put(Kind.TOKEN_REVOKED, cast.bram, about=about)
        for message in Message.objects.all():
            mail = sending.compose(message)
            if mail is not None:
                assert mail.recipients() == [message.recipient.email]
                assert not {"Bcc", "X"} & set(mail.message().keys())

    def test_it_is_in_the_readers_language(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        spoken: list[str] = []
        monkeypatch.setattr(
            letters, "of", lambda _message: spoken.append(translation.get_language())
        )
        message = Message.objects.filter(person=None).earliest("pk") if cast.bram else None
        assert message
        sending.compose(message)
        User.objects.update(language="nl")
        request_token(cast.bram)
        sending.compose(Message.objects.get(kind=Kind.TOKEN_REQUESTED))
        assert spoken == ["en", "nl"]
        assert translation.get_language() == "en"


def test_every_kind_has_a_letter() -> None:
    assert letters.LETTERS.keys() == set(Kind)


def test_what_is_told_of_an_event_is_a_sentence_without_markup(cast: Cast) -> None:
    for event in Event.objects.filter(company=cast.acme.slug):
        assert "<" not in event.plain_sentence
