"""Does the checker see each violation? It is fed histories that a broken portal would leave."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.history import Ask, Attempt, Deed, History
from tests.faults.invariants import Found, Row, Violation, check
from tokens import trail

SECRET = "twc_" + "x" * 36
LAPTOP, SERVER = "acme-laptop22", "acme-server22"


def event(action: str, username: str, **details: str) -> dict[str, Any]:
    return {"company": "acme", "action": action, "object": {"id": username}, "details": details}


def sealed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events as a chain that holds."""
    previous, chain = trail.GENESIS, []
    for sequence, each in enumerate(events, start=1):
        facts = each | {"sequence": sequence}
        own = trail.seal(previous, facts)
        chain.append(facts | {"previous": previous, "hash": own})
        previous = own
    return chain


def a_day() -> History:
    """Two tokens are requested and used; one is described, tried again after no answer, revoked."""
    return History(
        [
            Attempt(1, Deed.REQUEST, 1, "n1", LAPTOP, "Laptop", 2, 200, True, SECRET),
            Attempt(2, Deed.REQUEST, 3, "n2", description="Server"),
            Attempt(3, Deed.REQUEST, 4, "n2", SERVER, "Server", 5, 200, True, SECRET[::-1]),
            Attempt(4, Deed.DESCRIBE, 6, "", LAPTOP, "Old laptop", 7, 503),
            Attempt(5, Deed.DESCRIBE, 8, "", LAPTOP, "Old laptop", 9, 302, True),
            Attempt(6, Deed.REVOKE, 20, "", LAPTOP, "", 21, 302, True),
        ],
        [
            Ask(LAPTOP, 10, 11, 200),
            Ask(SERVER, 10, 11, 200),
            Ask(SERVER, 12, 13, 503),
            Ask(LAPTOP, 20.5, 22, 200),  # it began before the revocation was answered
            Ask(LAPTOP, 23, 24, 401),
        ],
    )


def its_traces() -> Found:
    """What the day left in the database."""
    return Found(
        [
            Row("acme", LAPTOP, "n1", "Old laptop", is_revoked=True),
            Row("acme", SERVER, "n2", "Server", is_revoked=False),
        ],
        sealed(
            [
                event("token.requested", LAPTOP),
                event("token.requested", SERVER),
                event("token.described", LAPTOP, before="Laptop", after="Old laptop"),
                event("token.revoked", LAPTOP),
            ]
        ),
        leaks=[],
    )


def without(found: Found, position: int) -> Found:
    """The same without one event, in a chain that holds."""
    events = found.events[:position] + found.events[position + 1 :]
    return dataclasses.replace(found, events=_sealed_anew(events))


def beside(found: Found, *events: dict[str, Any]) -> Found:
    return dataclasses.replace(found, events=_sealed_anew([*found.events, *events]))


