"""How much time did a program spend on the machine's processors?"""

import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")  # a second


class Process(NamedTuple):
    pid: int
    name: str
    parent: int
    seconds: float  # its own, and of children that it has waited for


def processes() -> list[Process]:
    """All that run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        ticks = sum(map(int, fields[11:15]))
        found.append(Process(int(folder.name), name, int(fields[1]), ticks / TICKS))
    return found


def of_tree(root: int) -> float:
    """The seconds of a process and of all that it has started, by its id."""
    children: dict[int, list[Process]] = defaultdict(list)
    for process in (everything := processes()):
        children[process.parent].append(process)
    total, waiting = 0.0, [process for process in everything if process.pid == root]
    while waiting:
        process = waiting.pop()
        total += process.seconds
        waiting += children[process.pid]
    return total


def child_named(parent: int, *names: str) -> int:
    """The id of the child of a process that runs one of these programs."""
    return next(p.pid for p in processes() if p.parent == parent and p.name in names)
