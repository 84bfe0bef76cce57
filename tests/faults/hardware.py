"""A disk and a clock that fail on cue: what ``hardware.c`` is told, and what a power cut leaves."""

import errno
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("hardware.c")
BUILT_WITHIN = 60  # seconds
FULL, READ_ONLY = errno.ENOSPC, errno.EROFS


def compiler() -> str | None:
    return shutil.which("cc")


class Hardware:
    """The disk below one folder and the clock, as the programs see them that it is loaded into."""

    def __init__(self, place: Path, *, disk: Path, is_cut: bool = False) -> None:
        """Args:
        place: an empty folder of its own, which the programs can read.
        disk: the folder whose files are on the disk.
        is_cut: whether its power may be cut, for which its files are copied when they are synced.
        """
        self._library, self._control = place / "hardware.so", place / "control"
        self._disk, self._durable = disk, place / "durable" if is_cut else None
        if self._durable:
            self._durable.mkdir()
        build = [str(compiler()), "-O2", "-shared", "-fPIC", "-o", str(self._library), str(SOURCE)]
        subprocess.run(build, check=True, timeout=BUILT_WITHIN)
        self._sync_seconds, self._write_error, self._clock_seconds = 0.0, 0, 0
        self._tell()

    def environment(self) -> dict[str, str]:
        """What a program is started with that shall have this hardware."""
        told = {
            "LD_PRELOAD": str(self._library),
            "FAULTS_FOLDER": str(self._disk),
            "FAULTS_CONTROL": str(self._control),
        }
        return told | ({"FAULTS_DURABLE": str(self._durable)} if self._durable else {})

    def sync_takes(self, seconds: float) -> None:
        """As on a spinning disk, or one that is busy."""
        self._sync_seconds = seconds
        self._tell()

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        before = self._sync_seconds
        self.sync_takes(seconds)
        yield
        self.sync_takes(before)

    @contextmanager
    def failing_writes(self, error: int) -> Iterator[None]:
        self._write_error = error
        self._tell()
        yield
        self._write_error = 0
        self._tell()

    @contextmanager
    def clock_moved(self, seconds: int) -> Iterator[None]:
        self._clock_seconds = seconds
        self._tell()
        yield
        self._clock_seconds = 0
        self._tell()

    def keep(self) -> None:
        """Makes durable what is on the disk, as an orderly end of the machine does."""
        assert self._durable, "its power is never cut"
        shutil.rmtree(self._durable)
        shutil.copytree(self._disk, self._durable)

    def cut_power(self) -> None:
        """Loses all that was not synced; no program may be running."""
        assert self._durable, "its power is never cut"
        shutil.rmtree(self._disk)
        shutil.copytree(self._durable, self._disk)

    def _tell(self) -> None:
        # In place: the programs have the file mapped into their memory.
        values = int(self._sync_seconds * 1_000_000), self._write_error, self._clock_seconds
        descriptor = os.open(self._control, os.O_RDWR | os.O_CREAT, 0o644)
        os.pwrite(descriptor, struct.pack("=qqq", *values), 0)
        os.close(descriptor)
