"""Do mails arrive, at a real mail server, and does one that fails keep nobody else's back?"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.environment import env, mail
from tests.factories import Cast
from tests.post import Post, office
from tokens.mails import letters, sending
from tokens.models import Event, Message, User
from tokens.models.messages import Kind

PATIENCE = 0.5  # seconds


def use(post: Post, settings: Any) -> None:
    config = env.email_url_config(post.url)
    for name, value in mail(config, seconds=PATIENCE).items():
        setattr(settings, name, value)


@pytest.fixture
def post(settings: Any) -> Iterator[Post]:
    with office() as post:
        use(post, settings)
        yield post


@pytest.fixture
def people(cast: Cast) -> list[User]:
    """Three people for each of whom a mail waits."""
    people = [cast.ana, cast.bram, cast.chloe]
    Message.objects.all().delete()
    event = Event.objects.latest("pk")
    for person in people:
        Message.objects.put(Kind.PASSWORD_CHANGED, person, about={"event": event.pk})
    return people


def unsent() -> list[str]:
    return sorted(message.recipient.email for message in Message.objects.unsent())


def all_are_due() -> None:
    Message.objects.unsent().order_by().update(next_attempt_at=timezone.now())


def test_each_arrives_once(post: Post, people: list[User]) -> None:
    for _ in range(2):
        sending.send_due()
    assert post.recipients() == [person.email for person in people]
    assert unsent() == []


def test_it_arrives_as_text_and_html_from_the_portal(post: Post, people: list[User]) -> None:
    sending.send_due()
    taken = post.taken[0]
    assert taken["From"] == "Thinkwise containers <no-reply@portal.example>"
    assert taken["Subject"] == "Your password was changed"
    assert [part.get_content_type() for part in taken.iter_parts()] == ["text/plain", "text/html"]
    text = taken.get_body(("plain",))
    assert text
    assert text.get_content().splitlines()[:3] == ["Hello Ana Vos,", "", "You have a new password."]


def test_a_bad_recipient_keeps_nobody_back(post: Post, people: list[User]) -> None:
    ana, *others = people
    post.refuses = {ana.email}
    sending.send_due()
    assert post.recipients() == [person.email for person in others]
    assert unsent() == [ana.email]
    message = Message.objects.unsent().get()
    assert (message.attempts, message.last_error) == (1, "SMTPRecipientsRefused")
    post.refuses = set()
    all_are_due()
    sending.send_due()
    assert unsent() == []


@pytest.mark.parametrize("stage", ["", "EHLO", "RCPT", "DATA"])
def test_a_server_that_hangs_is_given_up_soon_and_once(
    stage: str, post: Post, people: list[User]
) -> None:
    post.hangs_at = stage
    begun = time.monotonic()
    sending.send_due()
    assert time.monotonic() - begun < 8 * PATIENCE
    assert sorted(Message.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert post.taken == []


def test_what_waited_for_a_server_that_was_away_arrives(post: Post, people: list[User]) -> None:
    post.hangs_at = ""
    sending.send_due()
    post.hangs_at = None
    all_are_due()
    sending.send_due()
    assert sorted(post.recipients()) == [person.email for person in people]


def test_where_nobody_listens_that_is_noted(people: list[User], settings: Any) -> None:
    with office() as gone:
        use(gone, settings)
    sending.send_due()
    assert len(unsent()) == 3
    assert Message.objects.exclude(last_error="").get().last_error == "ConnectionRefusedError"


def test_one_who_dies_before_it_is_marked_sends_it_again(
    post: Post, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once: whether the server has taken it cannot be known otherwise."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Message, "mark_sent", die)
        with pytest.raises(KeyboardInterrupt):
            sending.send_due()
    sending.send_due()
    first = people[0].email
    assert post.recipients().count(first) == 1
    assert unsent() == [first]
    Message.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    sending.send_due()
    assert post.recipients().count(first) == 2


def test_one_that_cannot_be_written_keeps_nobody_back(
    post: Post, people: list[User], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(_message: Message) -> letters.Letter:
        raise LookupError("it is gone")

    Message.objects.filter(person=people[0]).update(kind=Kind.NEW_PLACE)
    monkeypatch.setitem(letters.LETTERS, Kind.NEW_PLACE, broken)
    sending.send_due()
    assert post.recipients() == [person.email for person in people[1:]]
    assert Message.objects.unsent().get().last_error == "LookupError"
    assert "cannot be written" in caplog.text


def test_the_log_names_no_address(post: Post, people: list[User], caplog: Any) -> None:
    post.refuses = {person.email for person in people}
    sending.send_due()
    assert caplog.text.count("was not sent: SMTPRecipientsRefused") == 3
    assert "@" not in caplog.text


def test_very_many_are_sent_some_at_a_time(
    post: Post, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_AT_ONCE", 2)
    sending.send_due()
    assert len(post.taken) == 2
    sending.send_due()
    assert len(post.taken) == 3
