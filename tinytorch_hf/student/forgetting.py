"""Forgetting what a process must not know: of some modules, every function that is not needed for what it has to do.

What says how something is run and what says what is right stand beside each other, as whoever reads a case needs both.
A process that runs what may be hostile keeps the first alone. What is needed is found as a linker finds it: from where
it begins, by the names in the code. Whatever is not found is emptied, so that a mistake here is an error and no leak.
"""

from __future__ import annotations

import functools
import gc
import opcode
import sys
from collections.abc import Iterable, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

_OURS = ("tinytorch_hf",)
_INSIDE = ("__func__", "__self__", "fget", "fset", "fdel", "func", "__wrapped__")
_GLOBAL, _EXTENDED = opcode.opmap["LOAD_GLOBAL"], opcode.opmap["EXTENDED_ARG"]
# From Python 3.11 on, the lowest bit of a global name's number says something else.
_BESIDE = 1 if sys.version_info >= (3, 11) else 0


def forget(keep: Iterable[Any], modules: Iterable[str]) -> dict[str, tuple[list[int], list[int]]]:
    """Empty the functions of some modules that cannot be reached.

    Modules of which nothing is left are no longer imported afterwards.

    Parameters
    ----------
    keep
        What is going to be called: classes and functions.
    modules
        Names of modules, each with everything below it.

    Returns
    -------
    dict of str to tuple of (list of int, list of int)
        The files of which something is left: the lines at which functions begin that are left, and that are gone.
    """
    starts = tuple(modules)
    reach = _Reach(starts)
    for root in keep:
        reach.visit(root)
    reach.finish()
    left: set[str] = set()
    kept: dict[str, list[int]] = {}
    gone: dict[str, list[int]] = {}
    for function in [each for each in gc.get_objects() if type(each) is FunctionType]:
        home = function.__globals__.get("__name__")
        if not isinstance(home, str) or not _is_in(home, starts):
            continue
        if id(function) in reach.functions:
            left.add(home)
            kept.setdefault(function.__code__.co_filename, []).append(function.__code__.co_firstlineno)
        else:
            if function.__qualname__.isidentifier():
                gone.setdefault(function.__code__.co_filename, []).append(function.__code__.co_firstlineno)
            _empty(function)
    for name in [each for each in sys.modules if _is_in(each, starts) and each not in left]:
        module = sys.modules[name]
        if not any(other.startswith(f"{name}.") for other in left):
            del sys.modules[name]
            parent, _, last = name.rpartition(".")
            vars(sys.modules.get(parent, module)).pop(last, None)
    gc.collect()
    return {file: (lines, gone.get(file, [])) for file, lines in kept.items()}


def _is_in(name: Any, starts: tuple[str, ...]) -> bool:
    return isinstance(name, str) and any(name == start or name.startswith(f"{start}.") for start in starts)


class _Reach:
    """What can be reached; members of classes, modules and objects only where their names are used somewhere."""

    def __init__(self, starts: tuple[str, ...]) -> None:
        self.functions: set[int] = set()
        self._starts = starts
        self._seen: dict[int, Any] = {}
        self._names: set[str] = set()
        self._waiting: dict[str, list[Any]] = {}
        self._next: list[Any] = []

    def visit(self, value: Any) -> None:
        """Look at a value, later."""
        if id(value) not in self._seen:
            # It is kept, so that its number stays its own.
            self._seen[id(value)] = value
            self._next.append(value)

    def finish(self) -> None:
        """Look at everything."""
        while self._next:
            self._look(self._next.pop())

    def _look(self, value: Any) -> None:
        if type(value) is FunctionType:
            self._function(value)
        elif isinstance(value, type):
            for each in value.__mro__ if _is_in(value.__module__, _OURS) else ():
                self._members(vars(each))
        elif isinstance(value, ModuleType):
            self._members(vars(value) if _is_in(value.__name__, _OURS) else {})
        elif isinstance(value, Mapping):
            self._all(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            self._all(value)
        elif isinstance(value, functools.partial):
            self._all((value.func, *value.args, *value.keywords.values()))
        elif _is_in(type(value).__module__, _OURS):
            self.visit(type(value))
            self._members(getattr(value, "__dict__", {}))
        else:
            # Of methods, properties and what wraps a function, the function.
            self._all(getattr(value, name, None) for name in _INSIDE)

    def _all(self, values: Iterable[Any]) -> None:
        for value in values:
            self.visit(value)

    def _function(self, function: FunctionType) -> None:
        self.functions.add(id(function))
        used, attributes = _names(function.__code__)
        for name in used:
            self.visit(function.__globals__.get(name))
        for name in attributes - self._names:
            self._names.add(name)
            self._all(self._waiting.pop(name, ()))
        for cell in function.__closure__ or ():
            try:
                self.visit(cell.cell_contents)
            except ValueError:
                continue
        self._all(function.__defaults__ or ())
        self._all((function.__kwdefaults__ or {}).values())
        self.visit(getattr(function, "__wrapped__", None))

    def _members(self, members: Mapping[str, Any]) -> None:
        for name, value in list(members.items()):
            if name in self._names or (name.startswith("__") and name != "__builtins__"):
                self.visit(value)
            else:
                self._waiting.setdefault(name, []).append(value)


def _names(code: CodeType) -> tuple[set[str], set[str]]:
    """The global names and the attributes in a piece of code, and in what is defined in it."""
    used: set[str] = set()
    extended = 0
    for place in range(0, len(code.co_code), 2):
        argument = extended << 8 | code.co_code[place + 1]
        extended = argument if code.co_code[place] == _EXTENDED else 0
        if code.co_code[place] == _GLOBAL:
            used.add(code.co_names[argument >> _BESIDE])
    attributes = set(code.co_names) - used
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner, more = _names(constant)
            used, attributes = used | inner, attributes | more
    return used, attributes


def _gone(*_: Any, **__: Any) -> None:
    raise RuntimeError("this is not known here")


def _empty(function: FunctionType) -> None:
    function.__defaults__ = function.__kwdefaults__ = None
    # A function keeps as many free variables as it had.
    function.__code__ = _gone.__code__.replace(co_freevars=function.__code__.co_freevars)
    function.__dict__.clear()
