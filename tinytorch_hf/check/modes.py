"""Training and evaluation of a layer, however a package tells them apart."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from tinytorch_hf.student.view import UntriedError

Call = Callable[..., Any]


def in_mode(layer: Any, training: bool) -> Call:
    """The layer, ready to be called in training or in evaluation.

    By ``train()`` and ``eval()``, by an attribute ``training``, or by an argument of that name.

    Raises
    ------
    UntriedError
        It has none of them.
    """
    if _switched(layer, training):
        call: Call = layer
        return call
    if hasattr(layer, "training"):
        layer.training = training
        return functools.partial(layer)
    if _takes(layer, "training"):
        return functools.partial(layer, training=training)
    raise UntriedError(f"{type(layer).__name__} has neither train() and eval() nor training")


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
