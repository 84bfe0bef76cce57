"""Does what falls due happen, and go on when one of it fails?"""

import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import responses
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from tests.factories import request_token
from tests.real.programs import wait_until
from tests.stack import ROOT
from tokens import checkpoints, grants
from tokens.management import jobs
from tokens.management.commands import run_jobs
from tokens.models import Failure, Message, Notification, Pull, Refusal, Sighting, Token, Use
from tokens.models.messages import Kind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTRY = "http://registry.example:5000/v2/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def made_ago(token, **ago):
    """One row of each gauge, of so long ago."""
    at = timezone.now() - timedelta(**ago)
    common = {"token": token, "count": 1}
    Use.objects.create(**common, address="203.0.113.7", client=str(ago), first_at=at, last_at=at)
    Pull.objects.create(**common, repository="a", reference=str(ago), day=at.date(), last_at=at)
    Refusal.objects.create(**common, reason="revoked", address="203.0.113.7", hour=at)
    Notification.objects.create(id=str(ago), at=at)
    Failure.objects.create(network=str(ago), minute=at, count=1)


def left():
    return {
        model.__name__: model.objects.count()
        for model in (Use, Pull, Refusal, Notification, Failure)
    }


NOTHING_BUT_THE_LAST_USE = {"Use": 1, "Pull": 0, "Refusal": 0, "Notification": 0, "Failure": 0}


def test_gauges_are_pruned_when_they_are_older_than_the_settings_say(cast):
    token = request_token(cast.bram).token
    for ago in ({"minutes": 1}, {"minutes": 6}, {"days": 3}, {"days": 91}, {"days": 402}):
        made_ago(token, **ago)
    jobs.prune_gauges()
    assert left() == {"Use": 4, "Pull": 4, "Refusal": 3, "Notification": 2, "Failure": 1}


def test_periods_come_from_the_settings(cast, settings):
    settings.USES_KEPT = settings.PULLS_KEPT = settings.REFUSALS_KEPT = timedelta(days=2)
    token = request_token(cast.bram).token
    for days in (4, 5):
        made_ago(token, days=days)
    jobs.prune_gauges()
    assert left() == NOTHING_BUT_THE_LAST_USE


def test_many_rows_are_pruned_in_small_steps(cast, monkeypatch):
    monkeypatch.setattr(jobs, "ROWS_AT_ONCE", 2)
    token = request_token(cast.bram).token
    for days in range(402, 407):
        made_ago(token, days=days)
    jobs.prune_gauges()
    assert left() == NOTHING_BUT_THE_LAST_USE


def test_the_registrys_clock_is_compared_with_ours(registry):
    registry.get(REGISTRY, status=401, headers={"Date": "Sun, 01 Mar 2026 12:01:30 GMT"})
    with time_machine.travel(NOON, tick=False):
        jobs.look_at_registry()
    sighting = Sighting.objects.get(name="registry")
    assert sighting.seen == {"answers": True, "clock_offset_seconds": 90}
    assert sighting.at == NOON


@pytest.mark.parametrize(
    "answer",
    [{"body": requests.ConnectionError()}, {"body": requests.Timeout()}, {"status": 401}],
)
def test_a_registry_that_does_not_answer_is_said_so(registry, answer):
    registry.get(REGISTRY, **answer)
    jobs.look_at_registry()
    assert Sighting.objects.get(name="registry").seen["answers"] is False


def test_what_was_seen_is_told_by_readyz(client, registry):
    registry.get(REGISTRY, status=401, headers={"Date": "Sun, 01 Mar 2026 12:00:00 GMT"})
    with time_machine.travel(NOON, tick=False):
        jobs.look_at_registry()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["registry"]["clock_offset_seconds"] == 0


@pytest.fixture
def audit_key(tmp_path, settings):
    key = Ed25519PrivateKey.generate()
    file = tmp_path / "audit.key"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings.AUDIT_KEY_FILE = str(file)
    settings.AUDIT_CHECKPOINTS = str(tmp_path / "checkpoints.jsonl")
    return key


