"""Which access was taken away? Kept outside the database: a restored one cannot give it back.

A folder with a file for each process that wrote. A line is an event as the trail seals it, flushed
to disk before its transaction is committed, or ``{"committed": [hash, …]}``, flushed after that and
before anybody is answered: docs/adr/0015.
"""

import json
import os
import secrets
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

ENDING = ".jsonl"

# Where it is unset, the journal has not been replayed since this process began.
is_replayed = threading.Event()
is_replayed.set()

_writing = threading.Lock()
_own_files: dict[tuple[int, Path], Path] = {}


class Unwritable(Exception):
    """The journal cannot be written, so nothing that belongs into it is done. The text says why."""


class Entry(NamedTuple):
    """An event of the journal."""

    action: str
    company: str
    object_id: str
    at: str  # as the trail writes it, so that the order of texts is that of times
    sequence: int
    hash: str
    line: Mapping[str, Any]  # all of it

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def actor(self) -> dict[str, str]:
        """Who did it: kind, id, and name at that time."""
        actor: dict[str, str] = self.line["actor"]
        return actor

    @property
    def reason(self) -> str:
        """Why it was done; "" where nobody said."""
        return str(self.line["details"].get("reason", ""))


@dataclass
class Found:
    """What a journal holds."""

    committed: list[Entry] = field(default_factory=list)  # oldest first
    # Begun, and whether that was committed is not said here.
    begun: list[Entry] = field(default_factory=list)
    garbled: list[str] = field(default_factory=list)  # places, each a file and a line


def append(folder: Path, lines: Iterable[Mapping[str, object]]) -> None:
    """Writes lines to this process' own file, and returns when the disk has them.

    Raises:
        Unwritable: perhaps some of it is there, and perhaps in part.
    """
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    own = (os.getpid(), folder)
    with _writing:
        file = _own_files.setdefault(own, folder / _new_name())
        try:
            _append(file, text.encode())
        except OSError as error:
            # A line that is there in part is followed by none: another file is begun.
            del _own_files[own]
            raise Unwritable(f"{file}: {error.strerror}") from error


def confirm(folder: Path, hashes: list[str]) -> None:
    """Says that these events were committed; raises Unwritable."""
    append(folder, [{"committed": hashes}])


def _new_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}{ENDING}"


def _append(file: Path, data: bytes) -> None:
    is_new = not file.exists()
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(descriptor)
    if is_new:
        _flush_folder(file.parent)


def _flush_folder(folder: Path) -> None:
    """A new file is on disk only when its name is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(folder: Path) -> Found:
    """All that the processes have written; raises OSError where a file cannot be read."""
    found, entries, committed = Found(), dict[str, Entry](), set[str]()
    for place, raw in _lines(folder):
        try:
            line = json.loads(raw)
            if "committed" in line:
                committed.update(line["committed"])
            else:
                entry = _entry(line)
                entries[entry.hash] = entry
        except (ValueError, TypeError, KeyError, RecursionError):
            found.garbled.append(place)
    for entry in sorted(entries.values(), key=lambda entry: (entry.at, entry.sequence)):
        (found.committed if entry.hash in committed else found.begun).append(entry)
    return found


def _lines(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.glob(f"*{ENDING}")):
        with file.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                yield f"{file.name}, line {number}", raw


def _entry(line: dict[str, Any]) -> Entry:
    """An event from its line; raises TypeError, KeyError or ValueError where it is none."""
    about, actor = line["object"], line["actor"]
    texts = (line["action"], line["company"], about["id"], line["at"], line["hash"])
    told = (actor["kind"], actor["id"], actor["name"])
    is_typed = isinstance(line["sequence"], int) and isinstance(line["details"], dict)
    if not is_typed or not all(isinstance(text, str) for text in texts + told):
        raise TypeError("it is no event")
    action, company, object_id, at, hash_ = texts
    entry = Entry(action, company, object_id, at, line["sequence"], hash_, line)
    if entry.time.tzinfo is None:
        raise ValueError("its time is in no time zone")
    return entry
