"""Does a process serve machines only once it has replayed the journal?"""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from portal import gunicorn
from tests.client import Client
from tests.factories import Cast, request_token
from tests.real.programs import wait_until
from tests.roof.faults import without_database
from tests.views.machine import Machine
from tokens import journal
from tokens.actions import tokens
from tokens.management import jobs, replaying
from tokens.models import notebook


@pytest.fixture(autouse=True)
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Whatever a test began ends with it."""
    stopping = threading.Event()
    monkeypatch.setattr(gunicorn, "_stopping", stopping)
    monkeypatch.setattr(replaying, "TRIED_EVERY", 0.05)
    # It would end the transaction that a test is in.
    monkeypatch.setattr(replaying, "close_old_connections", lambda: None)
    yield stopping
    stopping.set()
    journal.is_replayed.set()


@pytest.fixture
def machine(cast: Cast, journal_folder: Path) -> Machine:
    """One whose token was revoked in a database that is lost."""
    machine = Machine(*request_token(cast.bram))
    with transaction.atomic():
        tokens.revoke(machine.token, by=cast.bram)
        transaction.set_rollback(True)
    journal.confirm(journal_folder, [e.hash for e in journal.read(journal_folder).begun])
    return machine


class Worker:
    """As gunicorn gives it to the hooks."""


def test_a_worker_replays_before_it_serves(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "setswitchinterval", lambda _seconds: None)
    # Another thread would not see what this test has not committed.
    monkeypatch.setattr(notebook, "keep_writing", lambda _kept, stopping: stopping.wait())
    assert machine.ask().status == 200
    worker: Any = Worker()
    gunicorn.post_worker_init(worker)
    assert machine.ask().status == 401
    gunicorn.worker_exit(None, worker)
    assert not worker.writer.is_alive()


def test_where_it_cannot_the_realm_answers_503_until_it_has(
    machine: Machine, stopping: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "replay", unreadable)
        replaying.before_serving(stopping)
        assert machine.ask().status == 503
        assert Client().get("/livez").status_code == 200
        readiness = Client().get("/readyz")
        assert readiness.status_code == 503
        assert "not replayed" in readiness.json()["journal"]
        wait_until(lambda: caplog.text.count("cannot be replayed yet") > 2, told=lambda: "once")
        assert machine.ask().status == 503
        patch.setattr(replaying, "replay", journal.is_replayed.set)
        wait_until(journal.is_replayed.is_set, told=lambda: "it is not tried again")
    assert machine.ask().status == 200
    assert Client().get("/readyz").status_code == 200


def unreadable() -> None:
    raise PermissionError(13, "Permission denied", "revocations")


def test_a_database_that_is_away_is_no_reason_to_end(
    machine: Machine, stopping: threading.Event
) -> None:
    stopping.set()  # so that nothing is tried again beside this test
    with without_database():
        replaying.before_serving(stopping)
    assert machine.ask().status == 503
    replaying.before_serving(stopping)
    assert machine.ask().status == 401


def test_the_jobs_do_it_too_and_say_so(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    jobs.replay_journal()
    assert machine.ask().status == 401
    assert "journal: token.revoked 1 times, which the database did not know" in caplog.text


def test_a_garbled_line_is_logged(
    db: None, journal_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (journal_folder / "a.jsonl").write_text("{")
    jobs.replay_journal()
    assert "garbled, and left out: a.jsonl, line 1" in caplog.text


def test_what_cannot_be_written_into_the_journal_is_answered_with_503(
    cast: Cast, sign_in: Any, settings: Any, journal_folder: Path
) -> None:
    machine = Machine(*request_token(cast.bram))
    browser = sign_in(cast.bram, raise_request_exception=False)
    settings.REVOCATION_JOURNAL = journal_folder / "nowhere"
    answer = browser.post(f"/tokens/{machine.username}/revoke/")
    assert answer.status_code == 503
    assert machine.ask().status == 200
