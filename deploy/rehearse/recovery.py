"""Does a back-up bring a deployment back, and no token that was revoked since?"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import requests
from commands import (
    BACK_UP,
    KEEP_AUTHORITY,
    KEEP_JOURNAL,
    PUT_BACK,
    RESTORE,
    START,
    STOP,
)
from customer import ANA, PORTAL
from host import HOST, IMAGE, REALM, Row, clients, compose, say, shell, until_ready

from tests.real.clients import Skopeo
from tests.stack import Credential, Session

# What a new host does not have; it gets certificates by itself, and images from the pipeline.
LOST = ("database", "portal", "revocations", "registry-configuration")
AS_IT_WAS, REVOKED, UNKNOWN = "200", "401 revoked", "401 unknown"
TO_REACH = f"{AS_IT_WAS}, {REVOKED}, {UNKNOWN}"


class Tokens(NamedTuple):
    """One that a back-up has and that stays, and two that a restore must not bring back."""

    kept: Credential
    revoked: Credential
    later: Credential


def recovered() -> Iterator[Row]:
    yield from put_back("a back-up is restored", lost=False)
    yield from put_back("a lost host is made anew", lost=True)


def put_back(name: str, *, lost: bool) -> Iterator[Row]:
    say(f"A token is revoked and another requested after a back-up, and {name}")
    tokens = change_after_backing_up()
    shell(KEEP_JOURNAL, KEEP_AUTHORITY)
    seconds = away(lost=lost)
    yield Row(f"nobody is served while {name}", "120 s", f"{seconds:.0f} s", seconds <= 120)
    seen = ", ".join(map(answered, tokens))
    what = "    log-ins: before it, revoked since, requested since"
    yield Row(what, TO_REACH, seen, seen == TO_REACH)
    (client,) = clients(tokens.kept, [Skopeo])
    pulled = client.pull(IMAGE)
    yield Row("    status of a pull with the first", "0", str(pulled.status), pulled.succeeded)
    verified = compose("exec", "-T", "jobs", "python", "manage.py", "verify_events")
    proved = verified.partition(":")[0]
    yield Row("    the audit trail", "whole", proved, proved.endswith("whole"))


def change_after_backing_up() -> Tokens:
    person = Session(PORTAL, ANA)
    kept, doomed = person.request_token(), person.request_token()
    shell(BACK_UP)
    person.revoke(doomed.username)
    return Tokens(kept, doomed, later=person.request_token())


def away(*, lost: bool) -> float:
    """For how long nobody serves while what was kept is put back."""
    begun = time.monotonic()
    shell(STOP)
    if lost:
        lose()
        shell(*PUT_BACK)
    say(shell(RESTORE).strip())
    shell(START)
    until_ready()
    return time.monotonic() - begun


def lose() -> None:
    """What lay on the host's disk."""
    compose("down")
    for volume in LOST:
        shell(f"docker volume rm {HOST.name}_{volume}")


def answered(token: Credential) -> str:
    """The realm's status, and what it says of the token."""
    basic = (token.username, token.secret)
    answer = requests.get(f"{REALM}/auth/token", auth=basic, timeout=10)
    if answer.ok:
        return str(answer.status_code)
    return f"{answer.status_code} {'revoked' if 'revoked' in answer.text else 'unknown'}"