def test_checkpoints_are_appended_to_a_file(cast, audit_key, settings):
    for _ in range(2):
        request_token(cast.bram)
        jobs.keep_checkpoint()
    with Path(settings.AUDIT_CHECKPOINTS).open() as lines:
        known = checkpoints.heads(lines, key=audit_key.public_key())
    assert [company for company, _sequence in known] == ["acme", "acme"]


def test_checkpoints_go_to_standard_output_where_that_is_asked(cast, audit_key, settings, capsys):
    settings.AUDIT_CHECKPOINTS = "-"
    request_token(cast.bram)
    jobs.keep_checkpoint()
    printed = capsys.readouterr().out
    assert checkpoints.heads(printed.splitlines(), key=audit_key.public_key())


def test_without_a_key_there_are_no_checkpoints(cast, settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = str(tmp_path / "checkpoints.jsonl")
    jobs.keep_checkpoint()
    assert not list(tmp_path.iterdir())


def test_with_a_key_that_is_none_no_job_begins(audit_key, settings, tmp_path):
    settings.AUDIT_KEY_FILE = str(tmp_path / "nothing.key")
    with pytest.raises(CommandError, match=r"AUDIT_KEY_FILE: .*nothing\.key cannot be read"):
        call_command("run_jobs", "--once")


def test_reminders_are_put_into_the_outbox(cast, monkeypatch):
    assert cast.vera
    assert cast.ana
    request_token(cast.bram)
    Token.objects.update(requested_at=timezone.now() - timedelta(days=91))
    jobs.remind()
    assert Message.objects.filter(kind=Kind.TOKENS_UNUSED).count() == 1
    assert not Message.objects.filter(kind=Kind.AUTHORITY_ENDS).exists()
    monkeypatch.setattr(grants, "ANNOUNCED_BEFORE", timedelta(days=366))
    for _ in range(2):
        jobs.remind()
    assert Message.objects.filter(kind=Kind.AUTHORITY_ENDS).count() == 1
    assert Message.objects.filter(kind=Kind.TOKENS_UNUSED).count() == 1


def test_mails_are_forgotten_after_a_while(cast):
    assert cast.ana
    assert cast.bram
    Message.objects.filter(invitation__email=cast.ana.email).update(
        created_at=timezone.now() - timedelta(days=41)
    )
    jobs.forget_messages()
    assert [m.recipient.email for m in Message.objects.all()] == [cast.bram.email]


def test_sessions_that_have_ended_are_forgotten(registry):
    for name, hours in (("ended", -1), ("going on", 1)):
        ends = timezone.now() + timedelta(hours=hours)
        Session.objects.create(session_key=name, session_data="", expire_date=ends)
    call_command("run_jobs", "--once")
    assert [session.pk for session in Session.objects.all()] == ["going on"]


def test_once_does_everything_once(registry):
    call_command("run_jobs", "--once")
    assert Sighting.objects.get(name="registry").seen["answers"] is False


def test_a_job_that_fails_is_logged_and_the_others_go_on(caplog):
    done = []

    def fail():
        raise RuntimeError("oops")

    run_jobs._try(jobs.Job("bad", 1, fail))
    run_jobs._try(jobs.Job("good", 1, lambda: done.append("good")))
    assert done == ["good"]
    assert "the job bad failed" in caplog.text


def test_a_job_apart_keeps_no_other_and_is_kept_by_none(monkeypatch):
    """As when the mail server hangs. Neither would end if one waited for the other."""
    meeting, handlers = threading.Barrier(2), {}

    def meet():
        meeting.wait(10)
        handlers[signal.SIGTERM](signal.SIGTERM, None)

    both = (jobs.Job("mails", 60, meet, apart=True), jobs.Job("gauges", 60, meet))
    monkeypatch.setattr(run_jobs, "JOBS", both)
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    call_command("run_jobs")
    assert not meeting.broken


def catches(process_id, number):
    """Whether the process has said by now what it does on a signal: see proc(5)."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return bool(int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16) >> number - 1 & 1)


def test_sigterm_ends_it(stack):
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "run_jobs"], env=stack.environment
    )
    try:
        wait_until(lambda: catches(process.pid, signal.SIGTERM), told=lambda: "it does not begin")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
