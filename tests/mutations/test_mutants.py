"""Are the faults that ``make mutations`` looks for those that somebody could make?"""

import ast

import pytest

from tests.mutations.mutants import mutants

FAULTS = {
    "a < b": {"a <= b", "a >= b"},
    "a in b": {"a not in b"},
    "not a": {"a"},
    "a and b": {"a or b", "a", "b"},
    "a + b": {"a - b"},
    "a(b, c=1)": {"a(b)", "a(b, c=2)"},
    "{'a': 1}": {"{}", "{'a~': 1}", "{'a': 2}"},
    "[a]": {"[]"},
    "True": {"False"},
    "a if b() else c": {"a if not b() else c"},
    "[a for a in b if a]": {"[a for a in b]"},
}
STATEMENTS = {
    "a()": {"pass"},
    "raise a": {"pass"},
    "a.b = c": {"pass"},
    "a = c": set(),
    "a = a()": {"pass"},
    "return a": {"return None"},
    "return None": set(),
    "if a:\n        b()": {"pass", "if a:\n        pass", "if not a:\n        b()"},
    "'''What it is for.'''": set(),
}


def bodies(body: str) -> set[str]:
    """A function with this body, as it is in each of its mutants."""
    start = "def f(a, b, c):\n    "
    codes = (mutant.code for mutant in mutants(start + body))
    return {ast.unparse(code).removeprefix(start) for code in codes}


@pytest.mark.parametrize(("expression", "expected"), FAULTS.items())
def test_an_expression_may_be_another(expression: str, expected: set[str]) -> None:
    expected = {ast.unparse(ast.parse(f"yield ({one})")) for one in expected}
    assert bodies(f"yield ({expression})") - {"pass"} == expected


@pytest.mark.parametrize(("statement", "expected"), STATEMENTS.items())
def test_a_statement_may_be_missing(statement: str, expected: set[str]) -> None:
    assert bodies(statement) == expected


def test_a_deed_may_be_no_transaction() -> None:
    faults = [str(one) for one in mutants("@transaction.atomic\ndef f():\n    g(a=1)")]
    assert faults[-1] == "f: without @transaction.atomic"
    assert len(faults) == 4


def test_what_is_not_run_has_no_faults() -> None:
    source = '"""Why."""\nfrom a import b\nC = b[[int], str | None]\n'
    source += 'def f(c: d | None = None) -> "e": ...'
    assert list(mutants(source)) == []


@pytest.mark.parametrize(
    ("part", "lines"),
    [("b:", {2}), ("c(", {3, 4}), ("d,", {3, 4}), ("g(", {5}), ("LIMIT", set()), ("k(", set())],
)
def test_a_mutant_says_which_lines_a_test_that_finds_it_runs(part: str, lines: set[int]) -> None:
    source = (
        "def f(a, b):\n if a and b:\n  c(\n   d, e=1)\n g(h=1)\n"
        "LIMIT = i(j=1)\nclass K:\n l = k(m=1)\n"
    )
    number = next(n for n, line in enumerate(source.splitlines(), start=1) if part in line)
    reached = [set(mutant.reached) for mutant in mutants(source) if mutant.line == number]
    assert reached
    assert all(one == lines for one in reached if one != set(range(2, 5)))
