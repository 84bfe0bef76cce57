"""Is it remembered where a token is used, without ever being in the way?"""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from tests.factories import request_token, use
from tokens.models import Token, Use
from tokens.models import notebook as notebooks
from tokens.models import uses as written_uses
from tokens.models.notebook import Notebook, keep_writing
from tokens.models.uses import NOWHERE, WRITTEN_EVERY, Place

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOME, AWAY = "203.0.113.9", "2001:db8::7"


def after(seconds):
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def token(cast):
    return request_token(cast.bram).token


def new_notebook():
    return Notebook(written_uses._save, every=WRITTEN_EVERY)


@pytest.fixture
def notebook():
    return new_notebook()


@pytest.fixture
def place(token):
    return Place(token.pk, HOME, "docker")


def uses():
    """What is written: address, client, first and last use in seconds after noon, count."""
    return sorted(
        (use.address, use.client, seconds(use.first_at), seconds(use.last_at), use.count)
        for use in Use.objects.all()
    )


def seconds(moment):
    return (moment - NOON).total_seconds()


def last_use(token):
    use = Token.objects.get(pk=token.pk).last_use
    return use.last_at, use.known_address, use.client


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_as_many_as_there_are_are_written(notebook, cast, number, monkeypatch):
    """However they fall into statements of two."""
    monkeypatch.setattr(written_uses, "AT_ONCE", 2)
    tokens = [request_token(cast.bram).token for _ in range(number)]
    for each in tokens:
        notebook.note(Place(each.pk, HOME, "docker"), at=NOON)
    notebook.write(now=NOON)
    assert uses() == [(HOME, "docker", 0, 0, 1)] * number
    assert [last_use(each) for each in tokens] == [(NOON, HOME, "docker")] * number


class TestWriting:
    def test_a_first_use_is_written_at_once(self, notebook, place, token):
        notebook.note(place, at=NOON)
        notebook.write(now=after(0.5))
        assert uses() == [(HOME, "docker", 0, 0, 1)]
        assert last_use(token) == (NOON, HOME, "docker")

    def test_nothing_is_written_where_nothing_was_noted(
        self, notebook, db, django_assert_num_queries
    ):
        with django_assert_num_queries(0):
            notebook.write(now=NOON)
            notebook.write_everything()

    def test_a_place_is_written_at_most_once_a_minute(
        self, notebook, place, django_assert_num_queries
    ):
        notebook.note(place, at=NOON)
        notebook.write(now=NOON)
        for second in range(1, 60):
            notebook.note(place, at=after(second))
            with django_assert_num_queries(0):
                notebook.write(now=after(second))
        assert uses() == [(HOME, "docker", 0, 0, 1)]
        notebook.write(now=after(60))
        assert uses() == [(HOME, "docker", 0, 59, 60)]

    def test_a_minute_is_counted_from_the_last_writing(self, notebook, place):
        for second in (0, 60, 119, 120):
            notebook.note(place, at=after(second))
            notebook.write(now=after(second))
        assert uses() == [(HOME, "docker", 0, 120, 4)]
        notebook.note(place, at=after(121))
        notebook.write(now=after(179))
        assert uses() == [(HOME, "docker", 0, 120, 4)]

    def test_another_place_does_not_wait_for_the_first(self, notebook, place, token):
        notebook.note(place, at=NOON)
        notebook.write(now=NOON)
        notebook.note(place._replace(address=AWAY), at=after(1))
        notebook.note(place._replace(client="skopeo"), at=after(2))
        notebook.write(now=after(3))
        assert uses() == [
            (AWAY, "docker", 1, 1, 1),
            (HOME, "docker", 0, 0, 1),
            (HOME, "skopeo", 2, 2, 1),
        ]
        assert last_use(token) == (after(2), HOME, "skopeo")

    def test_before_a_process_ends_everything_is_written(self, notebook, place):
        notebook.note(place, at=NOON)
        notebook.write(now=NOON)
        notebook.note(place, at=after(1))
        notebook.write_everything()
        assert uses() == [(HOME, "docker", 0, 1, 2)]

    def test_a_use_from_nowhere_that_has_an_address_is_still_a_use(self, notebook, place, token):
        """As behind a proxy that connects through a Unix socket."""
        notebook.note(place._replace(address=""), at=NOON)
        notebook.note(place._replace(address=""), at=after(1))
        notebook.write(now=after(1))
        assert uses() == [(NOWHERE, "docker", 0, 1, 2)]
        assert last_use(token) == (after(1), None, "docker")
        assert Token.objects.get(pk=token.pk).last_use.seen_from == "an unknown address"

    def test_a_clock_that_steps_back_does_not_stop_it(self, notebook, place):
        notebook.note(place, at=after(3600))
        notebook.write(now=after(3600))
        notebook.note(place, at=after(0))
        notebook.write(now=after(0))
        assert uses() == [(HOME, "docker", 0, 3600, 2)]

    def test_places_are_bounded(self, notebook, place, monkeypatch):
        monkeypatch.setattr(notebooks, "MOST_KEYS", 3)
        for client in "abcde":
            notebook.note(place._replace(client=client), at=NOON)
        notebook.note(place._replace(client="a"), at=after(1))
        notebook.write(now=after(2))
        assert [(client, count) for _, client, _, _, count in uses()] == [
            ("a", 2),
            ("b", 1),
            ("c", 1),
        ]


