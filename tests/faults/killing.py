"""``kill -9`` and power cuts at random moments, and orderly ends under load."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from tests.faults.history import Attempt, History
from tests.faults.outcome import Outcome
from tests.faults.people import Office
from tests.faults.place import HASTY, Place
from tests.faults.server import Server
from tests.real.programs import wait_until

WORKERS = 3
SYNC = 0.02  # seconds: a spinning disk, on which deeds take long enough to be hit
STILL_READY = 2  # workers, when the next one is killed
EVERY = 20  # kills, one is of the master alone and one of all processes
AT_WORK = 2  # deeds that are done before the next kill
LATELY = 100  # deeds, of which one says how long a deed takes
BEFORE_A_CUT = (0.5, 2.0)  # seconds of work
BEFORE_AN_END = 1.0  # seconds
FORKED = {"FAULTS_FORKED": "1"}
NO_KILL = -1


class Kill(NamedTuple):
    """When which processes were killed at once, or lost their master."""

    at: float
    pids: set[int]


def kills(place: Place, times: int, *, asks_after: int = 0) -> Outcome:
    """Kills a worker, the master or all of them, while people are at work."""
    kills = []
    with place.serving(workers=WORKERS, settings=FORKED) as server:
        with place.hardware.slow(SYNC), Office(place.stack, place.sessions) as office:
            for number in range(times):
                _wait_for_a_random_moment(server, office.history)
                kills.append(_strike(server, number))
        violations = place.judge(server, office.history, asks_after=asks_after)
    in_transaction, committed = _hits(kills, server, office.history)
    notes = [f"{in_transaction} kills hit before COMMIT, {committed} between COMMIT and answer"]
    in_between = in_transaction + committed
    return Outcome("kill -9", place.name, times, office.history, violations, in_between, notes)


def _wait_for_a_random_moment(server: Server, history: History) -> None:
    """Once people are at work again, anywhere within a deed: as long as one of them took."""
    before = len(_done(history))
    wait_until(
        lambda: len(server.ready()) >= STILL_READY and len(_done(history)) >= before + AT_WORK,
        told=lambda: "nothing is done any more",
    )
    one = random.choice(_done(history)[-LATELY:])
    time.sleep(random.uniform(0, one.answered_at - one.sent_at))


def _done(history: History) -> list[Attempt]:
    return [attempt for attempt in history.attempts if attempt.done]


def _strike(server: Server, number: int) -> Kill:
    everybody, at = set(server.pids()), time.monotonic()
    if number % EVERY == EVERY - 1:
        server.kill()
        server.start()
        return Kill(at, everybody)
    if number % EVERY == EVERY // 2:
        server.kill_master()
        server.start()
        return Kill(at, everybody)
    victim = random.choice(server.ready())
    server.kill_worker(victim)
    return Kill(time.monotonic(), {victim})


def _hits(kills: list[Kill], server: Server, history: History) -> tuple[int, int]:
    """How many kills hit a deed between BEGIN and COMMIT, and between COMMIT and its answer.

    The process had noted that the deed's transaction had begun, it was the next that was killed
    under its id, and the deed was never answered.
    """
    unanswered = {str(each.number): each.sent_at for each in history.attempts if not each.status}
    begun: dict[int, bool] = {}  # whether COMMIT came in time as well, by the kill
    committed = {number for number, what, _pid in server.notes() if what == "committed"}
    for number, what, pid in server.notes():
        if number in unanswered and what == "begun":
            kill = _next(kills, int(pid), after=unanswered[number])
            begun[kill] = begun.get(kill, True) and number in committed
    begun.pop(NO_KILL, None)
    return len(begun) - sum(begun.values()), sum(begun.values())


def _next(kills: list[Kill], pid: int, *, after: float) -> int:
    numbers = (n for n, kill in enumerate(kills) if kill.at > after and pid in kill.pids)
    return next(numbers, NO_KILL)


def power_cut(place: Place, *, hasty: bool = False) -> Outcome:
    """Kills everything at a random moment, and loses what was not synced.

    Args:
        hasty: the database does not wait for the disk, which must be seen.
    """
    settings = HASTY if hasty else {}
    place.hardware.keep()
    with place.serving(settings=settings) as server:
        with Office(place.stack, place.sessions) as office:
            time.sleep(random.uniform(*BEFORE_A_CUT))
            server.kill()
            office.leave()
        place.hardware.cut_power()
        violations = place.judge(server, office.history)
    name = "power cut, synchronous=NORMAL (control)" if hasty else "power cut"
    return Outcome(name, place.name, 1, office.history, violations, must_lose=hasty)


def orderly_ends(place: Place, times: int) -> Outcome:
    """SIGTERM under load, and a start at once."""

    def end(server: Server) -> None:
        server.stop()
        server.start()

    return _under_load(place, "SIGTERM under load", times, end)


def rolling_restarts(place: Place, times: int) -> Outcome:
    """SIGHUP under load: new workers take over from the old ones."""
    return _under_load(place, "rolling restart", times, Server.reload)


def _under_load(place: Place, name: str, times: int, end: Callable[[Server], None]) -> Outcome:
    with place.serving() as server:
        with Office(place.stack, place.sessions) as office:
            for _ in range(times):
                time.sleep(BEFORE_AN_END)
                end(server)
        violations = place.judge(server, office.history)
    cut_off = _cut_off(server, office.history)
    return Outcome(name, place.name, times, office.history, violations, cut_off)


def _cut_off(server: Server, history: History) -> int:
    """How many deeds had begun and were not answered."""
    unanswered = {str(each.number) for each in history.attempts if not each.was_answered}
    return len(unanswered & {number for number, what, _pid in server.notes() if what == "begun"})
