"""Runs every test that can run on this machine, and says what was skipped and why: ``make test``.

In turn: everything on SQLite; all but browsers and engines on PostgreSQL; the same on SQLite with
another Python, where one is here. Each reason for a skip is written to ``var/tests/skipped`` too.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "var" / "tests"
QUICK = ["-m", "not browser and not engine"]
OTHER_PYTHONS = ("3.13", "3.12", "3.14", "3.11")


def main() -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    for report in REPORTS.glob("*.xml"):
        report.unlink()
    skipped: Counter[str] = Counter()
    # Each of them runs, whatever the others say.
    outcomes = [passed(skipped) for passed in (on_sqlite, on_postgresql, on_another_python)]
    (REPORTS / "skipped").write_text("".join(f"{reason}\n" for reason in sorted(skipped)))
    print("\nSkipped:" if skipped else "\nNothing was skipped.")
    for reason, times in sorted(skipped.items()):
        print(f"  {reason} ({times})")
    return 0 if all(outcomes) else 1


def on_sqlite(skipped: Counter[str]) -> bool:
    return _pytest("sqlite", sys.executable, [], skipped)


def on_postgresql(skipped: Counter[str]) -> bool:
    if postgres.programs() is None:
        skipped["PostgreSQL: no server is installed"] += 1
        return True
    with postgres.running() as url:
        return _pytest("postgresql", sys.executable, QUICK, skipped, DATABASE_URL=url)


def on_another_python(skipped: Counter[str]) -> bool:
    """Django 5.2 is tested with Python 3.11, 6.1 with a newer one."""
    for version in OTHER_PYTHONS:
        if not sys.version.startswith(f"{version}.") and (python := _python(version)):
            return _pytest(f"python{version}", _environment_of(python, version), QUICK, skipped)
    skipped["another Python: none is installed beside this one"] += 1
    return True


def _pytest(
    name: str, python: str, options: list[str], skipped: Counter[str], **environment: str
) -> bool:
    print(f"\n· {name}", flush=True)
    started, report = time.monotonic(), REPORTS / f"{name}.xml"
    command = [python, "-m", "pytest", "-q", f"--junitxml={report}", *options]
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(command, cwd=ROOT, env=inherited | environment)
    print(f"· {name}: {time.monotonic() - started:.0f} s", flush=True)
    if report.exists():
        skipped.update(_reasons(report))
    return done.returncode == 0


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
