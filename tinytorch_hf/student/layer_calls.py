"""How layers and losses without tensors are called: what they take, and where what they compute is to be found.

Some give what they compute, others leave it in an attribute; some take the learning rate with the gradient and change
their parameters at once; some take samples as rows, others a column at a time.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import synonyms

RATE = 1.0
"""The learning rate that is given where one is asked for: a parameter then changes by its gradient."""

_OUTPUTS = ("output", "outputs", "out", "y", "z", "a", "activation", "result")
_INPUT_GRADIENTS = ("dinputs", "d_inputs", "dinput", "d_input", "dx", "grad_input", "input_gradient", "input_grad")
_OF_LOSSES = ("forward", "__call__", "loss", "calculate", "compute", "compute_loss")
_OF_LOSS_GRADIENTS = ("backward", "grad", "gradient", "derivative", "prime", "backprop")
_RATES = ("lr", "rate", "eta", "alpha", "step")
_TRUE = ("true", "target", "label", "actual", "expected", "truth")
_PREDICTED = ("pred", "output", "logit", "prob", "hat")


def forward(built: Any, *values: Any) -> Any:
    """What a layer makes of values, as an array."""
    method = getattr(built, "forward", None)
    run = method if callable(method) else built
    # Some want to be told each time.
    training = (True,) if _names(run, required=True)[len(values) :] == ["training"] else ()
    found = run(*values, *training)
    return _left(built, _OUTPUTS) if found is None else found


def backward(built: Any, *values: Any) -> Any:
    """What a layer passes on of the gradient of what came out."""
    rate = (RATE,) if takes_rate(built) else ()
    found = built.backward(*values, *rate)
    return _left(built, _INPUT_GRADIENTS) if found is None else found


def takes_rate(built: Any) -> bool:
    """Whether backward takes a learning rate with the gradient, and so changes the parameters itself."""
    names = _names(getattr(built, "backward", None), required=True)
    return len(names) > 1 and any(word in synonyms.plain(names[1]) for word in _RATES)


def loss(built: Any, predictions: Array, targets: Array) -> Any:
    """A loss: of its mean where it tells both its parts and a mean."""
    given = _in_order(built, _OF_LOSSES, predictions, targets)
    found = _first(built, _OF_LOSSES)(*given)
    found = _left(built, _OUTPUTS) if found is None else found
    if np.ndim(found) and callable(getattr(built, "calculate", None)):
        found = built.calculate(*given)
    return found


def loss_gradient(built: Any, predictions: Array, targets: Array) -> Array:
    """The gradient of a loss with respect to predictions; it is called once the loss has been computed."""
    method = _first(built, _OF_LOSS_GRADIENTS)
    given = _in_order(built, _OF_LOSS_GRADIENTS, predictions, targets) if _names(method, required=True) else ()
    found = method(*given)
    return np.asarray(_left(built, _INPUT_GRADIENTS) if found is None else found)


def _in_order(built: Any, methods: Sequence[str], predictions: Array, targets: Array) -> tuple[Array, ...]:
    """Both, in the order in which they are taken, as the names of arguments tell."""
    names = [synonyms.plain(name) for name in _names(_first(built, methods))]
    is_turned = (
        len(names) > 1 and any(word in names[0] for word in _TRUE) and any(word in names[1] for word in _PREDICTED)
    )
    return (targets, predictions) if is_turned else (predictions, targets)


def _first(built: Any, methods: Sequence[str]) -> Callable[..., Any]:
    for name in methods:
        method = getattr(built, name, None)
        if callable(method):
            return method  # type: ignore[no-any-return]
    raise TypeError(f"it has none of the methods {', '.join(methods)}")


def _left(built: Any, names: Sequence[str]) -> Any:
    """What was left in an attribute."""
    for name in names:
        found = getattr(built, name, None)
        if isinstance(found, np.ndarray | np.generic | float):
            return found
    raise TypeError("it gives nothing, and leaves nothing in an attribute of a known name")


def _names(function: Any, required: bool = False) -> list[str]:
    """The names of what a function takes by its place, without those that may be left out if asked."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one.name for one in parameters if one.kind in kinds and not (required and one.default is not one.empty)]
