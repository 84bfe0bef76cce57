"""Is each mail sent once when several processes send them, and a deed's only if it is done?"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.post import Post, office
from tests.stack import ROOT

MAILS = 30
WITHIN = 120  # seconds
INVITE = f"""
from tokens.actions.companies import add_company
from tokens.actions.people import invite
from tokens.models import CONSOLE
from tokens.models.accounts import Role
acme = add_company("acme", name="Acme", by=CONSOLE)
for number in range({MAILS}):
    invite(f"p{{number}}@acme.example", company=acme, role=Role.MEMBER, by=CONSOLE)
"""
# Until nothing is due: each process takes some at a time.
SEND = f"""
from tokens.mails.sending import send_due
for _ in range({MAILS}):
    send_due()
"""


@pytest.fixture
def post() -> Iterator[Post]:
    with office() as post:
        yield post


@pytest.fixture
def environment(tmp_path: Path, post: Post) -> Iterator[dict[str, str]]:
    """Of a portal with a database of its own, whose mails go to the tests."""
    own = os.environ | {"VAR_DIR": str(tmp_path), "EMAIL_URL": post.url}
    if url := own.pop("DATABASE_URL", None):
        with postgres.database_beside(url) as beside:
            yield own | {"DATABASE_URL": beside}
    else:
        yield own


def start(environment: dict[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, str(ROOT / "manage.py"), *arguments], env=environment)


def test_several_senders_at_once_send_each_mail_once(
    environment: dict[str, str], post: Post
) -> None:
    for command in (["migrate", "--verbosity=0"], ["shell", "--command", INVITE]):
        assert start(environment, *command).wait(WITHIN) == 0
    senders = [start(environment, "shell", "--command", SEND) for _ in range(3)]
    assert [sender.wait(WITHIN) for sender in senders] == [0, 0, 0]
    expected = Counter(f"p{number}@acme.example" for number in range(MAILS))
    assert Counter(post.recipients()) == expected
