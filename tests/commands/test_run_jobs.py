"""Does run_jobs do what falls due, once where it is told so?"""

import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from tests.stack import ROOT, Stack

WITHIN = 30  # seconds
# Typed into a shell of the running portal.
MAKE = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
Session.objects.create(
    session_key="ended", session_data="", expire_date=timezone.now() - timedelta(hours=1)
)
"""
COUNT = """
from django.contrib.sessions.models import Session
print(Session.objects.filter(session_key="ended").count())
"""


@pytest.fixture
def sessions(db: None) -> dict[str, Session]:
    now = timezone.now()
    return {
        name: Session.objects.create(session_key=name, session_data="", expire_date=now + offset)
        for name, offset in {"ended": -timedelta(hours=1), "going on": timedelta(hours=1)}.items()
    }


def test_sessions_that_have_ended_are_forgotten(sessions: dict[str, Session]) -> None:
    call_command("run_jobs", "--once")
    assert list(Session.objects.all()) == [sessions["going on"]]


def test_it_goes_on_until_it_is_told_to_end(stack: Stack) -> None:
    assert stack.manage("shell", "-c", MAKE).returncode == 0
    jobs = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "run_jobs"], env=stack.environment
    )
    try:
        deadline = time.monotonic() + WITHIN
        while stack.manage("shell", "-c", COUNT).stdout.splitlines()[-1:] != ["0"]:
            assert time.monotonic() < deadline, "the session was not forgotten"
        assert jobs.poll() is None
        jobs.send_signal(signal.SIGTERM)
        assert jobs.wait(WITHIN) == 0
    finally:
        jobs.kill()
        jobs.wait()
