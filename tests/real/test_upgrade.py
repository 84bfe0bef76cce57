"""Does the release before serve people and machines on a database that this one has migrated?"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests import postgres, stack
from tests.installation import Installation
from tests.stack import ROOT, Credential, Stack

WITHIN = 60  # seconds


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=WITHIN
    )
    return done.stdout.strip()


def release_before() -> str:
    """The newest tag, or where there is none yet, what was there before the newest migration."""
    if tags := git("tag", "--list", "v*", "--merged", "HEAD~", "--sort=-version:refname"):
        return tags.splitlines()[0]
    newest = max((ROOT / "tokens" / "migrations").glob("0*.py")).relative_to(ROOT)
    by_whichever_merge = ("--first-parent", "-m", "--diff-filter=A", "--format=%H")
    added = git("log", "-1", *by_whichever_merge, "--", str(newest))
    return git("rev-parse", "--verify", "--quiet", f"{added}^") if added else ""


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Path]:
    """The release before, in a folder of its own."""
    commit = release_before()
    if not commit:
        pytest.skip("git: this clone has no history to take the release before from")
    folder = tmp_path / "before"
    git("worktree", "add", "--detach", str(folder), commit)
    yield folder
    git("worktree", "remove", "--force", str(folder))


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database with all the migrations of this release."""
    with ExitStack() as ends:
        url = f"sqlite:///{tmp_path}/portal.sqlite3"
        if server := os.environ.get("DATABASE_URL"):
            url = ends.enter_context(postgres.database_beside(server))
        Installation(tmp_path / "migrating", DATABASE_URL=url).succeed("migrate", "--verbosity=0")
        yield url


def asked(portal: Stack, token: Credential) -> int:
    credential = (token.username, token.secret)
    return requests.get(f"{portal.portal}/auth/token", auth=credential, timeout=10).status_code


@pytest.mark.slow
def test_it_requests_describes_and_revokes(code: Path, url: str, tmp_path: Path) -> None:
    var_dir = tmp_path / "portal"
    var_dir.mkdir()
    with stack.running(var_dir, root=code, DATABASE_URL=url) as portal:
        assert requests.get(f"{portal.portal}/readyz", timeout=10).ok
        bram = portal.sign_in("bram@acme.example")
        token = bram.request_token()
        assert asked(portal, token) == 200
        bram.post(
            f"/tokens/{token.username}/describe/", description="Described by the release before"
        )
        assert "Described by the release before" in bram.get(f"/tokens/{token.username}/").text
        bram.revoke(token.username)
        assert asked(portal, token) == 401
        for path in ("/tokens/", "/images/", "/audit/", "/audit/tokens/", "/people/"):
            assert bram.get(path).ok, path
    # And this release goes on with what that one left.
    (var_dir / "demo.json").unlink()
    with stack.running(var_dir, DATABASE_URL=url) as portal:
        assert asked(portal, token) == 401
        assert portal.manage("verify_events").returncode == 0
