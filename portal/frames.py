"""Room for the frames of a page, in one piece.

CPython keeps the frames of a thread in chunks of 16 kB: a call that does not fit into one takes
another from the system, and gives it back when it returns. Where a template's loop calls at such a
border, a page of 50 rows does so thousands of times and takes up to twice as long; which page does
is decided by how deep its templates are nested. See ``docs/adr/0016-room-for-frames.md``.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# A frame of 160 kB lies in a chunk of 256 kB, and what is called from it in the rest. Of a frame's
# slots only those that are used ever take memory.
SLOTS = 20_000


def with_room(function: Callable[P, T]) -> Callable[P, T]:
    """The function, called from a frame so large that those above it share one chunk."""

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_stacksize=SLOTS)
    return update_wrapper(call, function)
