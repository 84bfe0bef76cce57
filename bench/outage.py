"""How long do machines wait for a database that is stopped? ``python -m bench.outage``."""

import sys
import tempfile
import time
from pathlib import Path

from tests import postgres
from tests.crowd import MACHINES, Answer, Crowd
from tests.stack import running

AWAY = 5  # seconds
GIVEN_UP_AFTER = 60  # seconds


def main() -> int:
    if postgres.programs() is None:
        print("The database is not stopped: no PostgreSQL is installed.")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="portal-outage-"))
    with (
        postgres.serving() as server,
        running(folder, DATABASE_URL=server.url) as stack,
        Crowd(stack.portal, stack.sign_in().request_token()) as crowd,
    ):
        time.sleep(2)
        server.stop()
        stopped = time.monotonic()
        time.sleep(AWAY)
        started = time.monotonic()
        server.start()
        back = time.monotonic()
        while crowd.statuses(since=time.monotonic() - 0.5) != {200}:
            assert time.monotonic() < back + GIVEN_UP_AFTER, "machines are still refused"
            time.sleep(0.1)
    _say(crowd.between(stopped, started), last=crowd.last_refusal() - back)
    return 0


def _say(away: list[Answer], *, last: float) -> None:
    statuses = sorted({answer.status for answer in away})
    longest = max(answer.seconds for answer in away)
    print(
        f"PostgreSQL stopped under {MACHINES} machines: {len(away):,} answers, all {statuses}, the"
        f" longest {longest * 1000:.0f} ms; the last refusal {last:.1f} s after it was back"
    )


if __name__ == "__main__":
    sys.exit(main())
