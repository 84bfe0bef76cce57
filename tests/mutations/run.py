"""Does a test fail for each small fault that a rule or a deed could have? ``make mutations`` asks.

Each module's mutants that no test finds are written to ``var/mutations/``. Those that are harmless
stand in docs/mutations.md with the reason; another fails the run, and so does a module of which
less than 90 % are found. Modules may be named: ``python -m tests.mutations.run tokens/grants.py``.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.mutations.hunting import Hunt, Module, Outcome
from tests.mutations.mutants import Mutant

ROOT = Path(__file__).resolve().parent.parent.parent
REPORTS = ROOT / "var" / "mutations"
ARGUED = ROOT / "docs" / "mutations.md"
QUICK = "not browser and not engine and not slow"
LEAST = 90  # percent that must be found
UNARGUED = "  (not in docs/mutations.md)"

TABLE = "tests/actions/test_deeds.py::"  # of all deeds: followed by the name of an event

# Which tests are asked about which module; of a table's, those about its own deeds.
TESTS = {
    "tokens/credentials.py": ("tests/ground/test_credentials.py",),
    "tokens/grants.py": (
        "tests/rules/test_grants.py",
        "tests/views/test_realm_grants.py",
        "tests/views/test_realm_scopes.py",
        "tests/views/test_check.py",
    ),
    "tokens/journal.py": ("tests/ground/test_journal.py", "tests/models/test_journal.py"),
    "tokens/permissions.py": ("tests/rules/test_permissions.py",),
    "tokens/actions/companies.py": (
        "tests/actions/test_companies.py",
        f"{TABLE}[company.",
    ),
    "tokens/actions/entitlements.py": (
        "tests/actions/test_entitlements.py",
        "tests/views/test_entitlements.py",
        f"{TABLE}[entitlement.",
    ),
    "tokens/actions/events.py": (f"{TABLE}[audit.", f"{TABLE}[inventory."),
    "tokens/actions/factors.py": (
        "tests/views/test_factors.py",
        "tests/rules/test_mails.py",
        f"{TABLE}[person.",
    ),
    "tokens/actions/journal.py": ("tests/actions/test_journal.py", f"{TABLE}[token.revoked"),
    "tokens/actions/mails.py": ("tests/views/test_mails.py", f"{TABLE}[mails."),
    "tokens/actions/passwords.py": (
        "tests/roof/test_sign_in_events.py",
        "tests/rules/test_mails.py",
        f"{TABLE}[person.",
    ),
    "tokens/actions/people.py": (
        "tests/actions/test_people.py",
        "tests/actions/test_leaving.py",
        "tests/models/test_accounts.py",
        "tests/rules/test_mails.py",
        f"{TABLE}[person.",
        f"{TABLE}[invitation.",
        f"{TABLE}[token.handed_over",  # settle
    ),
    "tokens/actions/restores.py": (f"{TABLE}[company.",),
    "tokens/actions/reviews.py": ("tests/views/test_inventory.py", f"{TABLE}[inventory."),
    "tokens/actions/sign_ins.py": (
        "tests/actions/test_sign_ins.py",
        "tests/roof/test_sign_in_events.py",
        f"{TABLE}[person.",
    ),
    "tokens/actions/tokens.py": (
        "tests/actions/test_tokens.py",
        "tests/actions/test_companies.py::token",  # suspend, resume
        "tests/actions/test_revocations.py",
        "tests/actions/test_leaving.py",
        "tests/rules/test_mails.py",
        f"{TABLE}[token.",
    ),
}


def main(files: list[str]) -> int:
    """Hunts the mutants of each module; all on SQLite, which is forked with the process."""
    unsound = []

    def tell(module: Module, outcomes: list[Outcome]) -> None:
        if not _is_sound(module, outcomes):
            unsound.append(module.name)

    os.environ.pop("DATABASE_URL", None)
    modules = [Module(_name(file), ROOT / file, TESTS[file]) for file in files]
    tests = sorted({test.partition("::")[0] for module in modules for test in module.tests})
    options = ["-q", "-p", "no:cacheprovider", "-m", QUICK, *tests]
    return int(pytest.main(options, plugins=[Hunt(modules, tell)])) or bool(unsound)


def _name(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _is_sound(module: Module, outcomes: list[Outcome]) -> bool:
    """Writes down what became of a module's mutants, and says whether that is good enough."""
    left = [outcome.mutant for outcome in outcomes if not outcome.found_by]
    number, found = len(outcomes), len(outcomes) - len(left)
    told = [f"{module.name}: {number} mutants, {found} found"]
    told += [f"  line {one.line}, {one}{'' if _is_argued(one) else UNARGUED}" for one in left]
    all_of_them = [f"{mutant}: {found_by}" for mutant, found_by in outcomes]
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / f"{module.name}.txt").write_text("\n".join([*told, "", *all_of_them]) + "\n")
    print("\n" + "\n".join(told), flush=True)
    return 100 * found >= LEAST * number and all(map(_is_argued, left))


def _is_argued(mutant: Mutant) -> bool:
    return f"`{mutant}`" in ARGUED.read_text()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(TESTS)))
