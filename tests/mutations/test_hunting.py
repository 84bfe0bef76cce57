"""Does the hunt call a mutant found where a test is about it, and left where none is?

Without this control a hunt that changes nothing, or breaks everything, would look like a result.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutations.run import ROOT, TESTS

# Each stands in a module twice, as ASKED, about which there is a test, and as UNASKED.
DEFINITIONS = {
    "a function": ("def {0}(a):\n    return a + 1", "assert m.{0}(1) == 2"),
    "a default": ("def {0}(a=1):\n    return a", "assert m.{0}() == 1"),
    "a decorated function": ("@cache\ndef {0}(a):\n    return a + 1", "assert m.{0}(1) == 2"),
    "a nested function": (
        "def {0}(a):\n    def inner():\n        return a + 1\n    return inner()",
        "assert m.{0}(1) == 2",
    ),
    "a generator": ("def {0}(a):\n    yield a + 1", "assert list(m.{0}(1)) == [2]"),
    "a property": (
        "class {0}(NamedTuple):\n    a: int\n    @property\n    def b(self):\n"
        "        return self.a + 1",
        "assert m.{0}(1).b == 2",
    ),
    "a class method": (
        "class {0}(NamedTuple):\n    a: int\n    @classmethod\n    def of(cls, a):\n"
        "        return cls(a + 1)",
        "assert m.{0}.of(1) == m.{0}(2)",
    ),
    "an error": (
        "class {0}(Exception):\n    def __init__(self, a):\n        super().__init__(a + 1)",
        "assert m.{0}(1).args == (2,)",
    ),
    "a data class": (
        "@dataclass\nclass {0}:\n    a: list = field(default_factory=list)",
        "assert m.{0}().a == []",
    ),
    "a constant": ("{0} = 300\ndef read_{0}():\n    return {0}", "assert m.read_{0}() == 300"),
}
IMPORTS = """
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple
"""
HUNT = """
import json, pathlib, sys
import pytest
from tests.mutations import hunting
hunting.LONGEST = 1
module = hunting.Module("m", pathlib.Path("m.py").resolve(), tests=("test_m.py",))
outcomes = []
hunt = hunting.Hunt([module], lambda module, hunted: outcomes.extend(hunted))
sys.path.insert(0, ".")
status = pytest.main(["-q", "-c", "pytest.ini", *sys.argv[2:]], plugins=[hunt])
told = [[one.mutant.name, str(one.mutant), one.found_by] for one in outcomes]
pathlib.Path(sys.argv[1]).write_text(json.dumps(told))
sys.exit(status)
"""


def hunted(folder: Path, module: str, tests: str) -> list[tuple[str, str, str]]:
    """What becomes of each mutant of a module: its definition, what it is, and what found it."""
    (folder / "m.py").write_text(module)
    (folder / "test_m.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-c", HUNT, "outcomes.json"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [tuple(one) for one in json.loads((folder / "outcomes.json").read_text())]


@pytest.mark.slow
def test_a_mutant_is_found_where_a_test_is_about_it_and_only_there(tmp_path: Path) -> None:
    module, tests = IMPORTS, "import contextlib, m\n"
    for number, (definition, test) in enumerate(DEFINITIONS.values()):
        asked, unasked = f"Asked{number}", f"Unasked{number}"
        module += f"{definition.format(asked)}\n{definition.format(unasked)}\n"
        tests += f"def test_{number}():\n    {test.format(asked)}\n"
        # A test that reaches it and asks nothing.
        tests += f"def test_reaching_{number}():\n    with contextlib.suppress(Exception):\n"
        tests += f"        {test.format(unasked)}\n".replace("assert ", "")
    outcomes = hunted(tmp_path, module, tests)
    found = {what for name, what, found_by in outcomes if found_by}
    assert {name.removeprefix("read_") for name, *_ in outcomes} == {
        f"{kind}{number}" for kind in ("Asked", "Unasked") for number in range(len(DEFINITIONS))
    }
    assert found == {what for name, what, _ in outcomes if "Unasked" not in name}


def test_what_found_a_mutant_is_named(tmp_path: Path) -> None:
    module = (
        "def f(a):\n    while a != 1:\n        a = a - 1\n    return b(c=a)\ndef b(c):\n    pass\n"
    )
    module += "LIMIT = max([1])\n"
    outcomes = hunted(tmp_path, module, "import m\ndef test_f():\n    m.f(2)\n")
    found = {what: found_by for _name, what, found_by in outcomes}
    assert found["f: a - 1 → a + 1"] == "no end"
    assert found["f: b(c=a) → b()"] == "test_m.py::test_f"
    assert found["f: return b(c=a) → return None"] == ""
    assert found["LIMIT: [1] → []"].startswith("import: ValueError")


def test_tests_that_fail_by_themselves_find_nothing(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="test_f fails without any mutant"):
        hunted(tmp_path, "def f(): pass", "def test_f():\n    assert False\n")


def test_tests_that_pass_only_in_their_order_find_nothing(tmp_path: Path) -> None:
    tests = "import time\nseen = []\ndef test_a():\n    time.sleep(0.1)\n    seen.append(1)\n"
    tests += "def test_b():\n    assert seen.pop()\n"
    with pytest.raises(AssertionError, match="test_b fails when nothing is wrong"):
        hunted(tmp_path, "def f(): pass", tests)


def test_every_module_of_deeds_is_hunted() -> None:
    deeds = {f"tokens/actions/{file.name}" for file in (ROOT / "tokens/actions").glob("[!_]*.py")}
    assert {file for file in TESTS if file.startswith("tokens/actions/")} == deeds


@pytest.mark.parametrize("file", TESTS)
def test_the_tests_that_are_asked_exist(file: str) -> None:
    assert all((ROOT / test.partition("::")[0]).exists() for test in (file, *TESTS[file]))
