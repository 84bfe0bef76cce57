"""What does the list cost beside a bare table of the same rows? ``python -m bench.rows``.

One person asks for both in turn, over HTTP: how deep in the stack Python draws a page decides what
a call costs, so they are drawn where gunicorn draws them.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import servers
from bench.screens import Row, Visitor

LIST, BARE = "/tokens/", "/bare/"
SHOWN = 50  # rows
ROUNDS, WARM_UP = 101, 10
MOST, MOST_MS = 2.0, 25
SIZE = (500, 500)  # tokens and events
SETTINGS = {"DJANGO_SETTINGS_MODULE": "bench.rows_settings"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        environment = servers.environment(folder, WEB_CONCURRENCY="1")
        servers.call("bench.company.fill", {"acme": SIZE}, name, env=environment)
        told = {"env": environment | SETTINGS, "log": folder / "log"}
        with servers.serving("portal.gunicorn", **told) as portal:
            visitor = Visitor(portal, folder / "acme")
            for path in (LIST, BARE):
                assert visitor.page(path).text.count("<tr") >= SHOWN, path
            for _ in range(WARM_UP):
                _ask(visitor, Row())
            row = Row()
            for _ in range(ROUNDS):
                _ask(visitor, row)
    print(
        f"A list of 50 rows takes {median(row.large) * 1000:.1f} ms, a bare table of them"
        f" {median(row.small) * 1000:.1f} ms: {row.ratio:.2f} times as long; medians of {ROUNDS}"
        f" rounds. To reach: at most {MOST} times, below {MOST_MS} ms."
    )
    return 0


def _ask(visitor: Visitor, row: Row) -> None:
    row.small.append(visitor.seconds(BARE))
    row.large.append(visitor.seconds(LIST))


if __name__ == "__main__":
    sys.exit(main())
