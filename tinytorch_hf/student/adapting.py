"""Parts of mapped frameworks that are functions or methods, and tensors that spell arguments otherwise.

What is translated are calls that the framework would refuse. One that it takes means what it means there, so that
nothing changes for the framework's own code.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from tinytorch_hf.student.mapping import Conventions

_REDUCTIONS = ("sum", "mean", "max", "min", "var", "std")
_DONE = "_tinytorch_hf_accepts"


def from_function(function: Callable[..., Any]) -> type:
    """A class whose objects, which are made without arguments, compute a function."""

    class Computed:
        """A function, as an object."""

        forward = staticmethod(function)

        def __call__(self, *arguments: Any, **named: Any) -> Any:
            """Compute it."""
            return function(*arguments, **named)

        def parameters(self) -> list[Any]:
            """There are none."""
            return []

    return Computed


def from_method(kind: type, name: str) -> type:
    """The same for a method of tensors."""

    def call(x: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(x, name)(*arguments, **named)

    method = getattr(kind, name, None)
    return from_function(functools.wraps(method)(call) if callable(method) else call)


def accept_calls(kind: Any) -> None:
    """Let objects of a class be called directly and by their ``forward``, where they are by one of the two alone."""
    if not isinstance(kind, type):
        return
    forward, call = getattr(kind, "forward", None), _inherited_call(kind)
    with contextlib.suppress(AttributeError, TypeError):
        if inspect.isfunction(forward) and call is None:
            setattr(kind, "__call__", forward)  # noqa: B010 -- mypy takes it for a method of type
        elif inspect.isfunction(call) and forward is None:
            kind.forward = call  # type: ignore[attr-defined]


def _inherited_call(kind: type) -> Any:
    return next((vars(base)["__call__"] for base in kind.__mro__ if "__call__" in vars(base)), None)


def accept_spellings(kind: type, conventions: Conventions) -> None:
    """Let a class of tensors take TinyTorch's ``axis`` and ``keepdims``, and the lengths of a shape one by one."""
    if not isinstance(kind, type) or getattr(kind, _DONE, None) is kind:
        return
    spellings = {"axis": conventions.axis, "keepdims": conventions.keepdims}
    try:
        for name in _REDUCTIONS:
            method = getattr(kind, name, None)
            if inspect.isfunction(method):
                names = {ours: theirs for ours, theirs in spellings.items() if _is_spelt(method, ours, theirs)}
                if names:
                    setattr(kind, name, _translated(method, names))
        reshape = getattr(kind, "reshape", None)
        if inspect.isfunction(reshape) and _takes_one(reshape):
            kind.reshape = _of_lengths(reshape)  # type: ignore[attr-defined]
        setattr(kind, _DONE, kind)
    except (AttributeError, TypeError):
        # It allows no changes; then what it refuses stays refused.
        return


def _is_spelt(method: Callable[..., Any], ours: str, theirs: str) -> bool:
    taken = inspect.signature(method).parameters
    return ours not in taken and theirs in taken


def _translated(method: Callable[..., Any], names: dict[str, str]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        result = method(self, *arguments, **{names.get(name, name): value for name, value in named.items()})
        # A largest value may come with its place.
        return result[0] if isinstance(result, tuple) and names.keys() & named.keys() else result

    return call


def _takes_one(method: Callable[..., Any]) -> bool:
    """Whether it takes a shape as one argument, and nothing else."""
    _, *taken = inspect.signature(method).parameters.values()
    return len(taken) == 1 and taken[0].kind is taken[0].POSITIONAL_OR_KEYWORD


def _of_lengths(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *lengths: Any, **named: Any) -> Any:
        if not named and (len(lengths) > 1 or (lengths and isinstance(lengths[0], int))):
            return method(self, lengths)
        return method(self, *lengths, **named)

    return call
