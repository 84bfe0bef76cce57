"""Is a back-up put back as a whole, or not at all, and is what was revoked since revoked again?"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.commands.test_backup import FILL, ROWS
from tests.installation import Installation, installed

WITH_WAITING_MAILS = (
    FILL
    + """
from django.utils import timezone
from tokens.models import Message
Message.objects.all().update(next_attempt_at=None, sent_at=timezone.now())
Message.objects.put("token_requested", cast.bram, about={"token": 1})
answer = [token.username for token in tokens]
"""
)
REVOKE = """
from tests.factories import make_person, request_token
from tokens.actions import companies, people, tokens
from tokens.models import CONSOLE, Company, Token, User
one, other = Token.objects.filter(company__slug="acme").order_by("pk")
later = request_token(User.objects.get(email="bram@acme.example")).token
tokens.revoke(one, by=CONSOLE, reason="It leaked")
tokens.revoke(later, by=CONSOLE)
tokens.suspend(other, by=CONSOLE)
companies.suspend(Company.objects.get(slug="globex"), by=CONSOLE)
people.deactivate(User.objects.get(email="bram@acme.example"), by=CONSOLE)
"""
STATE = """
from django.contrib.sessions.models import Session
from tokens.models import Company, Event, Message, Token, User
answer = {
    "tokens": [token.status for token in Token.objects.order_by("pk")],
    "globex": Company.objects.get(slug="globex").is_active,
    "bram": User.objects.get(email="bram@acme.example").is_active,
    "sessions": Session.objects.count(),
    "waiting": Message.objects.exclude(next_attempt_at=None).count(),
    "last": [e.plain_sentence for e in Event.objects.filter(action="company.restored")],
}
"""
SIGN_IN = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
in_an_hour = timezone.now() + timedelta(hours=1)
Session.objects.create(session_key="the key of a session", session_data="", expire_date=in_an_hour)
"""
APPLIED = """
from django.db.migrations.recorder import MigrationRecorder
from django.db import connection
MigrationRecorder(connection).record_applied("{}", "{}")
"""


class Prepared(NamedTuple):
    """A portal with people and tokens, and a back-up of it."""

    portal: Installation
    file: Path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("restore")
    with installed(folder / "portal") as portal:
        portal.do(WITH_WAITING_MAILS)
        portal.succeed("backup", str(folder / "file"))
        yield Prepared(portal, folder / "file")


@pytest.fixture
def file(prepared: Prepared) -> Path:
    return prepared.file


@pytest.fixture
def portal(prepared: Prepared) -> Installation:
    """With nothing in its journal yet, and with the data of the back-up or of an earlier test."""
    for journal in (prepared.portal.folder / "revocations").iterdir():
        journal.unlink()
    return prepared.portal


@pytest.fixture
def as_it_was(portal: Installation, file: Path) -> None:
    """Whatever earlier tests did to it."""
    portal.succeed("restore", "--replace", str(file))


@pytest.mark.usefixtures("as_it_was")
def test_what_was_taken_away_since_is_taken_away_again(portal: Installation, file: Path) -> None:
    portal.do(REVOKE)
    said = portal.succeed("restore", "--replace", str(file))
    state = portal.do(STATE)
    assert state["tokens"] == ["revoked", "suspended", "live"]
    assert (state["globex"], state["bram"]) == (False, False)
    # No mail is sent twice.
    assert (state["sessions"], state["waiting"]) == (0, 0)
    assert len(state["last"]) == 2
    assert all("console restored a back-up" in sentence for sentence in state["last"])
    for figure in (
        *("2 companies, 3 people, 3 tokens, 11 events, until ", "1 revoked tokens"),
        *("1 suspended tokens", "1 suspended companies", "1 deactivated people"),
        *("1 tokens of the journal are not here", "1 mails that waited"),
        "17 events hold, whole",
    ):
        assert figure in said, said
    # And it may be lost once more.
    again = portal.succeed("restore", "--replace", str(file))
    assert "1 revoked tokens" in again
    assert portal.do(STATE)["tokens"] == ["revoked", "suspended", "live"]


@pytest.mark.usefixtures("as_it_was")
def test_what_was_restored_by_other_means_is_completed(portal: Installation, file: Path) -> None:
    portal.do(REVOKE)
    portal.succeed("restore", "--replace", str(file))
    portal.do(SIGN_IN)
    said = portal.succeed("restore", "--loaded")
    assert "0 revoked tokens of the journal are so again" in said
    assert "1 sessions have ended" in said
    state = portal.do(STATE)
    assert state["tokens"] == ["revoked", "suspended", "live"]
    assert state["sessions"] == 0


def test_no_session_is_in_a_back_up(portal: Installation, tmp_path: Path) -> None:
    portal.do(SIGN_IN)
    portal.succeed("backup", str(tmp_path / "file"))
    assert b"the key of a session" not in (tmp_path / "file").read_bytes()
    said = portal.succeed("restore", "--replace", str(tmp_path / "file"))
    assert "0 sessions have ended" in said


@pytest.mark.usefixtures("as_it_was")
def test_what_is_not_empty_is_not_lost_unless_that_is_said(
    portal: Installation, file: Path
) -> None:
    before = portal.do(ROWS)
    assert "the database is not empty" in portal.refused("restore", str(file))
    assert portal.do(ROWS) == before