def _sealed_anew(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    chain = ("sequence", "previous", "hash")
    return sealed([{k: v for k, v in each.items() if k not in chain} for each in events])


def with_rows(found: Found, *rows: Row) -> Found:
    return dataclasses.replace(found, tokens=list(rows))


def test_a_day_on_which_everything_held_has_no_violations() -> None:
    assert check(a_day(), its_traces()) == []


def lost_request(found: Found) -> Found:
    """Row and event: the transaction was answered and is not there."""
    return with_rows(without(found, 1), found.tokens[0])


def lost_revocation(found: Found) -> Found:
    laptop, server = found.tokens
    return with_rows(without(found, 3), dataclasses.replace(laptop, is_revoked=False), server)


def lost_description(found: Found) -> Found:
    laptop, server = found.tokens
    return with_rows(without(found, 2), dataclasses.replace(laptop, description="Laptop"), server)


def token_without_event(found: Found) -> Found:
    return with_rows(found, *found.tokens, Row("acme", "acme-extra222", "n3", "x", False))


def event_without_token(found: Found) -> Found:
    return beside(found, event("token.requested", "acme-extra222"))


def deed_with_two_events(found: Found) -> Found:
    return beside(found, event("token.revoked", LAPTOP))


def revoked_without_event(found: Found) -> Found:
    laptop, server = found.tokens
    return with_rows(found, laptop, dataclasses.replace(server, is_revoked=True))


def changed_without_event(found: Found) -> Found:
    laptop, server = found.tokens
    return with_rows(found, dataclasses.replace(laptop, description="Other"), server)


def changed_in_between(found: Found) -> Found:
    """The next description does not replace the last one."""
    later = event("token.described", LAPTOP, before="Unknown", after="Older laptop")
    laptop, server = found.tokens
    return with_rows(
        beside(found, later), dataclasses.replace(laptop, description="Older laptop"), server
    )


def described_twice(found: Found) -> Found:
    return beside(
        found,
        event("token.described", LAPTOP, before="Old laptop", after="x"),
        event("token.described", LAPTOP, before="x", after="Old laptop"),
    )


def two_tokens_for_a_nonce(found: Found) -> Found:
    twin = Row("acme", "acme-twin2222", "n2", "Server", is_revoked=False)
    return beside(with_rows(found, *found.tokens, twin), event("token.requested", twin.username))


def broken_chain(found: Found) -> Found:
    changed = found.events[1] | {"object": {"id": SERVER, "name": "another"}}
    return dataclasses.replace(found, events=[found.events[0], changed, *found.events[2:]])


def secret_in_a_file(found: Found) -> Found:
    return dataclasses.replace(found, leaks=["log/portal.log"])


@pytest.mark.parametrize(
    ("breaks", "invariant"),
    [
        (lost_request, "I1"),
        (lost_revocation, "I1"),
        (lost_description, "I1"),
        (token_without_event, "I2"),
        (event_without_token, "I2"),
        (deed_with_two_events, "I2"),
        (revoked_without_event, "I2"),
        (changed_without_event, "I2"),
        (changed_in_between, "I2"),
        (described_twice, "I2"),
        (two_tokens_for_a_nonce, "I3"),
        (broken_chain, "I4"),
        (secret_in_a_file, "I7"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_is_wrong_in_the_database_is_seen(
    breaks: Callable[[Found], Found], invariant: str
) -> None:
    assert invariants(check(a_day(), breaks(its_traces()))) == {invariant}


def test_two_tokens_that_are_told_for_one_nonce_are_seen() -> None:
    history = a_day()
    history.attempts.append(
        Attempt(7, Deed.REQUEST, 30, "n2", LAPTOP, "Server", 31, 200, done=True)
    )
    assert invariants(check(history, its_traces())) == {"I3"}


def test_a_secret_that_is_shown_twice_is_seen() -> None:
    history = a_day()
    again = dataclasses.replace(history.attempts[2], number=7, sent_at=30, answered_at=31)
    history.attempts.append(again)
    assert invariants(check(history, its_traces())) == {"I3"}


def test_a_nonce_that_is_answered_again_without_a_secret_is_fine() -> None:
    history = a_day()
    history.attempts.append(
        Attempt(7, Deed.REQUEST, 30, "n2", SERVER, "Server", 31, 200, done=True)
    )
    assert check(history, its_traces()) == []


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_shown_secret_that_is_refused_is_seen(status: int) -> None:
    history = a_day()
    history.asks.append(Ask(SERVER, 30, 31, status))
    assert "I5" in invariants(check(history, its_traces()))


def test_a_shown_secret_that_nobody_saw_work_is_seen() -> None:
    history = a_day()
    history.asks = [ask for ask in history.asks if ask.username != SERVER]
    assert invariants(check(history, its_traces())) == {"I5"}


def test_a_revoked_token_that_is_granted_is_seen() -> None:
    history = a_day()
    history.asks.append(Ask(LAPTOP, 21.5, 22, 200))
    assert invariants(check(history, its_traces())) == {"I6"}


@pytest.mark.parametrize("status", [403, 404, 500, 302])
def test_an_answer_that_is_not_documented_is_seen(status: int) -> None:
    history = a_day()
    history.attempts.append(Attempt(7, Deed.REVOKE, 30, "", SERVER, "", 31, status))
    assert invariants(check(history, its_traces())) == {"answers"}


def test_a_realm_that_breaks_is_seen() -> None:
    history = a_day()
    history.asks.append(Ask("acme-nobody22", 30, 31, 500))
    assert invariants(check(history, its_traces())) == {"answers"}


def invariants(violations: list[Violation]) -> set[str]:
    return {violation.invariant for violation in violations}
