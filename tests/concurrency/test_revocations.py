"""Does revoking several hold when two do it at once, and single tokens are revoked meanwhile?"""

import re
from functools import partial

import pytest

from tests.concurrency.crowd import together
from tests.concurrency.test_races import events, form_of
from tests.stack import Credential, Session, Stack

TOKENS = 10
ROUNDS = 5


@pytest.fixture(scope="module")
def people(stack: Stack) -> list[Session]:
    return [stack.sign_in(f"{name}@globex.example") for name in ("eva", "farid", "greta")]


def revoke_several(session: Session, tokens: list[Credential]) -> int:
    """Says how many the answer says were revoked."""
    fields = form_of(session, "/audit/tokens/") | {"confirmed": "yes"}
    chosen = [token.username for token in tokens]
    page = session.send("/tokens/revoke/", fields | {"token": chosen}).text
    match = re.search(r"(\d+) tokens? (?:is|are) revoked", page)
    assert match, page
    return int(match[1])


def revoke_one_by_one(session: Session, tokens: list[Credential]) -> int:
    """Says of how many the answers say that they were revoked."""
    fields = form_of(session, "/tokens/request/")
    pages = [session.send(f"/tokens/{token.username}/revoke/", fields).text for token in tokens]
    return sum("is revoked: machines" in page for page in pages)


def test_each_token_is_revoked_once_by_whoever_was_first(
    stack: Stack, people: list[Session]
) -> None:
    eva, farid, greta = people
    for _ in range(ROUNDS):
        tokens = [farid.request_token() for _ in range(TOKENS)]
        before = events(stack)
        done = together(
            [
                partial(revoke_several, eva, tokens),
                partial(revoke_several, farid, tokens[::-1]),
                partial(revoke_one_by_one, greta, tokens[::3]),
            ]
        )
        assert sum(done) == TOKENS
        assert events(stack) == before + TOKENS
