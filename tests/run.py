"""Runs every test that can run on this machine, and says what was skipped and why: ``make test``.

Side by side all but browsers and engines: on SQLite, on PostgreSQL, and on SQLite with another
Python, where one is here; then browsers and engines on SQLite. Each reason for a skip is written
to ``var/tests/skipped`` too.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    environment: dict[str, str]

    @property
    def report(self) -> Path:
        return REPORTS / f"{self.name}.xml"

    def passes(self) -> bool:
        """Runs it, and prints all that it says once it has ended."""
        started = time.monotonic()
        command = [self.python, "-m", "pytest", "-q", f"--junitxml={self.report}", *self.options]
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=inherited | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        took = f"{time.monotonic() - started:.0f} s"
        print(f"\n· {self.name}\n{done.stdout}· {self.name}: {took}", flush=True)
        return done.returncode == 0


def main() -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    skipped: Counter[str] = Counter()
    with ExitStack() as ends:
        side_by_side = [
            Run("sqlite", sys.executable, QUICK, {}),
            *_on_postgresql(skipped, ends),
            *_on_another_python(skipped),
        ]
        # Each of them runs, whatever the others say. Browsers and engines need all of the machine.
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            outcomes = list(pool.map(Run.passes, side_by_side))
        alone = Run("browsers and engines", sys.executable, ["-m", "browser or engine"], {})
        outcomes.append(alone.passes())
    for run in (*side_by_side, alone):
        if run.report.exists():
            skipped.update(_reasons(run.report))
    (REPORTS / "skipped").write_text("".join(f"{reason}\n" for reason in sorted(skipped)))
    print("\nSkipped:" if skipped else "\nNothing was skipped.")
    for reason, times in sorted(skipped.items()):
        print(f"  {reason} ({times})")
    return 0 if all(outcomes) else 1


def _on_postgresql(skipped: Counter[str], ends: ExitStack) -> Iterator[Run]:
    if postgres.programs() is None:
        skipped["PostgreSQL: no server is installed"] += 1
        return
    url = ends.enter_context(postgres.running())
    yield Run("postgresql", sys.executable, QUICK, {"DATABASE_URL": url})


def _on_another_python(skipped: Counter[str]) -> Iterator[Run]:
    """Django 5.2 is tested with Python 3.11, 6.1 with a newer one."""
    for version in OTHER_PYTHONS:
        if not sys.version.startswith(f"{version}.") and (python := _python(version)):
            yield Run(f"python{version}", _environment_of(python, version), QUICK, {})
            return
    skipped["another Python: none is installed beside this one"] += 1


def _reasons(report: Path) -> Iterator[str]:
    for skip in ElementTree.parse(report).iter("skipped"):
        yield skip.get("message", "").strip()


def _python(version: str) -> str | None:
    """The interpreter of a version that runs, on the PATH or where pyenv keeps them."""
    installed = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
    for candidate in (f"python{version}", *map(str, installed)):
        if _runs([candidate, "-c", "import venv, ssl, sqlite3"]):
            return candidate
    return None


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
    except OSError:
        return False


def _environment_of(python: str, version: str) -> str:
    """The Python of a virtual environment with the packages of the lock."""
    make = ["make", "--no-print-directory", f"VENV=.venv-{version}", f"PYTHON={python}"]
    subprocess.run([*make, f".venv-{version}/dev"], cwd=ROOT, check=True, timeout=600)
    return str(ROOT / f".venv-{version}/bin/python")


if __name__ == "__main__":
    sys.exit(main())
