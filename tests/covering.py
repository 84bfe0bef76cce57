"""Do the quick tests reach every line and branch of ``tokens/``? ``make coverage`` asks.

They run once on SQLite; and on PostgreSQL those that reach what is written for it alone.
"""

import os
import shutil
import subprocess
import sys

from tests import postgres
from tests.run import QUICK, ROOT

DATA = ROOT / "var" / "coverage"
ON_POSTGRESQL = (
    "tests/commands/test_backup.py",
    "tests/commands/test_restore.py",
    "tests/models/test_notebook.py",
    "tests/models/test_uses.py",
    "tests/views/test_list.py",
)
COVERAGE = [sys.executable, "-m", "coverage"]


def main() -> int:
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    passed = _run("")
    if postgres.programs() is None:
        print("PostgreSQL: no server is installed, so that its own lines are not reached")
    else:
        with postgres.running() as url:
            passed = _run(url, *ON_POSTGRESQL) and passed
    subprocess.run([*COVERAGE, "combine", "--quiet"], cwd=ROOT, check=True)
    report = subprocess.run([*COVERAGE, "report"], cwd=ROOT)
    return report.returncode or not passed


def _run(database: str, *tests: str) -> bool:
    """Runs tests, all if none is named, and says whether they passed."""
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment = inherited | ({"DATABASE_URL": database} if database else {})
    command = [*COVERAGE, "run", "-m", "pytest", "-q", *QUICK, *tests]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
