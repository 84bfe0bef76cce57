"""Does everything hold while everything breaks? ``make faults``: on both databases, half an hour.

Prints a table, and each violation. ``python -m tests.faults.run 100`` kills a hundred times.
"""

import sys
import time
from collections.abc import Iterator

from tests import postgres
from tests.faults import breaking, killing
from tests.faults.hardware import compiler
from tests.faults.outcome import Outcome, table, told
from tests.faults.place import Place, on_postgresql, on_sqlite

KILLS = 1000  # of which half on each database
ASKS_AFTER = 5000  # log-ins with revoked tokens, on each database
POWER_CUTS = 10
HASTY_CUTS = 2
ENDS = 10
RESTARTS = 20


def main(kills: int = KILLS) -> int:
    if not compiler():
        print("Nothing breaks on cue here: no C compiler is installed.")
        return 1
    started = time.monotonic()
    outcomes = []
    for outcome in _outcomes(kills):
        outcomes.append(outcome)
        print(f"· {time.monotonic() - started:5.0f} s", *told(outcome), sep="\n  ", flush=True)
    print(f"\n{table(outcomes)}")
    return 1 if any(outcome.is_wrong for outcome in outcomes) else 0


def _outcomes(kills: int) -> Iterator[Outcome]:
    with on_sqlite(is_cut=True) as place:
        yield from _everywhere(place, kills // 2, breaking.ON_SQLITE)
        yield Outcome.of_many([killing.power_cut(place) for _ in range(POWER_CUTS)])
        hasty = [killing.power_cut(place, hasty=True) for _ in range(HASTY_CUTS)]
        yield Outcome.of_many(hasty)
    if postgres.programs() is None:
        print("PostgreSQL is not broken: no server is installed.")
        return
    with on_postgresql() as place:
        yield from _everywhere(place, kills // 2, breaking.ON_POSTGRESQL)


def _everywhere(place: Place, kills: int, faults: tuple[breaking.Fault, ...]) -> Iterator[Outcome]:
    yield killing.kills(place, kills, asks_after=ASKS_AFTER)
    yield killing.orderly_ends(place, ENDS)
    yield killing.rolling_restarts(place, RESTARTS)
    for fault in breaking.EVERYWHERE + faults:
        yield breaking.strike(place, fault)
    yield breaking.silent_neighbours(place)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
