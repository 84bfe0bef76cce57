"""Which small faults could a module have? Each is a mutant: the module with one place changed."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple

# What a comparison or an operation is taken for. Of an order both the border and the side.
MISTAKEN: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
# What is for readers and type checkers, and is not run.
UNREAD = {"annotation", "returns", "bases", "ctx"}
# Where there may be one less.
LISTS = {
    ast.Call: ("keywords",),
    ast.Set: ("elts",),
    ast.List: ("elts",),
    ast.Dict: ("keys", "values"),
}
COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
TESTED = (ast.If, ast.IfExp, ast.While)
PLAIN = (ast.Compare, ast.UnaryOp, ast.Constant)
ATOMIC = "transaction.atomic"
WITHOUT_ATOMIC = f"without @{ATOMIC}"


class Place(NamedTuple):
    """Where a part of a tree hangs: in a field of a node, at a position where that is a list."""

    node: ast.AST
    field: str
    position: int | None = None

    def set(self, part: object) -> None:
        if self.position is None:
            setattr(self.node, self.field, part)
        else:
            getattr(self.node, self.field)[self.position] = part


class Mutant(NamedTuple):
    """A module that is wrong in one place, which lies in the definition or constant ``name``."""

    name: str
    line: int
    fault: str
    code: ast.Module
    reached: range  # a test that runs none of these lines cannot tell; empty: any test may

    def __str__(self) -> str:
        return f"{self.name}: {self.fault}"


def mutants(source: str) -> Iterator[Mutant]:
    """All of a module, in the order of its lines."""
    tree = ast.parse(source)
    for statement in tree.body:
        for name in _names(statement):
            yield from _mutants_of(statement, name, tree)


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Subscript):
        return []  # what is only run, imported, or a type
    return [target.id for target in statement.targets if isinstance(target, ast.Name)]


def _mutants_of(statement: ast.stmt, name: str, tree: ast.Module) -> Iterator[Mutant]:
    for place, part, reached in _parts(statement, _lines(statement)):
        for replacement in _faults(part):
            fault = f"{_text(part)} → {_text(replacement)}"
            place.set(ast.copy_location(replacement, part))
            code = ast.fix_missing_locations(deepcopy(tree))
            yield Mutant(name, part.lineno, fault, code, reached)
            place.set(part)
    decorators = getattr(statement, "decorator_list", [])
    if ATOMIC in map(ast.unparse, decorators):
        yield Mutant(name, statement.lineno, WITHOUT_ATOMIC, tree, _lines(statement))


def _parts(node: ast.AST, reached: range) -> Iterator[tuple[Place, ast.expr | ast.stmt, range]]:
    """Every expression and statement below a node that is run, with its place and lines."""
    for field, value in ast.iter_fields(node):
        if field in UNREAD or field == "decorator_list":
            continue
        for position, part in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(part, ast.AST) and not _says_only(part):
                lines = _lines(part) if isinstance(part, ast.stmt) else reached
                if isinstance(node, ast.ClassDef) and not isinstance(part, ast.FunctionDef):
                    lines = range(0)
                if isinstance(part, ast.expr | ast.stmt):
                    place = Place(node, field, position if isinstance(value, list) else None)
                    yield place, part, lines
                yield from _parts(part, lines)


def _lines(statement: ast.stmt) -> range:
    """The lines of which one is traced when the statement runs itself, rather than what is in it.

    What stands in a module or class itself runs once, before there is a test.
    """
    if isinstance(statement, ast.If | ast.For | ast.While | ast.With):
        return range(statement.lineno, max(statement.lineno + 1, statement.body[0].lineno))
    if isinstance(statement, ast.Assign) and statement.col_offset == 0:
        return range(0)
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _says_only(node: ast.AST) -> bool:
    """Whether it is a docstring, or an ellipsis."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _faults(node: ast.expr | ast.stmt) -> Iterator[ast.AST]:
    """What could stand there instead."""
    yield from _mistaken(node)
    yield from _missing(node)
    if isinstance(node, ast.Constant):
        yield from _other_constant(node.value)
    elif isinstance(node, TESTED) and not isinstance(node.test, PLAIN):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Return) and node.value and not isinstance(node.value, ast.Constant):
        yield ast.Return(ast.Constant(None))


def _mistaken(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for position, operator in enumerate(node.ops):
            for other in MISTAKEN[type(operator)]:
                ops = [*node.ops[:position], other(), *node.ops[position + 1 :]]
                yield _with(node, ops=ops)
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        for other in MISTAKEN.get(type(node.op), ()):
            yield _with(node, op=other())


def _missing(node: ast.AST) -> Iterator[ast.AST]:
    """Without an operand, an argument, an element, an entry, a condition, or the whole of it."""
    if isinstance(node, ast.BoolOp):
        for values in _one_less(node.values):
            yield _with(node, values=values) if len(values) > 1 else values[0]
    elif isinstance(node, COMPREHENSIONS):
        if node.generators[0].ifs:
            yield _with(node, generators=[_with(node.generators[0], ifs=[])])
    elif isinstance(node, tuple(LISTS)):
        fewer = zip(*(_one_less(getattr(node, field)) for field in LISTS[type(node)]), strict=True)
        for parts in fewer:
            yield _with(node, **dict(zip(LISTS[type(node)], parts, strict=True)))
    elif _can_be_left_out(node):
        yield ast.Pass()


def _can_be_left_out(node: ast.AST) -> bool:
    """Whether what follows may run without it: a name that was never bound would be no finding."""
    if isinstance(node, ast.Assign):
        return all(_is_bound_before(target, node) for target in node.targets)
    if isinstance(node, ast.If):
        return not node.orelse
    return isinstance(node, ast.Expr | ast.Raise | ast.AugAssign)


def _is_bound_before(target: ast.expr, statement: ast.Assign) -> bool:
    """An attribute; or a name that the statement itself reads, as in ``row = _locked(row)``."""
    if not isinstance(target, ast.Name):
        return isinstance(target, ast.Attribute)
    read = (node.id for node in ast.walk(statement.value) if isinstance(node, ast.Name))
    return target.id in read


def _other_constant(value: object) -> Iterator[ast.Constant]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(f"{value}~")
    elif isinstance(value, bytes):
        yield ast.Constant(value + b"~")


def _one_less(parts: list[ast.AST]) -> Iterator[list[ast.AST]]:
    for position in range(len(parts)):
        yield [*parts[:position], *parts[position + 1 :]]


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """The same node with other fields; it shares the rest."""
    return type(node)(**(dict(ast.iter_fields(node)) | fields))


def _text(node: ast.AST) -> str:
    """One line of it, for a report; of what has a condition that alone."""
    node = node.test if isinstance(node, TESTED) else node
    return " ".join(ast.unparse(ast.fix_missing_locations(deepcopy(node))).split())
