"""Our calls of the student's code, written as the student would write them.

``make(**arguments)(v["x"])`` stands in a case; what a reader of the report can try is
``MaxPool2d(kernel_size=3, padding=1)(x)``, with the shape of x. So a call that raised is rewritten from the values
that its names had.
"""

from __future__ import annotations

import ast
import functools
import inspect
import numbers
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

import numpy as np

from tinytorch_hf.student import expressions

_LONGEST_VALUE = 40
_MOST_ENTRIES = 4
# What helpers of ours call what they pass on.
_PASSED_ON = ("arguments", "tensors", "values")
# More than these are told by their type.
_PLAIN = (str, bool, type(None), numbers.Number, np.generic)


class Made:
    """How objects of the student's classes were built; `watch` belongs into a profile function."""

    def __init__(self) -> None:
        # The object itself is kept, so that no other gets its id.
        self._made: dict[int, tuple[Any, str, str]] = {}

    def watch(self, frame: FrameType) -> None:
        """Look at a function that begins: an ``__init__`` that a case has called."""
        code, caller = frame.f_code, frame.f_back
        if code.co_name != "__init__" or not code.co_argcount or caller is None:
            return
        if not _is_of_a_case(caller.f_code.co_filename):
            return
        place = expressions.Place(caller, caller.f_lasti, caller.f_lineno)
        made = frame.f_locals.get(code.co_varnames[0])
        for tree in expressions.trees(place):
            if isinstance(tree, ast.Call):
                writer = _Writer(place, self)
                text = writer.attempt(tree)
                if text:
                    self._made[id(made)] = made, text, writer.defaults
                    return

    def constructor(self, value: Any) -> tuple[str, str]:
        """How an object was built, and the defaults that it was left; with dots where that was not watched."""
        if id(value) in self._made:
            return self._made[id(value)][1:]
        kind = type(value)
        return f"{kind.__name__}({'' if kind.__init__ is object.__init__ else '...'})", ""


def of(error: BaseException, made: Made | None = None) -> str:
    """The call of the student's code in which an error arose; nothing if there was none.

    Parameters
    ----------
    error
        The error. One that names an object as its ``layer`` is about how that was built.
    made
        How objects were built, where that was watched.
    """
    made = made or Made()
    if getattr(error, "layer", None) is not None:
        return "; by default ".join(filter(None, made.constructor(error.layer)))  # type: ignore[attr-defined]
    for step in reversed(list(expressions.steps(error))):
        if expressions.is_ours(step.tb_frame.f_code.co_filename):
            place = expressions.place_of(step)
            for tree in expressions.trees(place):
                writer = _Writer(place, made)
                text = writer.attempt(tree)
                if text:
                    return "; ".join([text, *writer.remarks()])
    return ""


def of_frame(frame: FrameType, made: Made) -> str:
    """The call by which a case has come to a function of the student's that begins, or nothing.

    Parameters
    ----------
    frame
        The function's.
    made
        How objects were built.
    """
    caller = frame.f_back
    if frame.f_code.co_name == "__init__" or caller is None or not _is_of_a_case(caller.f_code.co_filename):
        return ""
    place = expressions.Place(caller, caller.f_lasti, caller.f_lineno)
    for tree in expressions.trees(place):
        writer = _Writer(place, made)
        text = writer.attempt(tree)
        if text:
            return "; ".join([text, *writer.remarks()])
    return ""


def arguments_of(part: Any) -> list[str]:
    """The names of what a class or function takes; none where it does not say."""
    try:
        return list(inspect.signature(part).parameters)
    except (TypeError, ValueError):
        return []


@functools.lru_cache(maxsize=256)
def _is_of_a_case(filename: str) -> bool:
    return expressions.is_of_a_case(filename)


@functools.lru_cache(maxsize=256)
def _is_ours(filename: str) -> bool:
    return expressions.is_ours(filename)


