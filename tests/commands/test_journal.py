"""What becomes of a revocation when the process is killed within it? docs/adr/0015 has a table."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.installation import Installation, installed

PREPARE = """
from tests.factories import Cast, request_token
answer = request_token(Cast().bram).token.username
"""
# Killed at a moment of the first line (0) or of the second (1), as by a power failure.
REVOKE = """
import json, os, signal
from tokens import journal
from tokens.actions import tokens
from tokens.models import CONSOLE, Token

moment, number = {moment!r}, {number}
append, calls = journal.append, []

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dying(folder, lines):
    lines, calls[:] = list(lines), calls + [1]
    is_it = len(calls) == number + 1
    if is_it and moment == "before":
        die()
    if is_it and moment == "within":
        (folder / "cut.jsonl").write_text(json.dumps(lines[0])[:-9])
        die()
    append(folder, lines)
    if is_it and moment == "after":
        die()

journal.append = dying
tokens.revoke(Token.objects.get(), by=CONSOLE)
"""
STATE = """
from tokens.models import Event, Token
answer = [Token.objects.get().status, Event.objects.filter(action="token.revoked").count()]
"""
REPLAY = """
from tokens.management import replaying
replaying.replay()
"""
LIVE, REVOKED = ["live", 0], ["revoked", 1]


class Portal(NamedTuple):
    """A portal with a token, and a back-up of it."""

    itself: Installation
    backup: Path
    username: str

    def kill(self, moment: str, number: int) -> None:
        """Begins to revoke the token."""
        code = REVOKE.format(moment=moment, number=number)
        assert self.itself.manage("shell", "--verbosity=0", "-c", code).returncode == -9

    def state(self) -> list[object]:
        state: list[object] = self.itself.do(STATE)
        return state

    def restore(self) -> str:
        return self.itself.succeed("restore", "--replace", str(self.backup))


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("journal")
    with installed(folder / "portal") as itself:
        username = itself.do(PREPARE)
        itself.succeed("backup", str(folder / "backup"))
        yield Portal(itself, folder / "backup", username)


@pytest.fixture
def portal(installation: Portal) -> Portal:
    """As it was before anything was revoked."""
    for file in (installation.itself.folder / "revocations").iterdir():
        file.unlink()
    installation.restore()
    return installation


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_killed_before_the_commit_nothing_happened_and_nothing_ever_will(
    portal: Portal, moment: str
) -> None:
    portal.kill(moment, 0)
    assert portal.state() == LIVE
    portal.itself.do(REPLAY)
    assert portal.state() == LIVE
    said = portal.restore()
    assert portal.state() == LIVE
    named = f"perhaps never done: token.revoked {portal.username}"
    assert (named in said) is (moment == "after")
    assert ("garbled, and left out: cut.jsonl, line 1" in said) is (moment == "within")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_killed_after_the_commit_it_is_revoked_for_good_once_a_process_has_started(
    portal: Portal, moment: str
) -> None:
    portal.kill(moment, 1)
    assert portal.state() == REVOKED
    portal.itself.do(REPLAY)
    assert portal.state() == REVOKED
    portal.restore()
    assert portal.state() == REVOKED


@pytest.mark.slow
def test_what_nobody_was_told_and_no_start_has_seen_is_named_by_restore(portal: Portal) -> None:
    portal.kill("before", 1)
    assert portal.state() == REVOKED
    said = portal.restore()
    assert f"perhaps never done: token.revoked {portal.username}" in said
    assert portal.state() == LIVE


@pytest.mark.slow
def test_a_journal_that_was_lost_in_part_gives_back_no_more_than_it_held(portal: Portal) -> None:
    """An answered revocation is one line and its confirmation; each alone does nothing."""
    portal.kill("after", 1)
    (file,) = (portal.itself.folder / "revocations").iterdir()
    entry, confirmation = file.read_text().splitlines()
    assert json.loads(confirmation) == {"committed": [json.loads(entry)["hash"]]}
    file.write_text(f"{confirmation}\n")
    portal.restore()
    assert portal.state() == LIVE
    file.write_text(f"{entry}\n{confirmation}\n")
    portal.itself.do(REPLAY)
    assert portal.state() == REVOKED
