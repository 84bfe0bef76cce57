"""Which test fails on a mutant? A plugin of pytest that asks for each mutant of a module.

The tests run once as they are. Then those that reach the lines of a mutant run on it, until one of
them fails: in a process that is forked there and then, since to start Python, Django and a database
anew for each of a thousand mutants would take hours.
"""

import ast
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
from coverage import Coverage

from tests.mutations.grafting import NotImported, graft
from tests.mutations.mutants import Mutant, mutants

LONGEST = 30  # seconds of one test, after which a mutant is taken for an endless loop


class HarnessFailed(Exception):
    """Something else than a test ended: nothing can be said about a mutant."""


class Module(NamedTuple):
    """A module, and which tests are asked about it: beginnings of names, or of ``file::words``."""

    name: str
    file: Path
    tests: tuple[str, ...]

    def is_asked_of(self, test: str) -> bool:
        split = (chosen.partition("::") for chosen in self.tests)
        return any(test.startswith(file) and words in test for file, _colons, words in split)


class Outcome(NamedTuple):
    """What found a mutant; "" where nothing did."""

    mutant: Mutant
    found_by: str


Told = Callable[[Module, list[Outcome]], None]


class Hunt:
    """A plugin of pytest: runs the tests once, and then again on each mutant of modules.

    Args:
        told: called with the outcomes of a module when all of its mutants were hunted.
    """

    def __init__(self, modules: list[Module], told: Told) -> None:
        self._modules, self._told = modules, told
        self._failed = ""
        self._seconds: dict[str, float] = {}
        self._found: set[str] = set()
        self._reaching: dict[tuple[Module, int], set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed = report.nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        asked = [one for one in session.items if self._is_asked(one.nodeid)]
        self._run_all(asked)
        self._check_that_tests_pass(asked)
        for module in self._modules:
            self._told(module, list(self._outcomes(module, asked)))
        return True

    def _is_asked(self, test: str) -> bool:
        return any(module.is_asked_of(test) for module in self._modules)

    def _run_all(self, items: list[pytest.Item]) -> None:
        """Runs all tests, which must pass, and notes how long each took and what it reached."""
        files = [str(module.file) for module in self._modules]
        seen = Coverage(data_file=None, config_file=False, include=files)
        seen.start()
        for item in items:
            seen.switch_context(item.nodeid)
            started = time.monotonic()
            self._run([item])
            self._seconds[item.nodeid] = time.monotonic() - started
            if self._failed:
                raise pytest.UsageError(f"{self._failed} fails without any mutant")
        seen.stop()
        for module in self._modules:
            reached = seen.get_data().contexts_by_lineno(str(module.file))
            self._reaching |= {(module, line): set(ids) for line, ids in reached.items()}

    def _check_that_tests_pass(self, items: list[pytest.Item]) -> None:
        """The control: they pass in another order, and with modules grafted upon themselves."""
        unchanged = [(module, one) for module in self._modules for one in _unchanged(module)]
        if failed := self._run_on(unchanged, sorted(items, key=self._sooner)):
            raise HarnessFailed(f"{failed} fails when nothing is wrong")

    def _outcomes(self, module: Module, items: list[pytest.Item]) -> Iterator[Outcome]:
        for mutant in mutants(module.file.read_text()):
            found_by = self._run_on([(module, mutant)], self._chosen(module, mutant, items))
            self._found.add(found_by)
            yield Outcome(mutant, found_by)

    def _chosen(
        self, module: Module, mutant: Mutant, items: list[pytest.Item]
    ) -> list[pytest.Item]:
        """The tests that are asked about a mutant, in an order that soon finds it."""
        known = (self._reaching.get((module, line), set()) for line in mutant.reached)
        reaching = set[str]().union(*known)
        asked = [item for item in items if module.is_asked_of(item.nodeid)]
        chosen = [item for item in asked if not mutant.reached or item.nodeid in reaching]
        return sorted(chosen, key=self._sooner)

    def _sooner(self, item: pytest.Item) -> tuple[bool, float]:
        """What found a mutant before is asked first, and then what is quick."""
        return item.nodeid not in self._found, self._seconds[item.nodeid]

    def _run(self, items: list[pytest.Item], longest: int = 0) -> None:
        """Runs tests until one fails; what they share with others stays, such as the database."""
        for item in items:
            signal.alarm(longest)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=item.session)
            if self._failed:
                return

    def _run_on(self, wrong: list[tuple[Module, Mutant]], items: list[pytest.Item]) -> str:
        if not items:
            return ""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._run_and_end(wrong, items, writing)
        os.close(writing)
        with os.fdopen(reading) as told:
            found_by = told.read()
        _child, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
            return "no end"
        if status:
            raise HarnessFailed(f"{wrong}: {found_by}")
        return found_by

    def _run_and_end(
        self, wrong: list[tuple[Module, Mutant]], items: list[pytest.Item], told: int
    ) -> NoReturn:
        """Never comes back into the tests of the parent, whatever happens."""
        status, words = 1, ""
        try:
            items[0].config.pluginmanager.unregister(name="terminalreporter")
            for module, mutant in wrong:
                graft(mutant, import_module(module.name))
            self._run(items, LONGEST)
            status, words = 0, self._failed
        except NotImported as error:
            status, words = 0, f"import: {error.__cause__!r}"
        except BaseException:
            words = traceback.format_exc()
        finally:
            os.write(told, words.encode(errors="replace"))
            os._exit(status)


def _unchanged(module: Module) -> Iterator[Mutant]:
    """Each definition of a module as it is."""
    tree = ast.parse(module.file.read_text())
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield Mutant(statement.name, statement.lineno, "as it is", tree, range(0))