class _Writer:
    """Writes expressions at one place of ours.

    Attributes
    ----------
    defaults
        The arguments that the object in question was left to choose, such as ``eps=1e-08``.
    """

    def __init__(self, place: expressions.Place, made: Made) -> None:
        self.defaults = ""
        self._place = place
        self._made = made
        self._shapes: dict[str, tuple[int, ...]] = {}
        # The class that is called.
        self._kind: type | None = None

    def remarks(self) -> list[str]:
        """What is to be known beside the expression."""
        shapes = [f"{name} has the shape {shape}" for name, shape in list(self._shapes.items())[:_MOST_ENTRIES]]
        return [f"by default {self.defaults}"] * bool(self.defaults) + shapes

    def attempt(self, tree: ast.expr) -> str:
        """The expression, if it is one of the student's objects; else nothing."""
        try:
            return self._expression(tree)
        except (Exception, SystemExit):
            # What cannot be computed again cannot be rewritten.
            return ""

    def _expression(self, tree: ast.expr) -> str:
        if isinstance(tree, ast.Call):
            callee = self._callee(tree.func)
            if not callee:
                return ""
            return f"{callee}({', '.join(self._arguments(tree, self._kind))})"
        operands = [
            part
            for part in ast.iter_child_nodes(tree)
            if isinstance(part, ast.expr) and not isinstance(part, ast.Constant | ast.Slice)
        ]
        if not any(_is_theirs(type(self._value(part))) for part in operands):
            return ""
        for part in operands:
            self._shown(self._value(part), part)
        return expressions.plain(ast.unparse(tree))

    def _callee(self, tree: ast.expr) -> str:
        """What is called, as the student would name it; nothing if it is not the student's."""
        self._kind = None
        if isinstance(tree, ast.Call) and not _is_our_function(self._value(tree.func)):
            if self._value(tree.func) is not getattr:
                # A layer that is built and called at once.
                text = self._expression(tree)
                self._kind = None
                return text
            owner = tree.args[0]
        else:
            owner = tree.value if isinstance(tree, ast.Attribute) else tree
        called = self._value(tree)
        if isinstance(called, type):
            self._kind = called
            return called.__name__ if _is_theirs(called) else ""
        if inspect.ismethod(called) and _is_theirs(type(called.__self__)):
            return f"{self._shown(called.__self__, owner, is_owner=True)}.{called.__name__}"
        if inspect.isfunction(called):
            return "" if _is_our_function(called) else called.__name__
        if _is_theirs(type(called)) and callable(called):
            return self._shown(called, tree, is_owner=True)
        return ""

    def _arguments(self, call: ast.Call, kind: type | None) -> list[str]:
        positional, named = [], {}
        for argument in call.args:
            if isinstance(argument, ast.Starred):
                positional += [self._shown(value, argument.value) for value in self._value(argument.value)]
            else:
                positional.append(self._argument(argument))
        for keyword in call.keywords:
            if keyword.arg:
                named[keyword.arg] = self._argument(keyword.value)
            else:
                named |= {name: self._shown(value, None) for name, value in self._value(keyword.value).items()}
        if kind is not None:
            self._note_defaults(kind, len(positional), named)
        return [*positional, *(f"{name}={value}" for name, value in named.items())]

    def _note_defaults(self, kind: type, n_positional: int, named: Mapping[str, str]) -> None:
        """What the constructor of the object in question chooses by itself."""
        signature = inspect.signature(kind)
        try:
            given = signature.bind_partial(*range(n_positional), **named).arguments
        except TypeError:
            # The call does not fit, which is said elsewhere.
            return
        left = [
            f"{name}={text}"
            for name, parameter in signature.parameters.items()
            if name not in given
            and parameter.default is not parameter.empty
            and len(text := repr(parameter.default)) <= _LONGEST_VALUE
        ]
        self.defaults = ", ".join(left[:_MOST_ENTRIES])

    def _argument(self, tree: ast.expr) -> str:
        if isinstance(tree, ast.Call):
            defaults = self.defaults
            try:
                nested = self._expression(tree)
            except (Exception, SystemExit):
                return "..."
            finally:
                # They would be taken for those of what stands outside.
                self.defaults = defaults
            if nested:
                return nested
        try:
            return self._shown(self._value(tree), tree)
        except (Exception, SystemExit):
            return "..."

    def _shown(self, value: Any, tree: ast.expr | None, is_owner: bool = False) -> str:
        if isinstance(value, np.ndarray) or _is_tensor(value):
            return self._named(value, tree)
        if isinstance(value, list | tuple):
            return self._sequence(value)
        if isinstance(value, _PLAIN):
            text = repr(value.item() if isinstance(value, np.generic) else value)
            return text if len(text) <= _LONGEST_VALUE else "..."
        if _is_theirs(type(value)):
            text, defaults = self._made.constructor(value)
            if is_owner:
                self.defaults = defaults
            return text
        return "..."

    def _sequence(self, values: Iterable[Any]) -> str:
        entries = list(values)
        if entries and all(map(_is_tensor, entries)):
            return "params"
        texts = [self._shown(entry, None) for entry in entries[:_MOST_ENTRIES]]
        texts += ["..."] * (len(entries) > _MOST_ENTRIES)
        return f"[{', '.join(texts)}]" if isinstance(values, list) else f"({', '.join(texts)})"

    def _named(self, value: Any, tree: ast.expr | None) -> str:
        """The name of a tensor or an array, of which the shape is told beside."""
        text = expressions.plain(ast.unparse(tree)) if tree is not None else ""
        name = text if text.isidentifier() and text not in _PASSED_ON else "x"
        shape = np.shape(value.data if _is_tensor(value) else value)
        number = 1
        while self._shapes.setdefault(name, shape) != shape:
            number += 1
            name = f"{name.rstrip('0123456789')}{number}"
        return name

    def _value(self, tree: ast.expr) -> Any:
        return expressions.value(tree, self._place)


def _is_theirs(kind: type) -> bool:
    """Whether a class is the student's."""
    if kind.__module__.partition(".")[0] in ("builtins", "numpy", "torch", "types", "functools"):
        return False
    try:
        return not _is_ours(inspect.getfile(kind))
    except (TypeError, OSError):
        return False


def _is_our_function(value: Any) -> bool:
    code = getattr(inspect.unwrap(value), "__code__", None) if callable(value) else None
    return code is not None and _is_ours(code.co_filename)


def _is_tensor(value: Any) -> bool:
    return _is_theirs(type(value)) and isinstance(getattr(value, "data", None), np.ndarray)