class TestTwoProcesses:
    @pytest.fixture
    def other(self):
        return new_notebook()

    def test_add_up(self, notebook, other, place):
        for book, second in ((notebook, 1), (other, 2), (notebook, 3)):
            book.note(place, at=after(second))
        notebook.write(now=after(4))
        other.write(now=after(4))
        assert uses() == [(HOME, "docker", 1, 3, 3)]

    def test_never_set_back_what_the_other_wrote(self, notebook, other, place, token):
        notebook.note(place, at=after(1))
        other.note(place._replace(client="skopeo"), at=after(5))
        other.note(place, at=after(5))
        other.write(now=after(6))
        notebook.write(now=after(7))
        assert uses() == [(HOME, "docker", 1, 5, 2), (HOME, "skopeo", 5, 5, 1)]
        assert last_use(token)[0] == after(5)


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
class TestADatabaseThatIsAway:
    @pytest.fixture
    def away(self, kind):
        def refuse(*_):
            raise kind("connection refused")

        return lambda: connection.execute_wrapper(refuse)

    def test_leaves_the_notes_for_later(self, notebook, place, away, kind):
        notebook.note(place, at=NOON)
        with away(), pytest.raises(kind):
            notebook.write(now=NOON)
        notebook.note(place, at=after(1))
        with away(), pytest.raises(kind):
            notebook.write_everything()
        notebook.write(now=after(2))
        assert uses() == [(HOME, "docker", 0, 1, 2)]

    def test_leaves_nothing_half_written(self, notebook, place, kind, monkeypatch):
        def answer_once(execute, sql, *rest):
            answered = execute(sql, *rest)
            if "INSERT INTO tokens_use" in sql:
                raise kind("connection lost")
            return answered

        monkeypatch.setattr(written_uses, "AT_ONCE", 1)
        notebook.note(place, at=NOON)
        notebook.note(place._replace(address=AWAY), at=NOON)
        with connection.execute_wrapper(answer_once), pytest.raises(kind):
            notebook.write(now=NOON)
        assert uses() == []

    def test_does_not_end_the_writing(self, notebook, place, away, caplog, monkeypatch):
        monkeypatch.setattr(notebooks, "close_old_connections", lambda: None)
        notebook.note(place, at=timezone.now())
        with away():
            keep_writing([notebook], Rounds(2))
        assert caplog.text.count("notes are kept until the database answers") == 3
        keep_writing([notebook], Rounds(1))
        assert Use.objects.get().count == 1


class Rounds(threading.Event):
    """Says after some rounds that it is time to stop."""

    def __init__(self, rounds):
        super().__init__()
        self.left = rounds

    def wait(self, timeout=None):
        self.left -= 1
        return self.left < 0


def test_noting_never_asks_the_database(db, notebook, django_assert_num_queries):
    with django_assert_num_queries(0):
        for number in range(100):
            notebook.note(Place(number, HOME, "docker"), at=NOON)


def test_uses_of_a_token_are_told_newest_first(cast, token, notebook, place):
    other = request_token(cast.bram).token
    notebook.note(place, at=NOON)
    notebook.note(place._replace(address=AWAY), at=after(5))
    notebook.note(place._replace(client="skopeo"), at=after(3))
    notebook.note(place._replace(token_id=other.pk), at=after(4))
    notebook.write(now=after(6))
    assert [seconds(use.last_at) for use in token.uses.newest_first()] == [5, 3, 0]
    assert str(token.last_use) == f"{AWAY} with docker"
    assert token.uses.addresses() == 2
    assert Token.objects.get(pk=other.pk).uses.count() == 1


class TestTheLastUse:
    """The newest one, which the token's own row does not repeat."""

    @pytest.fixture
    def tokens(self, cast):
        """Used an hour ago, not at all, and now."""
        made = [request_token(cast.bram).token for _ in range(3)]
        use(made[0], HOME, days_ago=1)
        use(made[0], AWAY, days_ago=1 / 24)
        use(made[2], HOME, client="skopeo")
        return made

    def test_is_none_of_a_token_that_was_never_used(self, tokens):
        assert tokens[1].last_use is None
        assert tokens[1].last_used_at is None
        assert tokens[1].days_idle == 0

    def test_is_told_by_the_query_for_the_tokens(self, tokens, django_assert_num_queries):
        with django_assert_num_queries(1):
            listed = Token.objects.with_last_used_at().order_by("pk")
            told = [token.last_used_at for token in listed]
        assert told == [Token.objects.get(pk=token.pk).last_used_at for token in tokens]
        assert [bool(moment) for moment in told] == [True, False, True]

    def test_of_many_tokens_is_asked_for_at_once(self, tokens, django_assert_num_queries):
        with django_assert_num_queries(2):
            listed = Token.objects.with_newest_uses().order_by("pk")
            assert [str(token.last_use) for token in listed] == [
                f"{AWAY} with docker",
                "None",
                f"{HOME} with skopeo",
            ]

    def test_is_the_first_of_as_many_as_are_wanted(self, tokens):
        several = Token.objects.with_newest_uses(5).get(pk=tokens[0].pk)
        assert [each.address for each in several.newest_uses] == [AWAY, HOME]
        assert several.last_use.address == AWAY

    def test_sorts_tokens_and_those_without_one_come_last(self, tokens, cast):
        newer = request_token(cast.bram).token
        used, unused, just_used = tokens
        assert list(Token.objects.last_used_first()) == [just_used, used, newer, unused]

    def test_of_one_moment_is_one_of_them(self, notebook, place, token):
        for client in ("docker", "skopeo"):
            notebook.note(place._replace(client=client), at=NOON)
        notebook.write(now=NOON)
        assert token.last_use.client == "skopeo"
        assert [left.client for left in Use.objects.outdated(after(1))] == ["docker"]

    def test_outlasts_all_others(self, tokens):
        outdated = Use.objects.outdated(timezone.now() + timedelta(days=1))
        assert [each.address for each in outdated] == [HOME]
        assert not Use.objects.outdated(timezone.now() - timedelta(days=2)).exists()
