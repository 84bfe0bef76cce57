"""Does the house stand as CONTRIBUTING.md draws it?"""

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 300
LONGEST_TEST_MODULE = 500
LONGEST_FUNCTION = 40

# The rooms of each floor; a module belongs to the longest name that its own begins with.
FLOORS = {
    "portal": 5,
    "tokens.apps": 5,
    "tokens.views": 4,
    "tokens.management": 4,
    "tokens.templatetags": 4,
    "tokens.receivers": 4,
    "tokens.actions": 3,
    "tokens.permissions": 2,
    "tokens.mails": 2,
    "tokens.grants": 2,
    "tokens.instructions": 2,
    "tokens.forms": 2,
    "tokens.catalog": 2,
    "tokens.metrics": 2,
    "tokens.inventory": 2,
    "tokens.figures": 2,
    "tokens.pages": 2,
    "tokens.checkpoints": 2,
    "tokens.models": 1,
    "tokens.migrations": 2,
    "tokens.credentials": 0,
    "tokens.trail": 0,
    "tokens.journal": 0,
    "tokens.text": 0,
    "tokens.origin": 0,
    "tokens.registry": 0,
}
# Doors that open without a sign-in; those for machines are all of portal.machines.
PUBLIC_DOORS = {
    "account_login",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_logout",
    "mfa_authenticate",
    "join",
    "brand_style",
    "brand_logo",
    "language",
}
MACHINE_DOORS = {"realm", "check", "registry_events", "livez", "readyz", "metrics"}


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


MODULES = {name_of(file): file for file in files("portal", "tokens")}


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of ours that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= submodules & MODULES.keys() or {node.module}
    return frozenset(found & MODULES.keys())


def room_of(module: str) -> str:
    rooms = [room for room in FLOORS if module == room or module.startswith(f"{room}.")]
    assert rooms, f"{module} stands on no floor: give it one in FLOORS"
    return max(rooms, key=len)


def reached_from(module: str, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every chain of imports that begins with the module, up to the first repetition."""
    if module in path:
        yield (*path[path.index(module) :], module)
        return
    for imported in imports_of(module):
        yield from reached_from(imported, (*path, module))


@pytest.mark.parametrize("module", [name for name in MODULES if name != "tokens"])
def test_imports_go_down_or_stay_in_their_room(module: str) -> None:
    room = room_of(module)
    for imported in imports_of(module) - {"tokens"}:
        other = room_of(imported)
        is_below = FLOORS[other] < FLOORS[room]
        assert other == room or is_below, f"{module} imports {imported}, which is not below it"


def test_no_imports_go_in_a_circle() -> None:
    circles = {circle for module in MODULES for circle in reached_from(module)}
    # A package that gathers its modules, and a module that its package gathers, are one room.
    assert not {c for c in circles if not all(_is_gathering(a, b) for a, b in pairwise(c))}


def _is_gathering(one: str, other: str) -> bool:
    return one.startswith(f"{other}.") or other.startswith(f"{one}.")


@pytest.mark.parametrize("file", files("portal", "tokens", "tests", "bench"), ids=name_of)
def test_modules_are_read_in_a_sitting(file: Path) -> None:
    if "migrations" in file.parts:
        return
    is_ours = file.relative_to(ROOT).parts[0] in {"portal", "tokens"}
    lines = len(file.read_text().splitlines())
    assert lines <= (LONGEST_MODULE if is_ours else LONGEST_TEST_MODULE)


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_read_at_a_glance(module: str) -> None:
    if "migrations" in module:
        return
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_which_question_they_answer(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    is_empty = not tree.body
    assert is_empty or "migrations" in module or module == "tokens.apps" or ast.get_docstring(tree)


def patterns(urlconf: str) -> Iterator[URLPattern]:
    waiting: list[URLPattern | URLResolver] = list(get_resolver(urlconf).url_patterns)
    while waiting:
        door = waiting.pop()
        if isinstance(door, URLResolver):
            waiting += door.url_patterns
        else:
            yield door


def test_doors_are_locked_unless_listed() -> None:
    found = {
        door.name
        for door in patterns("portal.urls")
        if not getattr(door.callback, "login_required", True)
    }
    assert found == PUBLIC_DOORS


def test_doors_for_machines_are_listed() -> None:
    assert {door.name for door in patterns("portal.machines")} == MACHINE_DOORS


def test_public_doors_of_ours_say_why_on_the_same_line() -> None:
    for file in [*files("tokens/views"), *files("portal")]:
        for line in file.read_text().splitlines():
            if line.startswith("@login_not_required"):
                assert "  # " in line, f"{file.name}: {line}"


def test_the_trail_needs_nothing_but_the_standard_library() -> None:
    assert not imports_of("tokens.trail")
    assert "django" not in MODULES["tokens.trail"].read_text()


def test_a_client_is_one_entry_and_one_template() -> None:
    from tokens.instructions import CLIENTS

    for client in CLIENTS:
        assert (ROOT / "templates" / client.template).is_file()


def test_fragments_are_named_so_and_have_one_root_with_an_id() -> None:
    for file in (ROOT / "templates/tokens").glob("*.html"):
        extends = "{% extends" in file.read_text()
        assert extends != file.name.startswith("_"), f"{file.name} is page and fragment at once"
