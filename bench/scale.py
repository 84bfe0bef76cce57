"""What saturates first, with how many machines? ``python -m bench.scale`` prints it.

First the model of bench/fit.py beside what was measured, then what it makes of more machines than
can be measured here. docs/scale.md has these tables; what is assumed about machines stands here.
"""

import sys
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from bench import fit
from bench.model import Client, Simulation, Visit, quantile

# Seconds of a processor that a request takes at each layer: as `python -m bench.layers` printed it.
REALM = {"proxy": 0.00070, "portal": 0.00103, "PostgreSQL": 0.00018}
MANIFEST = {"proxy": 0.00028, "registry": 0.00186}
TOLD = {"portal": 0.00103, "PostgreSQL": 0.00010}  # a pull, by the registry
LAYERS = ("proxy", "portal", "PostgreSQL", "registry")

DAY = 86_400  # seconds
ASKS = 24  # grants that a machine asks for in a day: one an hour
CHECKED = 2  # manifests that it asks for with each: HEAD, then GET
CHANGED = 1  # images of a day that it has not yet
IMAGE_BITS = 8 * 200e6  # of the layers of such an image that it lacks
REFERENCES = 5  # different images that it asks for in a day: a row of pulls each
PEAK = 10  # times the average: the busiest minutes of a day
MOST = 0.6  # of its processors that a layer may use in them

NODES = 1000  # that start again, as after an outage of power
WITHIN = 30  # seconds
IMAGES = 20  # that each then pulls, one after the other
FETCHES = 2  # seconds that the layers of each take


class Place(NamedTuple):
    """A deployment: how many processors each layer has; one host has one number for all."""

    name: str
    machines: int
    cores: dict[str, int]


ONE_HOST = Place("one host", 1_000, dict.fromkeys(("host",), 2))
REPLICAS = Place(
    "three replicas", 100_000, {"proxy": 4, "portal": 3, "PostgreSQL": 4, "registry": 3}
)
REGIONS = Place(
    "all regions", 10_000_000, {"proxy": 64, "portal": 104, "PostgreSQL": 32, "registry": 192}
)

PLACES = (ONE_HOST, REPLICAS, REGIONS)
SIZES = [place.machines for place in PLACES]


def asked(machines: int) -> float:
    """Grants a second in the busiest minutes."""
    return machines * ASKS * PEAK / DAY


def demand(layer: str) -> float:
    """Seconds of a processor that a layer spends on a grant and all that follows from it."""
    follows = CHECKED * MANIFEST.get(layer, 0) + TOLD.get(layer, 0)
    return REALM.get(layer, 0) + follows


def processors(layer: str, machines: int) -> float:
    """How many are busy at a layer in the busiest minutes."""
    return asked(machines) * demand(layer)


def gigabits(machines: int) -> float:
    """A second, of layers, in the busiest minutes."""
    return machines * CHANGED * IMAGE_BITS * PEAK / DAY / 1e9


def rows_of_pulls(machines: int) -> float:
    """Millions a day."""
    return machines * REFERENCES / 1e6


def first_full(place: Place) -> tuple[str, float]:
    """The layer that is first at ``MOST`` of its processors, and with how many machines."""
    if "host" in place.cores:
        return "host", place.cores["host"] * MOST / sum(processors(name, 1) for name in LAYERS)
    return min(
        ((name, cores * MOST / processors(name, 1)) for name, cores in place.cores.items()),
        key=lambda pair: pair[1],
    )


def path(place: Place, *layers: dict[str, float]) -> list[Visit]:
    """What is asked one after the other, and where."""
    visits = [(name, seconds) for costs in layers for name, seconds in costs.items()]
    shared = "host" in place.cores
    return [Visit("host" if shared else name, seconds) for name, seconds in visits]


class Seen(NamedTuple):
    """Milliseconds to an answer, and the part of its processors that the busiest layer used."""

    p50: float
    p99: float
    longest: float
    busiest: str
    used: float
    until: float  # seconds to the last answer


def at_peak(place: Place, model: fit.Fit) -> Seen:
    """The realm in the busiest minutes, with all that follows from its grants in between."""
    chance, answers = Random(3), 20_000
    each = answers / asked(place.machines)
    visits = path(place, REALM, *[MANIFEST] * CHECKED, TOLD)
    clients = [Client(chance.uniform(0, each)) for _ in range(answers)]
    return _seen(place, visits, clients, model)


