"""What is seen of a deployment while tokens are revoked, and its parts stopped and replaced?

Run by deploy/rehearse/run, once a customer has pulled. Prints a table, and fails where a bound is
missed.
"""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from customer import ANA, PORTAL
from host import (
    GETTING,
    HOST,
    IMAGE,
    KINDS,
    REALM,
    Pulling,
    Row,
    compose,
    containers,
    proxy_repeats_posts,
    run,
    say,
    set_in_env,
    status_of,
    until_ready,
    wait_until,
)
from recovery import recovered

from bench import revocation
from tests.crowd import MACHINES, Answer, Crowd
from tests.real.clients import Client
from tests.stack import Credential, Session

REVOCATIONS = 5
SETTLES = 3  # seconds of load before and after what happens
AWAY = 8  # seconds
REPLICAS = 2
READ_METRICS = (
    "import sys; from urllib.request import Request, urlopen; url, secret = sys.argv[1:];"
    "asked = Request(url, headers={'Authorization': f'Bearer {secret}'});"
    "print(urlopen(asked, timeout=5).read().decode())"
)


def trials() -> Iterator[Row]:
    credential = Session(PORTAL, ANA).request_token()
    yield revoked("as it comes", within=125)
    yield from database_away(credential)
    kinds = those_that_can_wait()
    with under_load(credential, "the only portal is away for a while", kinds) as rows:
        up("--no-deps", "--force-recreate", "portal")
    yield from rows
    with under_load(credential, "deploy/roll replaces the only portal", kinds) as rows:
        run("deploy/roll")
    yield from rows
    set_in_env("REVOCATION_CHECK", "on")
    set_in_env("PORTAL_REPLICAS", str(REPLICAS))
    up()
    yield revoked("REVOCATION_CHECK=on", within=2)
    yield shared(credential)
    for number in (1, 2):
        name = f"deploy/roll replaces {REPLICAS} replicas, {number}"
        with under_load(credential, name, kinds) as rows:
            run("deploy/roll")
        yield from rows
    yield from recovered()


def those_that_can_wait() -> tuple[type[Client], ...]:
    if proxy_repeats_posts():
        return KINDS
    say("Caddy is older than 2.11.2: containerd, which posts, does not pull while portals end")
    return GETTING


def revoked(name: str, *, within: float) -> Row:
    say(f"Revoking {REVOCATIONS} tokens whose grants are in use, {name}")
    person = Session(PORTAL, ANA)
    holders = revocation.at_once(person, realm=REALM, registry=REALM, times=REVOCATIONS)
    longest = max(holder.seconds for holder in holders)
    what = f"registry's last answer after a revocation, {name}"
    return Row(what, f"{within:.0f} s", f"{longest:.1f} s", longest <= within)


def database_away(credential: Credential) -> Iterator[Row]:
    say(f"Stopping PostgreSQL under {MACHINES} machines, and starting it again")
    (database,) = containers("postgres")
    with Crowd(REALM, credential) as crowd:
        time.sleep(SETTLES)
        run("docker", "stop", database)
        stopped = time.monotonic()
        time.sleep(AWAY)
        health = [status_of(f"{PORTAL}/{name}") for name in ("livez", "readyz")]
        started = time.monotonic()
        run("docker", "start", database)
        back = wait_until(lambda: accepts(database), told="PostgreSQL does not start")
        wait_until(
            lambda: crowd.statuses(since=time.monotonic() - 1) == {200},
            told="machines are still refused",
        )
    away, late = crowd.between(stopped, started), crowd.last_refusal() - back
    is_short = max(answer.seconds for answer in away) <= 1
    row = answered("realm while PostgreSQL is stopped", away, only=503)
    yield row._replace(bound="503 only, within 1 s", holds=row.holds and is_short)
    yield Row("/livez and /readyz meanwhile", "200, 503", f"{health}", health == [200, 503])
    yield Row("last refusal after it is back", "5 s", f"{late:.1f} s", late <= 5)


def shared(credential: Credential) -> Row:
    say(f"Logging in with {MACHINES} machines at {REPLICAS} replicas")
    replicas = containers("portal")
    before = [granted(replica) for replica in replicas]
    with Crowd(REALM, credential):
        time.sleep(SETTLES)
    shares = [granted(replica) - was for replica, was in zip(replicas, before, strict=True)]
    parts = [f"{share / sum(shares):.0%}" for share in shares]
    holds = len(replicas) == REPLICAS and min(shares) > sum(shares) / (2 * REPLICAS)
    return Row(
        "share of the log-ins that each replica answers", "over 25%", ", ".join(parts), holds
    )


def granted(replica: str) -> float:
    """How many grants a replica has given."""
    secret = (HOST / "secrets" / "metrics_secret").read_text().strip()
    url = "http://127.0.0.1:8000/metrics"
    text = run("docker", "exec", replica, "python", "-c", READ_METRICS, url, secret)
    counted = re.search(r'^portal_realm_answers_total{outcome="granted"} (.+)$', text, re.MULTILINE)
    return float(counted[1]) if counted else 0


@contextmanager
def under_load(
    credential: Credential, name: str, kinds: Iterable[type[Client]]
) -> Iterator[list[Row]]:
    """Real clients pull, and machines log in, while something happens; gives rows about it."""
    say(f"While {name}: clients pull, and {MACHINES} machines log in")
    rows: list[Row] = []
    with Pulling(credential, IMAGE, kinds) as pulling, Crowd(REALM, credential) as crowd:
        time.sleep(SETTLES)
        yield rows
        time.sleep(SETTLES)
    for pull in pulling.failed:
        last = pull.said.strip().rpartition("\n")[2]
        say(f"{pull.client} failed after {pull.seconds:.1f} s: {last}")
    longest = max(pull.seconds for pull in pulling.pulls)
    seen = f"{len(pulling.failed)} of {len(pulling.pulls)}, the longest {longest:.1f} s"
    is_whole = pulling.each_client_pulled and not pulling.failed
    rows.append(Row(f"failed pulls while {name}", "0", seen, is_whole))
    rows.append(answered("    log-ins meanwhile", crowd.answers, only=200))


def answered(what: str, answers: list[Answer], *, only: int) -> Row:
    statuses = Counter(answer.status for answer in answers)
    counted = [f"{times:,} × {status}" for status, times in sorted(statuses.items())]
    longest = max(answer.seconds for answer in answers)
    seen = ", ".join([*counted, f"the longest {longest:.2f} s"])
    return Row(what, f"{only} only", seen, set(statuses) == {only})


def up(*arguments: str) -> None:
    """What an operator runs after a change, until the portal is there again."""
    compose("up", "--detach", "--no-build", *arguments)
    until_ready()


def accepts(database: str) -> bool:
    asked = ["docker", "exec", database, "pg_isready", "--host=127.0.0.1", "--quiet"]
    return subprocess.run(asked, capture_output=True, timeout=10).returncode == 0


def table(rows: list[Row]) -> str:
    cells = [("", "to reach", "seen", "")]
    cells += [(*row[:3], "" if row.holds else "MISSED") for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
    return "\n".join(lines) + "\n"


def main() -> int:
    rows: list[Row] = []
    try:
        rows.extend(trials())
    finally:
        sys.stdout.write(f"\n{table(rows)}\n")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
