"""Which model of the realm says what was measured?

Four of the figures of a store choose its four parameters; the others show how far off the model is
where nobody told it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from bench.model import Client, Simulation, Visit, quantile

CORES = 2  # of the machine that was measured on, which gunicorn, PostgreSQL and the load share
NEVER = 10**9  # more rounds than any simulation plays
WARM_UP = 1.0  # seconds that are not counted
VARIATIONS = [tenths / 10 for tenths in range(3, 16)]
DISORDERS = [hundredths / 100 for hundredths in range(0, 101, 5)]


class Load(NamedTuple):
    """How many connections ask; as fast as they are answered, or so often a second."""

    connections: int
    pace: float = 0


class Figures(NamedTuple):
    """Answers a second, and milliseconds to half of them and to all but one in a hundred."""

    per_second: float
    p50: float
    p99: float


FEW, MANY, CALM = Load(16), Load(200), Load(200, pace=300)


@dataclass(frozen=True)
class Store:
    """What `make bench` printed of the realm on a database."""

    name: str
    figures: dict[Load, Figures] = field(hash=False)


SQLITE = Store(
    "SQLite, 1,000,000 tokens",
    {
        FEW: Figures(3184, 4.4, 14.9),
        MANY: Figures(3367, 57.6, 148.0),
        CALM: Figures(299, 1.2, 5.1),
    },
)
POSTGRESQL = Store(
    "PostgreSQL, 1,000,000 tokens",
    {
        FEW: Figures(2180, 6.8, 20.4),
        MANY: Figures(1971, 96.1, 186.1),
        CALM: Figures(284, 1.3, 5.1),
    },
)
# Beside a million tokens, so that nothing but the work of a request differs.
SMALLER = (
    (Store("SQLite, 1,000 tokens", {FEW: Figures(3651, 3.9, 11.8)}), SQLITE),
    (Store("PostgreSQL, 1,000 tokens", {FEW: Figures(2418, 6.2, 14.0)}), POSTGRESQL),
)


class Fit(NamedTuple):
    """The parameters of a model.

    Args:
        demand: seconds of a core that a request takes, the load's own share included.
        variation: the standard deviation of that, in means.
        disorder: see ``bench.model.Simulation``.
        overhead: seconds that an answer takes beside that, always as many.
    """

    demand: float
    variation: float
    disorder: float = 0
    overhead: float = 0


@cache
def fitted(store: Store) -> Fit:
    """The throughput gives the demand, a calm hour the variation, a saturated one the disorder.

    The overhead shifts all of a calm hour alike, so the variation is read from how far it spreads.
    """
    few, calm = store.figures[FEW], store.figures[CALM]
    demand = CORES / few.per_second
    varied = [Fit(demand, variation) for variation in VARIATIONS]
    fit = min(varied, key=lambda fit: abs(_spread(played(CALM, fit)) - _spread(calm)))
    choices = [fit._replace(disorder=disorder) for disorder in DISORDERS]
    fit = min(choices, key=lambda fit: abs(played(FEW, fit).p99 - few.p99))
    overhead = max(0, calm.p50 - played(CALM, fit).p50) / 1000
    return fit._replace(overhead=overhead)


def _spread(figures: Figures) -> float:
    return figures.p99 - figures.p50


def played(load: Load, fit: Fit) -> Figures:
    """What the model makes of a load."""
    seconds = 15 if load.pace else 5

    def pause(chance: random.Random) -> float:
        rest = chance.uniform(0, 2 * load.connections / load.pace) if load.pace else 0
        return fit.overhead + rest

    begins = random.Random(2)
    clients = [Client(begins.uniform(0, WARM_UP), NEVER, pause) for _ in range(load.connections)]
    simulation = Simulation(
        {"cores": CORES},
        [Visit("cores", fit.demand)],
        variation=fit.variation,
        disorder=fit.disorder,
    )
    simulation.run(clients, until=WARM_UP + seconds)
    times = [
        1000 * (answer.seconds + fit.overhead)
        for answer in simulation.answers
        if answer.begun > WARM_UP
    ]
    return Figures(len(times) / seconds, quantile(times, 0.5), quantile(times, 0.99))


class Check(NamedTuple):
    """A figure as it was measured, and as the model has it."""

    store: str
    load: Load
    figure: str
    measured: float
    modelled: float
    was_fitted: bool

    @property
    def deviation(self) -> float:
        return self.modelled / self.measured - 1


FITTED = {(FEW, "per_second"), (FEW, "p99"), (CALM, "p50"), (CALM, "p99")}


@cache
def checks() -> list[Check]:
    """Every figure that was measured beside the model's."""
    found = []
    for store in (SQLITE, POSTGRESQL):
        found += _checks(store, fitted(store), FITTED)
    for store, larger in SMALLER:
        demand = CORES / store.figures[FEW].per_second
        fit = fitted(larger)._replace(demand=demand)
        found += _checks(store, fit, {(FEW, "per_second")})
    return found


def _checks(store: Store, fit: Fit, told: set[tuple[Load, str]]) -> Iterator[Check]:
    for load, figures in store.figures.items():
        modelled = played(load, fit)
        for figure in Figures._fields:
            pair = getattr(figures, figure), getattr(modelled, figure)
            yield Check(store.name, load, figure, *pair, (load, figure) in told)