def storm(place: Place, model: fit.Fit) -> Seen:
    """Nodes that start again at once, as a kubelet pulls: one image after the other."""
    chance = Random(4)
    visits = path(place, REALM, *[MANIFEST] * CHECKED, TOLD)

    def pause(random: Random) -> float:
        return random.expovariate(1 / FETCHES)

    clients = [Client(chance.uniform(0, WITHIN), IMAGES, pause) for _ in range(NODES)]
    return _seen(place, visits, clients, model)


def _seen(place: Place, visits: list[Visit], clients: list[Client], model: fit.Fit) -> Seen:
    simulation = Simulation(
        place.cores, visits, variation=model.variation, disorder=model.disorder
    ).run(clients)
    times = [1000 * answer.seconds for answer in simulation.answers]
    used = {name: simulation.utilization(name) for name in place.cores}
    busiest = max(used, key=lambda name: used[name])
    figures = quantile(times, 0.5), quantile(times, 0.99), max(times)
    return Seen(*figures, busiest, used[busiest], simulation.now)


Row = tuple[str, ...]
FIGURES = {"per_second": "answers a second", "p50": "p50, ms", "p99": "p99, ms"}


def table(head: Row, rows: Iterator[Row]) -> Iterator[str]:
    """In Markdown, as docs/scale.md has it."""
    for row in (head, ("---",) * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def fits() -> Iterator[str]:
    def row(check: fit.Check) -> Row:
        load = f"{check.load.connections} connections"
        load += f", {check.load.pace:.0f} a second" if check.load.pace else ""
        off = f"{check.deviation:+.0%}{' (fitted)' if check.was_fitted else ''}"
        return (
            check.store,
            load,
            FIGURES[check.figure],
            _short(check.measured),
            _short(check.modelled),
            off,
        )

    head = ("store", "load", "figure", "measured", "model", "off by")
    yield from table(head, map(row, fit.checks()))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def busy() -> Iterator[str]:
    """How many processors are busy in the busiest minutes, and how much is sent."""

    def row(machines: int) -> Row:
        costs = (f"{processors(layer, machines):.2f}" for layer in LAYERS)
        sent, kept = f"{gigabits(machines):,.1f}", f"{rows_of_pulls(machines):,.3f}"
        return f"{machines:,}", f"{asked(machines):,.1f}", *costs, sent, kept

    head = (
        "machines",
        "grants a second",
        *LAYERS,
        "Gbit/s of layers",
        "million rows of pulls a day",
    )
    yield from table(head, map(row, SIZES))


def full() -> Iterator[str]:
    """Which layer is full first, and with how many machines."""

    def row(place: Place) -> Row:
        cores = ", ".join(f"{name} {count}" for name, count in place.cores.items())
        layer, machines = first_full(place)
        return place.name, cores, layer, f"{machines:,.0f}"

    head = ("deployment", "processors", f"first at {MOST:.0%}", "with machines")
    yield from table(head, map(row, PLACES))


def waits(model: fit.Fit) -> Iterator[str]:
    """What a grant and the manifests that follow take, at a peak and in a storm."""

    def rows() -> Iterator[Row]:
        for place in PLACES:
            yield _row(
                place, f"busiest minutes of {place.machines:,} machines", at_peak(place, model)
            )
        for place in PLACES[:2]:
            yield _row(place, f"{NODES:,} nodes start again", storm(place, model))

    yield from table(
        (
            "deployment",
            "load",
            "p50 ms",
            "p99 ms",
            "longest ms",
            "busiest layer",
            "last answer after",
        ),
        rows(),
    )


def _row(place: Place, load: str, seen: Seen) -> Row:
    times = f"{seen.p50:,.0f}", f"{seen.p99:,.0f}", f"{seen.longest:,.0f}"
    return place.name, load, *times, f"{seen.busiest} {seen.used:.0%}", f"{seen.until:,.0f} s"


def main() -> int:
    model = fit.fitted(fit.POSTGRESQL)
    for lines in (fits(), busy(), full(), waits(model)):
        print("\n".join(lines), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