@pytest.mark.usefixtures("as_it_was")
def test_where_nothing_is_replayed_the_journal_of_another_place_is_missing(
    portal: Installation, file: Path
) -> None:
    """The folder is what does it: without it the token would live."""
    portal.do(REVOKE)
    shutil.rmtree(portal.folder / "revocations")  # made anew by whatever starts next
    portal.succeed("restore", "--replace", str(file))
    assert portal.do(STATE)["tokens"] == ["live", "live", "live"]


def test_a_back_up_of_an_older_release_is_brought_up_to_this_one(
    portal: Installation, tmp_path: Path
) -> None:
    with installed(tmp_path / "older", migrate=False) as older:
        older.succeed("migrate", "tokens", "0011", "--verbosity=0")
        older.do(APPLIED.format("account", "0001_of_which_there_is_no_file_any_more"))
        older.succeed("backup", str(tmp_path / "older.backup"))
    portal.succeed("restore", "--replace", str(tmp_path / "older.backup"))
    assert "[ ]" not in portal.succeed("showmigrations", "--plan")


def test_one_of_a_newer_release_is_refused(
    portal: Installation, file: Path, tmp_path: Path
) -> None:
    portal.do(APPLIED.format("tokens", "9999_future"))
    portal.succeed("backup", str(tmp_path / "newer"))
    before = portal.do(ROWS)
    line = portal.refused("restore", "--replace", str(tmp_path / "newer"))
    assert "made by a newer release, with 9999_future: upgrade first" in line
    assert portal.do(ROWS) == before


def test_a_file_that_is_no_back_up_is_refused_and_nothing_is_changed(
    portal: Installation, file: Path, tmp_path: Path
) -> None:
    data = file.read_bytes()
    half = len(data) // 2
    is_ours = data.startswith(b"PGDMP")
    damaged = {
        "cut": data[:half],
        "changed": data[:half] + bytes(len(data) - half),
        "text": b"This is none.",
        "empty": b"",
        "of another database": b"SQLite format 3\0" if is_ours else b"PGDMP" + data,
    }
    before = portal.do(ROWS)
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        assert portal.refused("restore", "--replace", str(tmp_path / name)), name
    assert "cannot be read" in portal.refused("restore", "--replace", str(tmp_path / "nowhere"))
    assert portal.do(ROWS) == before


def test_a_file_or_none_is_named(portal: Installation, tmp_path: Path) -> None:
    for arguments in ([], ["--loaded", str(tmp_path / "file")]):
        assert portal.refused("restore", *arguments) == "name either a file or --loaded"


@pytest.mark.usefixtures("as_it_was")
def test_a_trail_that_was_tampered_with_is_told(
    portal: Installation, file: Path, tmp_path: Path
) -> None:
    portal.do(
        """
from tests.tampering import without_triggers
without_triggers("UPDATE tokens_event SET actor_name = 'X' WHERE company = 'acme' AND sequence = 2")
"""
    )
    portal.succeed("backup", str(tmp_path / "tampered"))
    line = portal.refused("restore", "--replace", str(tmp_path / "tampered"))
    assert "the trail is broken at line 2: event 2 of acme was changed" in line


@pytest.mark.usefixtures("as_it_was")
def test_checkpoints_that_know_more_begin_anew(portal: Installation, file: Path) -> None:
    """Those of events that are lost would be contradicted by those from now on."""
    key = portal.folder / "audit.key"
    portal.do(
        f"""
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
Path({str(key)!r}).write_bytes(pem)
"""
    )
    portal.environment["AUDIT_KEY_FILE"] = str(key)
    checkpoint = "from tokens.management.jobs import keep_checkpoint; keep_checkpoint()"
    checkpoints = portal.folder / "checkpoints.jsonl"
    portal.do(checkpoint)
    kept = checkpoints.read_text()
    # Nothing is missing, and they go on.
    assert "begin anew" not in portal.succeed("restore", "--loaded")
    assert checkpoints.read_text() == kept
    portal.do(REVOKE)
    portal.do(checkpoint)
    said = portal.succeed("restore", "--replace", str(file))
    assert re.search(r"7 events of acme are missing", said), said
    (aside,) = portal.folder.glob("checkpoints.jsonl.until-*")
    assert len(aside.read_text().splitlines()) == 2
    portal.do(checkpoint)
    verified = portal.manage("verify_events", "--checkpoints", str(checkpoints))
    assert verified.returncode == 0, verified.stdout
    assert json.loads(checkpoints.read_text())["heads"]


def test_a_database_that_is_in_use_is_not_replaced(portal: Installation, file: Path) -> None:
    before = portal.do(ROWS)
    said = portal.do(
        f"""
import subprocess, sys
from django.db import transaction
from tokens.models import Company
with transaction.atomic():
    list(Company.objects.select_for_update())
    done = subprocess.run(
        [sys.executable, "manage.py", "restore", "--replace", {str(file)!r}],
        capture_output=True, text=True,
    )
answer = done.stderr
"""
    )
    assert "stop the portal and the jobs first" in said
    assert portal.do(ROWS) == before
