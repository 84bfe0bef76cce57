"""Does a running portal refuse what was revoked, though its database is from before that?"""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from tests import postgres, stack
from tests.stack import Credential, Session, Stack

# Of a company, which stands and falls with its tokens.
ACME, GLOBEX = "bram@acme.example", "farid@globex.example"
VERA = "vera@thinkwise.example"


def heard(portal: Stack, credential: Credential) -> tuple[int, str]:
    """What the realm answers, and the sentence with which it refuses."""
    answer = requests.get(
        f"{portal.portal}/auth/token",
        auth=(credential.username, credential.secret),
        timeout=10,
    )
    errors = answer.json().get("errors", [])
    sentence = errors[0]["message"] if errors else ""
    # Each start is on a port of its own.
    return answer.status_code, sentence.replace(portal.portal, "the portal")


def revoke_several(person: Session, chosen: list[Credential]) -> None:
    form = stack.PostedForm.of(person.get("/audit/tokens/").text).fields
    fields = form | {"confirmed": "yes", "token": [token.username for token in chosen]}
    assert person.send("/tokens/revoke/", fields).ok


@contextmanager
def started(var_dir: Path, settings: dict[str, str]) -> Iterator[Stack]:
    """A portal, for the first time or once more."""
    var_dir.mkdir(exist_ok=True)
    (var_dir / "demo.json").unlink(missing_ok=True)
    with stack.running(var_dir, **settings) as portal:
        yield portal


@pytest.fixture
def settings() -> Iterator[dict[str, str]]:
    """The same keys and the same database for each start."""
    with ExitStack() as ends:
        own = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "DEMO_KEY")}
        if url := os.environ.get("DATABASE_URL"):
            own["DATABASE_URL"] = ends.enter_context(postgres.database_beside(url))
        yield own


@pytest.mark.slow
def test_revoked_tokens_stay_dead_after_a_restore(tmp_path: Path, settings: dict[str, str]) -> None:
    file = tmp_path / "before.backup"
    with started(tmp_path / "portal", settings) as portal:
        bram, farid, vera = (portal.sign_in(email) for email in (ACME, GLOBEX, VERA))
        kept, one, several, suspended = (bram.request_token() for _ in range(4))
        theirs = farid.request_token()
        assert portal.manage("backup", str(file)).returncode == 0
        bram.revoke(one.username)
        later = bram.request_token()
        revoke_several(bram, [several, later])
        vera.post(f"/tokens/{suspended.username}/suspend/", reason="Looked into")
        vera.post("/companies/globex/suspend/", reason="Not paid for")
        before = {each: heard(portal, each) for each in (kept, one, several, suspended, theirs)}
        assert [status for status, _sentence in before.values()] == [200, 401, 401, 401, 401]
    restored = portal.manage("restore", "--replace", str(file))
    assert restored.returncode == 0, restored.stderr
    with started(tmp_path / "portal", settings) as portal:
        assert {each: heard(portal, each) for each in before} == before
        # Requested after the back-up, it is nobody's.
        assert "wrong username or secret" in heard(portal, later)[1]
        # No session goes on, though its cookie is the same.
        assert "/accounts/login/" in again(portal, bram).url


def again(portal: Stack, person: Session) -> requests.Response:
    """The page that somebody gets with the cookies of before."""
    cookies = {cookie.name: str(cookie.value) for cookie in person._browser.cookies}
    return requests.get(f"{portal.portal}/tokens/", cookies=cookies, timeout=10)


@pytest.mark.slow
def test_a_start_alone_does_it_where_the_database_was_put_back_by_hand(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    settings.pop("DATABASE_URL", None)  # a file is put back as a file
    var_dir = tmp_path / "portal"
    with started(var_dir, settings) as portal:
        token = portal.sign_in(ACME).request_token()
        assert portal.manage("backup", str(tmp_path / "before")).returncode == 0
        portal.sign_in(ACME).revoke(token.username)
        before = heard(portal, token)
    for ending in ("-wal", "-shm"):
        (var_dir / f"portal.sqlite3{ending}").unlink(missing_ok=True)
    (tmp_path / "before").replace(var_dir / "portal.sqlite3")
    with started(var_dir, settings) as portal:
        assert before[0] == 401
        assert heard(portal, token) == before
