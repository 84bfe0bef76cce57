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
        FEW: Figures(2535, 5.3, 24.0),
        MANY: Figures(2960, 61.8, 395.3),
        CALM: Figures(281, 1.1, 4.6),
    },
)
POSTGRESQL = Store(
    "PostgreSQL, 1,000,000 tokens",
    {
        FEW: Figures(1689, 8.8, 27.1),
        MANY: Figures(1823, 105.6, 186.8),
        CALM: Figures(281, 1.5, 5.0),
    },
)
# Beside a million tokens, so that nothing but the work of a request differs.
SMALLER = (
    (Store("SQLite, 1,000 tokens", {FEW: Figures(3173, 4.3, 16.6)}), SQLITE),
    (Store("PostgreSQL, 1,000 tokens", {FEW: Figures(1937, 7.5, 21.6)}), POSTGRESQL),
)


class Fit(NamedTuple):
    """The parameters of a model.

    Args:
        demand: seconds of a core that a request takes, the load's own share included.
        variation: the standard deviation of that, in means.
        disorder: see ``bench.model.Simulation``.
        overhead: seconds that an answer takes beside that, however little there is to do.
    """

    demand: float
    variation: float
    disorder: float = 0
    overhead: float = 0


@cache
def fitted(store: Store) -> Fit:
    """The throughput gives the demand, a calm hour the variation, a saturated one the disorder."""
    few, calm = store.figures[FEW], store.figures[CALM]
    demand = CORES / few.per_second
    fit = min((Fit(demand, v) for v in VARIATIONS), key=lambda fit: abs(_p99(CALM, fit) - calm.p99))
    choices = [fit._replace(disorder=disorder) for disorder in DISORDERS]
    fit = min(choices, key=lambda fit: abs(_p99(FEW, fit) - few.p99))
    overhead = max(0, calm.p50 - played(CALM, fit).p50) / 1000
    return fit._replace(overhead=overhead)


def _p99(load: Load, fit: Fit) -> float:
    return played(load, fit).p99


def played(load: Load, fit: Fit) -> Figures:
    """What the model makes of a load."""
    seconds = 15 if load.pace else 5

    def pause(chance: random.Random) -> float:
        return chance.uniform(0, 2 * load.connections / load.pace) if load.pace else 0

    begins = random.Random(2)
    clients = [Client(begins.uniform(0, WARM_UP), NEVER, pause) for _ in range(load.connections)]
    simulation = Simulation(
        {"cores": CORES, "elsewhere": load.connections},
        [Visit("cores", fit.demand), Visit("elsewhere", fit.overhead)][: 2 if fit.overhead else 1],
        variation=fit.variation,
        disorder=fit.disorder,
    )
    simulation.run(clients, until=WARM_UP + seconds)
    times = [1000 * answer.seconds for answer in simulation.answers if answer.begun > WARM_UP]
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
