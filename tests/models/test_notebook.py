"""What has this process seen that is not written yet?"""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from tokens.actions.sign_ins import noted_attempts
from tokens.models import notebook
from tokens.models import notebook as notebooks
from tokens.models.notebook import Note, Notebook, keep_writing
from tokens.models.pulls import noted_pulls
from tokens.models.refusals import noted_refusals
from tokens.models.uses import noted_uses

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Written(list):
    """What a notebook wrote, and whether the database answers."""

    is_away = False

    def __call__(self, notes):
        if self.is_away:
            raise DatabaseError("away")
        self.append(dict(notes))


@pytest.fixture
def written(db):
    return Written()


def test_what_is_new_is_written_at_once(written):
    book = Notebook(written)
    book.note("a", at=NOON)
    book.write(now=NOON)
    assert written == [{"a": Note(NOON, NOON, 1)}]


def test_notes_of_one_key_are_counted_together(written):
    book = Notebook(written)
    for seconds in (2, 0, 1):
        book.note("a", at=NOON + seconds * SECOND)
    book.write(now=NOON)
    assert written == [{"a": Note(NOON, NOON + 2 * SECOND, 3)}]


def test_nothing_is_written_twice(written):
    book = Notebook(written)
    book.note("a", at=NOON)
    book.write(now=NOON)
    book.write(now=NOON + SECOND)
    assert len(written) == 1


def test_a_key_that_was_written_waits_until_its_time_has_passed(written):
    book = Notebook(written, every=timedelta(minutes=1))
    book.note("a", at=NOON)
    book.write(now=NOON)
    book.note("a", at=NOON + SECOND)
    book.note("b", at=NOON + SECOND)
    book.write(now=NOON + 59 * SECOND)
    assert written[1] == {"b": Note(NOON + SECOND, NOON + SECOND, 1)}
    book.write(now=NOON + 60 * SECOND)
    assert written[2] == {"a": Note(NOON + SECOND, NOON + SECOND, 1)}


def test_notes_are_kept_while_the_database_is_away(written):
    book = Notebook(written)
    book.note("a", at=NOON)
    written.is_away = True
    with pytest.raises(DatabaseError):
        book.write(now=NOON)
    book.note("a", at=NOON + SECOND)
    written.is_away = False
    book.write(now=NOON)
    assert written == [{"a": Note(NOON, NOON + SECOND, 2)}]


def test_no_more_keys_are_kept_than_memory_is_meant_for(written, monkeypatch):
    monkeypatch.setattr(notebooks, "MOST_KEYS", 2)
    book = Notebook(written)
    for key in "abca":
        book.note(key, at=NOON)
    book.write_everything()
    assert {key: note.times for key, note in written[0].items()} == {"a": 2, "b": 1}


def test_a_process_that_ends_writes_everything_first(written):
    book = Notebook(written, every=timedelta(minutes=1))
    book.note("a", at=NOON)
    book.write(now=NOON)
    book.note("a", at=NOON)
    stopping = threading.Event()
    stopping.set()
    keep_writing([book], stopping)
    assert len(written) == 2


def waits_for_the_disk():
    """Whether the transaction does, when it ends."""
    with connection.cursor() as cursor:
        is_sqlite = connection.vendor == "sqlite"
        cursor.execute("PRAGMA synchronous" if is_sqlite else "SHOW synchronous_commit")
        return cursor.fetchone()[0] in {2, "on"}  # 2 is FULL


@pytest.mark.parametrize("is_durable", [True, False])
def test_on_postgresql_a_gauge_waits_for_no_disk(db, is_durable):
    found: list[bool] = []
    book = Notebook(lambda _notes: found.append(waits_for_the_disk()), is_durable=is_durable)
    book.note("a", at=NOON)
    book.write(now=NOON)
    assert found == [is_durable or connection.vendor == "sqlite"]


def test_audit_is_durable_and_gauges_are_not():
    books = (noted_attempts, noted_pulls, noted_refusals, noted_uses)
    assert [book for book in books if book._is_durable] == [noted_attempts]


def test_a_thread_that_cannot_write_goes_on_and_says_so(written, monkeypatch, caplog):
    monkeypatch.setattr(notebooks, "LOOKED_AT_EVERY", 0.001)
    written.is_away = True
    book, stopping = Notebook(written), threading.Event()
    book.note("a", at=NOON)

    class Answering:
        times = 0

        def write(self, *, now):
            self.times += 1
            written.is_away = self.times < 3
            if self.times == 4:
                stopping.set()

        def write_everything(self):
            pass

    keep_writing([book, Answering()], stopping)
    assert written == [{"a": Note(NOON, NOON, 1)}]
    assert "notes are kept until the database answers" in caplog.text


def test_a_thread_whose_connection_cannot_even_be_closed_goes_on(written, monkeypatch, caplog):
    def away():
        raise DatabaseError("away")

    monkeypatch.setattr(notebook, "close_old_connections", away)
    stopping = threading.Event()
    stopping.set()
    keep_writing([Notebook(written)], stopping)
    assert "notes are kept until the database answers" in caplog.text
