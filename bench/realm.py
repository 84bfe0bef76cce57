"""How fast is the realm beside a view that only signs? ``python -m bench.realm --help``.

All servers run at once and are asked in turn, for a short while each, round after round: what else
the machine does meets all of them alike. Figures are medians of the rounds, and a ratio is the
median of the ratios within the rounds.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench import client, report, servers, stores
from bench.cases import Case, ask
from bench.load import Answers
from tests import postgres

FEW = 1000
SHARED = 50  # connections that work, beside as many that fail
CROWD = 200  # connections
CALM = 300  # requests a second
SETTLES = 0.7  # seconds in which a server writes the uses that it has noted
STEP = 7919  # how many credentials further on each round begins


class Plan(NamedTuple):
    rounds: int
    seconds: int
    crowd_seconds: int
    many: int


QUICK, WHOLE = Plan(5, 1, 2, 10_000), Plan(21, 1, 5, 1_000_000)


class Cases(NamedTuple):
    """The view that only signs; realms with few and with many tokens in turn; refusals."""

    bare: Case
    realms: list[Case]
    refusals: list[Case]

    def all(self) -> list[Case]:
        return [self.bare, *self.realms, *self.refusals]


def main() -> int:
    plan = _plan()
    with running(plan.many) as cases:
        for case in cases.all():
            case.check()
            ask(case.load(1))  # to warm up
        for number in range(plan.rounds):
            for case in cases.all():
                case.rounds.append(ask(case.load(plan.seconds, offset=number * STEP)))
                time.sleep(SETTLES)
        report.rounds(cases.all(), beside=cases.bare)
        report.growth(cases.realms)
        report.crowd_title(CROWD)
        for realm in cases.realms[1::2]:
            crowd = realm.load(plan.crowd_seconds, connections=CROWD)
            report.crowd(f"{realm.name}, all they can", ask(crowd))
            report.crowd(f"{realm.name}, {CALM} a second", client.ask(crowd, per_second=CALM))
        report.shared(*_share(cases.realms[1], cases.refusals[0], seconds=plan.crowd_seconds))
    return report.failures(cases.all())


def _share(working: Case, failing: Case, *, seconds: int) -> tuple[Answers, Answers]:
    """What clients that work are answered beside as many that fail, all behind one address."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        loads = [case.load(seconds, connections=SHARED) for case in (working, failing)]
        good, bad = pool.map(ask, loads)
    return good, bad


def _plan() -> Plan:
    parser = argparse.ArgumentParser(description="Measures the realm beside what it could be.")
    parser.add_argument("--quick", action="store_true", help="in less than a minute, and rougher")
    parser.add_argument("--tokens", type=int, help="how many are many (1,000,000; 10,000 if quick)")
    options = parser.parse_args()
    plan = QUICK if options.quick else WHOLE
    return plan._replace(many=options.tokens or plan.many)


@contextmanager
def running(many: int) -> Iterator[Cases]:
    """Fills the databases and starts a server on each."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="portal-bench-")))
        filled = _fill(folder, many, ends)
        bare = _serve("signs only, no database", "bench.bare_gunicorn", filled[0], ends)
        realms = [_serve(store.name, "portal.gunicorn", store, ends) for store in filled]
        url, store = realms[1].url, filled[1]
        refusals = [
            Case(f"{store.name}, {kind} secret", url, store.headers(kind), is_refused=True)
            for kind in ("wrong", "malformed")
        ]
        yield Cases(bare, realms, refusals)


def _fill(folder: Path, many: int, ends: ExitStack) -> list[stores.Store]:
    """Databases with few and with many tokens, on SQLite and, where it is, on PostgreSQL."""
    wanted = [(f"SQLite, {count:,} tokens", count, {}) for count in (FEW, many)]
    if postgres.programs() is None:
        print("PostgreSQL is not measured: no server is installed.")
    else:
        server = ends.enter_context(postgres.running())
        for count in (FEW, many):
            url = ends.enter_context(postgres.database_beside(server))
            wanted.append((f"PostgreSQL, {count:,} tokens", count, {"DATABASE_URL": url}))
    with ThreadPoolExecutor(max_workers=2) as pool:
        waiting = [
            pool.submit(stores.fill, name, folder / str(number), count=count, **settings)
            for number, (name, count, settings) in enumerate(wanted)
        ]
    return [filling.result() for filling in waiting]


def _serve(name: str, config: str, store: stores.Store, ends: ExitStack) -> Case:
    log = store.folder / f"{config}.log"
    url = ends.enter_context(servers.serving(config, env=store.environment, log=log))
    return Case(name, url + servers.REALM, store.headers("right"))


if __name__ == "__main__":
    sys.exit(main())
