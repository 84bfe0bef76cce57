"""What do pages of a large company cost beside a small one's? ``python -m bench.screens --help``.

One person of each asks for the same pages in turn, over HTTP and one at a time, round after round.
A figure is the median of the rounds, a ratio the median of the ratios within the rounds.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

import requests

from bench import servers

MOST = 1.5  # times the small company's
SMALL = (500, 5_000)  # tokens and events: enough to fill each page
PAGES = {
    "tokens, first page": "/tokens/",
    "tokens, in the middle": "/tokens/?before={token}",
    "tokens, a search with one result": "/tokens/?q={word}",
    "tokens, a search without a result": "/tokens/?q=nowhere",
    "tokens, a search with many results": "/tokens/?q=cluster",
    "tokens, never used": "/tokens/?status=unused",
    "tokens, revoked": "/tokens/?status=revoked",
    "tokens, of one person": "/tokens/?person={person}",
    "a token": "/tokens/{token}/",
    "audit, first page": "/audit/",
    "audit, in the middle": "/audit/?before={event}",
    "audit, of one person": "/audit/?person={person}",
    "audit, one event of a kind": "/audit/?kind={kind}",
    "audit, of one token": "/audit/?token={token}",
    "audit, from one address": "/audit/?address=203.0.113.7",
    "audit, until a day": "/audit/?until={day}",
    "inventory, first page": "/audit/tokens/",
    "inventory, in the middle": "/audit/tokens/?before={token}",
}


class Plan(NamedTuple):
    rounds: int
    large: tuple[int, int]  # tokens and events


QUICK, WHOLE = Plan(5, (10_000, 50_000)), Plan(21, (100_000, 1_000_000))


class Visitor:
    """An admin of a company who is signed in."""

    def __init__(self, portal: str, file: Path) -> None:
        self._portal = portal
        self._facts = json.loads(file.read_text())
        self._browser = requests.Session()
        self._browser.cookies.set("session", self._facts["session"])

    def seconds(self, path: str) -> float:
        """How long a page takes."""
        begun = time.perf_counter()
        answer = self.page(path)
        seconds = time.perf_counter() - begun
        assert answer.status_code == 200, f"{answer.url}: {answer.status_code}"
        return seconds

    def page(self, path: str) -> requests.Response:
        return self._browser.get(self._portal + path.format(**self._facts), timeout=60)


@dataclass
class Row:
    """What a page took in each round, in seconds."""

    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(large / small for small, large in zip(self.small, self.large, strict=True))


def main() -> int:
    plan = _plan()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        for name, settings in servers.databases():
            store = Path(folder) / name
            store.mkdir()
            _measure(name, plan, store, servers.environment(store, **settings))
    return 0


def _plan() -> Plan:
    parser = argparse.ArgumentParser(description="Measures large companies beside small ones.")
    parser.add_argument("--quick", action="store_true", help="with fewer rows, and rougher")
    return QUICK if parser.parse_args().quick else WHOLE


def _measure(name: str, plan: Plan, store: Path, environment: dict[str, str]) -> None:
    sizes = {"small": SMALL, "large": plan.large}
    servers.call("bench.company.fill", sizes, str(store), env=environment)
    rows = {page: Row() for page in PAGES}
    with servers.serving("portal.gunicorn", env=environment, log=store / "log") as portal:
        small, large = Visitor(portal, store / "small"), Visitor(portal, store / "large")
        for number in range(-1, plan.rounds):
            for page, path in PAGES.items():
                pair = small.seconds(path), large.seconds(path)
                if number >= 0:  # the first is to warm up
                    rows[page].small.append(pair[0])
                    rows[page].large.append(pair[1])
    _say(name, plan, rows)
    print()
    for slug, (_tokens, events) in sizes.items():
        told = servers.call("bench.company.take_home", slug, env=environment)
        print(f"{name}, {events:,} events: {told}")


def _say(name: str, plan: Plan, rows: dict[str, Row]) -> None:
    tokens, events = plan.large
    print(f"\n{name}, {tokens:,} tokens and {events:,} events; medians of {plan.rounds} rounds.")
    print(f"To reach: at most {MOST:.2f}.\n\n{'':40}{'small ms':>10}{'large ms':>10}{'ratio':>8}")
    for page, row in rows.items():
        times = f"{median(row.small) * 1000:10.1f}{median(row.large) * 1000:10.1f}"
        print(f"{page:40}{times}{row.ratio:8.2f}")


if __name__ == "__main__":
    sys.exit(main())
