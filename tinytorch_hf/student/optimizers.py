"""Optimizers of mapped frameworks, called as TinyTorch's are."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.signals import UntriedError

# What TinyTorch and PyTorch take where nothing is given; another framework may have defaults of its own.
USUAL: Mapping[str, Mapping[str, Any]] = {
    "SGD": {"momentum": 0.0, "weight_decay": 0.0},
    "Adam": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "AdamW": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
}
# What arguments are called elsewhere; a pair is given as two.
_SPELLINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "betas": (("beta1", "beta2"), ("b1", "b2"), ("beta_1", "beta_2")),
    "eps": (("epsilon",),),
    "lr": (("learning_rate",),),
}


# What is wrong with an optimizer is found by the cases that are about it.
_OTHER_ERRORS = (TypeError, ValueError, AttributeError, KeyError, IndexError, NotImplementedError)


class Framework(Protocol):
    """What trying needs of a framework."""

    def tensor(self, values: Any, gradient: bool = False) -> Any:
        """A tensor."""

    def set_gradient(self, tensor: Any, values: Array) -> None:
        """Leave a gradient in a tensor."""

    def array(self, value: Any) -> Array:
        """The values of a tensor."""


def takes_named_parameters(optimizer: Any, parameter: Any) -> bool:
    """Whether an optimizer takes no list of parameters, but a dict."""
    try:
        optimizer([parameter], lr=0.1)
    except Exception:
        try:
            optimizer({"0": parameter}, lr=0.1)
        except Exception:
            return False
        return True
    return False


def adam(framework: Framework, optimizer: Any, is_named: bool) -> Callable[..., Any]:
    """What makes an Adam, called as TinyTorch's; one whose decay is AdamW's is another definition, and not tried.

    Raises
    ------
    UntriedError
        By what is given back, where there is to be a decay.
    """
    make = as_in_tinytorch("Adam", optimizer, is_named)

    def checked(parameters: Any, **options: Any) -> Any:
        if options.get("weight_decay"):
            with contextlib.suppress(*_OTHER_ERRORS):
                if _decays_apart(framework, make):
                    raise UntriedError("the weight decay of its Adam is AdamW's: it is not part of the gradient")
        return make(parameters, **options)

    return checked


def _decays_apart(framework: Framework, make: Callable[..., Any]) -> bool:
    """Whether weight decay is taken off beside a step of Adam, the first of which is as long as the learning rate."""
    start = np.array([2.0, -1.0], dtype=np.float32)
    parameter = framework.tensor(start.copy(), gradient=True)
    framework.set_gradient(parameter, np.array([0.5, 0.5], dtype=np.float32))
    make([parameter], lr=0.1, weight_decay=0.25).step()
    change = framework.array(parameter) - start
    return bool(np.allclose(change, -0.1 - 0.1 * 0.25 * start, atol=1e-4))


def as_in_tinytorch(name: str, optimizer: Any, is_named: bool) -> Callable[..., Any]:
    """What makes an optimizer, called as TinyTorch's.

    Parameters
    ----------
    name
        Its name in TinyTorch.
    optimizer
        The framework's class, or a function that makes one.
    is_named
        Whether it takes parameters as a dict.

    Raises
    ------
    UntriedError
        By what is given back: the optimizer takes anything by name, and this argument means nothing to it.
    """

    def make(parameters: Any, **options: Any) -> Any:
        given = {str(number): tensor for number, tensor in enumerate(parameters)} if is_named else parameters
        taken = _spelt(name, optimizer, options)
        return optimizer(given, **taken)

    return make


def _spelt(name: str, optimizer: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as the optimizer calls them, with the usual ones where it may have others by default."""
    known, takes_any = _arguments(optimizer)
    if takes_any and not isinstance(optimizer, type):
        # A function that hands on whatever it is given.
        return dict(options)
    taken: dict[str, Any] = {}
    for option, value in {**USUAL[name], **options}.items():
        spellings = ((option,), *_SPELLINGS.get(option, ()))
        spelling = next((names for level in known for names in spellings if level.issuperset(names)), None)
        if spelling is not None:
            taken.update(zip(spelling, value if len(spelling) > 1 else (value,), strict=True))
        elif option in options:
            if takes_any:
                raise UntriedError(f"{name} takes no argument that is called {option}")
            # Left to the call, which says what does not fit.
            taken[option] = value
    return taken


def _arguments(optimizer: Any) -> tuple[list[set[str]], bool]:
    """The arguments that are known by name, to the class itself first, and whether any other is swallowed."""
    makers = [optimizer]
    if isinstance(optimizer, type):
        makers = [vars(base)["__init__"] for base in optimizer.__mro__[:-1] if "__init__" in vars(base)]
    known: list[set[str]] = []
    for maker in makers:
        try:
            parameters = inspect.signature(maker).parameters.values()
        except (TypeError, ValueError):
            return known, True
        known.append(
            {entry.name for entry in parameters if entry.kind not in (entry.VAR_KEYWORD, entry.VAR_POSITIONAL)}
        )
        if not any(entry.kind is entry.VAR_KEYWORD for entry in parameters):
            return known, False
    return known, True
