"""Runs every test that can run on this machine, and says what was skipped and why: ``make test``.

All but browsers and engines on SQLite with another Python and on PostgreSQL with this one, so that
each test meets both databases and both releases of Django; where one of the two is not here, on
SQLite with this Python. Then browsers and engines on SQLite. Each reason for a skip is written to
``var/tests/skipped`` too.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "var" / "tests"
QUICK = ["-m", "not browser and not engine"]
OTHER_PYTHONS = ("3.13", "3.12", "3.14", "3.11")


class Run(NamedTuple):
    """One run of pytest."""

    name: str
    python: str
    options: list[str]
    database: str = ""  # SQLite

    @property
    def report(self) -> Path:
        return REPORTS / f"{self.name}.xml"

    def passes(self) -> bool:
        """Whether all of its tests pass, once it has run."""
        print(f"\n· {self.name}", flush=True)
        started = time.monotonic()
        command = [self.python, "-m", "pytest", "-q", f"--junitxml={self.report}", *self.options]
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        environment = inherited | ({"DATABASE_URL": self.database} if self.database else {})
        done = subprocess.run(command, cwd=ROOT, env=environment)
        print(f"· {self.name}: {time.monotonic() - started:.0f} s", flush=True)
        return done.returncode == 0


def main() -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    skipped: Counter[str] = Counter()
    with ExitStack() as ends:
        runs = list(_runs(skipped, ends))
        # Each of them runs, whatever the others say.
        outcomes = [run.passes() for run in runs]
    for run in runs:
        if run.report.exists():
            skipped.update(_reasons(run.report))
    (REPORTS / "skipped").write_text("".join(f"{reason}\n" for reason in sorted(skipped)))
    print("\nSkipped:" if skipped else "\nNothing was skipped.")
    for reason, times in sorted(skipped.items()):
        print(f"  {reason} ({times})")
    return 0 if all(outcomes) else 1


def _runs(skipped: Counter[str], ends: ExitStack) -> Iterator[Run]:
    another = _another_python()
    if another is None:
        skipped["another Python: none is installed beside this one"] += 1
    else:
        yield Run(f"sqlite, python{another}", _environment_of(another), QUICK)
    if postgres.programs() is None:
        skipped["PostgreSQL: no server is installed"] += 1
    else:
        url = ends.enter_context(postgres.running())
        yield Run("postgresql", sys.executable, QUICK, url)
    if another is None or postgres.programs() is None:
        yield Run("sqlite", sys.executable, QUICK)
    yield Run("browsers and engines", sys.executable, ["-m", "browser or engine"])


def _another_python() -> str | None:
    """Django 5.2 is tested with Python 3.11, 6.1 with a newer one."""
    others = (v for v in OTHER_PYTHONS if not sys.version.startswith(f"{v}."))
    return next(filter(_python, others), None)


def _reasons(report: Path) -> Iterator[str]:
    for skip in ElementTree.parse(report).iter("skipped"):
        yield skip.get("message", "").strip()


def _python(version: str) -> str | None:
    """The interpreter of a version that runs, on the PATH or where pyenv keeps them."""
    installed = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
    for candidate in (f"python{version}", *map(str, installed)):
        if _starts([candidate, "-c", "import venv, ssl, sqlite3"]):
            return candidate
    return None


def _starts(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


def _environment_of(version: str) -> str:
    """The Python of a virtual environment with the packages of the lock."""
    python = _python(version)
    make = ["make", "--no-print-directory", f"VENV=.venv-{version}", f"PYTHON={python}"]
    subprocess.run([*make, f".venv-{version}/dev"], cwd=ROOT, check=True, timeout=600)
    return str(ROOT / f".venv-{version}/bin/python")


if __name__ == "__main__":
    sys.exit(main())
