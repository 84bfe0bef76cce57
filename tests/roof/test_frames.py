"""Do calls at the border of a chunk of frames cost as little as others?"""

import resource
from collections.abc import Callable

import pytest

from portal.frames import SLOTS, with_room

CALLS = 1_000
DEPTHS = range(200)  # frames of these fill more than one chunk of CPython's


def leaf() -> int:
    a = b = c = d = 0
    return a + b + c + d


def calls() -> None:
    for _ in range(CALLS):
        leaf()


def at(depth: int) -> None:
    """Calls so many frames further up."""
    if depth:
        at(depth - 1)
    else:
        calls()


def most_memory_taken(run: Callable[[int], None]) -> int:
    """How often the system had to give a page of memory, at the worst of the depths."""

    def taken(depth: int) -> int:
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        run(depth)
        return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before

    return max(map(taken, DEPTHS))


def test_with_room_no_call_takes_memory_anew() -> None:
    assert most_memory_taken(with_room(at)) < CALLS / 10


def test_without_it_each_call_at_a_border_does() -> None:
    """Where this fails, Python keeps a chunk by itself, and the module has done its work."""
    assert most_memory_taken(at) >= CALLS


def test_what_is_given_answered_and_raised_passes() -> None:
    assert with_room(divmod)(7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        with_room(divmod)(1, 0)


def test_pages_have_room() -> None:
    # Imported late: Django's handler looks for the static files, which the tests collect first.
    from portal import wsgi

    assert wsgi._people.__code__.co_stacksize == SLOTS  # type: ignore[attr-defined]
