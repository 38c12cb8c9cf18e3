"""Training and evaluation of a layer, however a package tells them apart."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tinytorch_hf.student.view import UntriedError

Call = Callable[..., Any]

WAYS = ("argument", "method", "attribute")
"""How a layer is told its mode: ``layer(x, training=False)``, ``layer.eval()``, or ``layer.training = False``."""


def in_mode(layer: Any, training: bool) -> Call:
    """The layer, ready to be called in training or in evaluation.

    By ``train()`` and ``eval()``, by an argument ``training``, or by an attribute of that name.

    Raises
    ------
    UntriedError
        It has none of them.
    """
    call: Call = layer
    is_switched = _switched(layer, training)
    if _takes(layer, "training"):
        return functools.partial(call, training=training)
    if not is_switched and not hasattr(layer, "training"):
        raise UntriedError(f"{type(layer).__name__} has neither train() and eval() nor training")
    if not is_switched:
        layer.training = training
    return call


def way(layer: Any) -> str:
    """How a layer, or its class, is told its mode: one of `WAYS`."""
    if _takes(layer, "training"):
        return WAYS[0]
    return WAYS[1] if callable(getattr(layer, "eval", None)) else WAYS[2]


def in_evaluation(layer: Any) -> Any:
    """The layer, in evaluation if it knows such a thing."""
    _switched(layer, training=False)
    return layer


def _switched(layer: Any, training: bool) -> bool:
    switch = getattr(layer, "train" if training else "eval", None)
    if not callable(switch):
        return False
    switch()
    return True


def _takes(layer: Any, name: str) -> bool:
    """Whether a call takes an argument of this name."""
    for function in (getattr(layer, "forward", layer), layer):
        try:
            if name in inspect.signature(function).parameters:
                return True
        except (TypeError, ValueError):
            continue
    return False
