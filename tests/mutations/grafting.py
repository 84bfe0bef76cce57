"""How does a module that is loaded come to do what one of its mutants would?

Others have imported its functions and classes by name, so these stay what they are, and get the
mutant's code. A constant is replaced wherever it is known by its name.
"""

import inspect
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from tests.mutations.mutants import WITHOUT_ATOMIC, Mutant


class NotImported(Exception):
    """The mutant ends with an error as soon as it is imported."""


def graft(mutant: Mutant, module: ModuleType) -> None:
    """Makes a module's own function, class or constant do what the mutant's does.

    Raises:
        NotImported
    """
    wrong = ModuleType(module.__name__)
    try:
        exec(compile(mutant.code, str(module.__file__), "exec"), vars(wrong))
    except Exception as error:
        raise NotImported from error
    ours, theirs = getattr(module, mutant.name), getattr(wrong, mutant.name)
    if mutant.fault == WITHOUT_ATOMIC:
        ours.__code__ = _bare(lambda: None, None).__code__
    elif inspect.isclass(ours):
        _change_class(ours, theirs, wrong, module)
    elif callable(ours):
        _change_function(inspect.unwrap(ours), inspect.unwrap(theirs))
        getattr(ours, "cache_clear", lambda: None)()
    else:
        _replace_everywhere(mutant.name, ours, theirs)


def _change_function(ours: Any, theirs: Any) -> None:
    ours.__code__ = theirs.__code__
    ours.__defaults__, ours.__kwdefaults__ = theirs.__defaults__, theirs.__kwdefaults__


def _change_class(ours: type, theirs: type, wrong: ModuleType, module: ModuleType) -> None:
    def moved(value: Any) -> Any:
        """The mutant's function, in the class and among the names of our module."""
        if isinstance(value, property):
            return property(moved(value.fget), value.fset, value.fdel)
        if isinstance(value, classmethod | staticmethod):
            return type(value)(moved(value.__func__))
        cells = tuple(type(cell)(ours) for cell in value.__closure__ or ())  # of super() alone
        function = FunctionType(value.__code__, vars(module), None, value.__defaults__, cells)
        function.__kwdefaults__ = value.__kwdefaults__
        return function

    for name, value in vars(theirs).items():
        if _is_written_in(wrong, value):
            setattr(ours, name, moved(value))
        elif hasattr(theirs, "__dataclass_fields__") and isinstance(value, FunctionType):
            setattr(ours, name, value)


def _is_written_in(module: ModuleType, value: object) -> bool:
    """Whether it is a function of the module's own text, bare or as a property or the like."""
    function = getattr(value, "fget", None) or getattr(value, "__func__", value)
    return isinstance(function, FunctionType) and function.__globals__ is vars(module)


def _replace_everywhere(name: str, ours: object, theirs: object) -> None:
    for module in list(sys.modules.values()):
        if vars(module).get(name) is ours:
            setattr(module, name, theirs)


def _bare(func: Callable[..., Any], self: Any) -> Callable[..., Any]:
    """What ``transaction.atomic`` wraps around a function, without the transaction.

    It names the same two variables, since the code of a function is replaced only by such.
    """

    def inner(*args: Any, **kwds: Any) -> Any:
        return func(*args, **kwds) if self else None

    return inner
