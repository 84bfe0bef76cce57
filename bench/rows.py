"""What does the list cost beside a bare table of the same rows? ``python -m bench.rows``."""

import sys
import tempfile
from pathlib import Path

from bench import servers

ROUNDS = 101
MOST, MOST_MS = 2.0, 25
SIZE = (500, 500)  # tokens and events


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        environment = servers.environment(Path(name))
        servers.call("bench.company.fill", {"acme": SIZE}, name, env=environment)
        file = str(Path(name) / "acme")
        told = servers.call("bench.bare_rows.measure", file, ROUNDS, env=environment)
    page, bare, ratio = told.split()
    print(
        f"A list of 50 rows takes {page} ms, a bare table of them {bare} ms: {ratio} times as long;"
        f" medians of {ROUNDS} rounds. To reach: at most {MOST} times, below {MOST_MS} ms."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
