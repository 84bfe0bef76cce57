"""Several people at once, at the very same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
WITHIN = 120  # seconds


def together(deeds: Sequence[Callable[[], Result]]) -> list[Result]:
    """Does all of them, each in a thread of its own that waits for the last to be ready."""
    gate = threading.Barrier(len(deeds))

    def after_the_gate(deed: Callable[[], Result]) -> Result:
        gate.wait(WITHIN)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as crowd:
        waiting = [crowd.submit(after_the_gate, deed) for deed in deeds]
        return [one.result(WITHIN) for one in waiting]
