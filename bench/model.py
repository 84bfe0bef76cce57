"""How long do requests take that queue for the same few servers? A simulation, event by event.

A station is a number of servers, such as the cores of a machine, with one queue. A request visits
stations one after the other, and holds a server at each for a time that varies around a mean.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple


class Visit(NamedTuple):
    """What a request needs at a station: the mean, in seconds."""

    station: str
    seconds: float


@dataclass(frozen=True)
class Client:
    """Asks ``rounds`` times, one after the other, with a pause before each but the first."""

    begins_at: float = 0.0
    rounds: int = 1
    pause: Callable[[random.Random], float] = lambda _: 0.0


class Answer(NamedTuple):
    begun: float
    seconds: float


@dataclass
class _Station:
    free: int
    queue: deque["_Request"] = field(default_factory=deque)
    busy: float = 0.0  # seconds, summed over its servers


@dataclass
class _Request:
    client: Client
    left: int
    begun: float
    step: int = 0


class Simulation:
    """
    Args:
        stations: how many servers each has.
        path: what each request visits, in order.
        variation: the standard deviation of a visit's time, in means.
        disorder: how often a server that is free takes anybody who waits, and not who came first.
    """

    def __init__(
        self,
        stations: dict[str, int],
        path: list[Visit],
        *,
        variation: float,
        disorder: float = 0,
        seed: int = 1,
    ) -> None:
        self.answers: list[Answer] = []
        self.now = 0.0
        self._sizes = stations
        self._stations = {name: _Station(servers) for name, servers in stations.items()}
        self._path = path
        self._shape = 1 / variation**2
        self._disorder = disorder
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def run(self, clients: Iterable[Client], *, until: float = float("inf")) -> "Simulation":
        """Plays until all is answered, or that time has come."""
        for client in clients:
            self._begin_at(client.begins_at, client, client.rounds)
        while self._events and self._events[0][0] <= until:
            self.now, _, happens = heapq.heappop(self._events)
            happens()
        return self

    def utilization(self, station: str) -> float:
        """The part of the time that its servers were busy."""
        return self._stations[station].busy / (self.now * self._sizes[station])

    def _at(self, time: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._order), happens))

    def _begin_at(self, time: float, client: Client, rounds: int) -> None:
        self._at(time, lambda: self._arrive(_Request(client, rounds, time)))

    def _arrive(self, request: _Request) -> None:
        station = self._stations[self._path[request.step].station]
        if station.free:
            station.free -= 1
            self._serve(request, station)
        else:
            station.queue.append(request)

    def _serve(self, request: _Request, station: _Station) -> None:
        mean = self._path[request.step].seconds
        seconds = self._random.gammavariate(self._shape, mean / self._shape)
        station.busy += seconds
        self._at(self.now + seconds, lambda: self._leave(request, station))

    def _leave(self, request: _Request, station: _Station) -> None:
        if station.queue:
            self._serve(self._next(station.queue), station)
        else:
            station.free += 1
        request.step += 1
        if request.step < len(self._path):
            self._arrive(request)
        else:
            self._answer(request)

    def _next(self, queue: deque[_Request]) -> _Request:
        is_first = self._random.random() >= self._disorder
        place = 0 if is_first else self._random.randrange(len(queue))
        chosen = queue[place]
        del queue[place]
        return chosen

    def _answer(self, request: _Request) -> None:
        self.answers.append(Answer(request.begun, self.now - request.begun))
        if request.left > 1:
            client = request.client
            pause = client.pause(self._random)
            self._begin_at(self.now + pause, client, request.left - 1)


def quantile(values: Iterable[float], part: float) -> float:
    """The smallest value that at least that part of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(part * 1000) // 1000) - 1)]
