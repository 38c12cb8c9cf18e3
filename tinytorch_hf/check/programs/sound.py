"""Whether PyTorch's answer to a program can be relied on: nothing infinite, nothing near a kink, nothing too large.

At a kink (a ReLU at 0, a maximum of equal values) several gradients are right, and near one rounding decides which. A
divisor near 0, and what is nearly constant where it is normalized, make small errors large.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinytorch_hf.check.programs.layers import Made
from tinytorch_hf.check.programs.program import (
    CALL,
    EFFECTS,
    EVALUATION,
    MAKE,
    NO_TENSORS,
    OPTIMIZER,
    STEP,
    TENSOR,
    Program,
    Statement,
)
from tinytorch_hf.check.programs.running import Running, Trained
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.judge import NumPyJudge

LARGEST = 60.0
"""No value of a program is larger."""

_MARGIN = 0.02
_LEAST_DIVISOR = 0.25
_LARGEST_EXPONENT = 4.0
_LEAST_VARIANCE = 0.02
_LEAST_PROBABILITY = 0.05
# Of the largest gradient, where a step divides by each.
_LEAST_SHARE = 3e-3
_JUDGE = NumPyJudge("float64")


class UnsoundError(Exception):
    """A statement is near a kink, or its result is infinite or too large; or its shapes do not fit."""


def running(has_gradients: bool = False) -> Running:
    """What computes in float64 whether a program is one to judge by."""
    return Running(_JUDGE, has_gradients)


def evaluate(one: Statement, so_far: Running) -> Any:
    """The value of a statement in float64, given those before; it is kept even where it is none to judge by.

    Raises
    ------
    UnsoundError
        It is none to judge by.
    """
    operands = [so_far.values[each] if isinstance(each, str) else each for each in one.operands]
    if one.form in (MAKE, OPTIMIZER, TENSOR):
        if one.form == OPTIMIZER:
            _require(any(layer.parameters for layer in operands), "an optimizer of nothing")
        result = so_far.run(one)
        if one.form != TENSOR:
            return result
    elif one.form in EFFECTS:
        if one.form == STEP:
            _check_step(operands[0])
        return so_far.run(one)
    else:
        try:
            if one.form == CALL:
                _check_layer(operands[0], operands[1].data, one.arguments)
            else:
                _check_operation(one, [getattr(each, "data", each) for each in operands])
            result = so_far.run(one)
        except (ValueError, IndexError, TypeError, RuntimeError, AttributeError, KeyError) as error:
            raise UnsoundError(str(error)) from error
    if not result.data.size or not np.isfinite(result.data).all() or np.abs(result.data).max() > LARGEST:
        raise UnsoundError("a value is infinite or too large")
    return result


def values_of(program: Program) -> dict[str, Array]:
    """Every tensor's values in float64.

    Raises
    ------
    UnsoundError
        A statement is none to judge by.
    """
    so_far = running(program.is_training)
    found: dict[str, Array] = {}
    with np.errstate(all="ignore"):
        for one in program:
            value = evaluate(one, so_far)
            if one.form not in NO_TENSORS:
                found[one.name] = value.data
    return found


def is_sound(program: Program) -> bool:
    """Whether every statement is one to judge by."""
    try:
        values_of(program)
    except UnsoundError:
        return False
    return True


def _require(holds: Any, what: str) -> None:
    if not holds:
        raise UnsoundError(what)


def _check_operation(one: Statement, operands: list[Any]) -> None:
    form, x = one.form, operands[0]
    if form in ("/", "/ number", ".div", "number /"):
        _require(np.abs(operands[1]).min() >= _LEAST_DIVISOR, "a divisor is near 0")
    elif form == "**":
        exponent = one.arguments["exponent"]
        if exponent != int(exponent):
            _require(x.min() >= _LEAST_DIVISOR, "a root is near 0")
        elif exponent < 0:
            _require(np.abs(x).min() >= _LEAST_DIVISOR, "a divisor is near 0")
    elif form in ("log", "sqrt"):
        _require(x.min() >= _LEAST_DIVISOR, "a logarithm or a root is near 0")
    elif form == "exp":
        _require(x.max() <= _LARGEST_EXPONENT, "an exponential is large")
    elif form == ".relu":
        _require(np.abs(x).min() >= _MARGIN, "a kink is near")
    elif form in ("max", "min") and not one.arguments.get("ties"):
        axis = one.arguments.get("axis")
        _require(_gap(-x if form == "min" else x, axis) >= _MARGIN, "equal values")


def _gap(x: Array, axis: Any) -> float:
    """How far the largest value is above the next one, where that is least."""
    axes = tuple(range(x.ndim)) if axis is None else tuple(axis) if isinstance(axis, list) else (axis % x.ndim,)
    kept = [place for place in range(x.ndim) if place not in axes]
    rows = np.sort(x.transpose(*kept, *axes).reshape(*(x.shape[place] for place in kept), -1), axis=-1)
    return float((rows[..., -1] - rows[..., -2]).min()) if rows.shape[-1] > 1 else np.inf


def _check_step(optimizer: Trained) -> None:
    """Where a step divides by the gradient, what is 0 but for rounding would become a step of full length."""
    part, options = optimizer.arguments["part"], optimizer.arguments["named"]
    if part == "SGD" and not options:
        return
    # What is kept for a parameter without a gradient is nobody's agreement.
    _require(all(one.grad is not None for one in optimizer.parameters), "a parameter without a gradient")
    if part != "SGD":
        # `Program.is_adaptive` says how much is left to rounding then.
        gradients = np.concatenate([one.grad.data.ravel() for one in optimizer.parameters])
        least = _LEAST_SHARE * np.abs(gradients).max()
        _require(np.abs(gradients).min() + options.get("eps", 0.0) >= least, "a gradient is near 0")


def _check_layer(layer: Made, x: Array, call: Mapping[str, Any]) -> None:
    made = layer.arguments
    part = made["part"]
    if part == "ReLU":
        _require(np.abs(x).min() >= _MARGIN, "a kink is near")
    elif part == "MaxPool2d":
        size = made["sizes"][0]
        step = made["named"].get("stride", size)
        frame = (made["named"].get("padding", 0),) * 2
        # Far below everything, as infinities have no distance.
        framed = np.pad(x, ((0, 0), (0, 0), frame, frame), constant_values=-10 * LARGEST)
        windows = sliding_window_view(framed, (size, size), (2, 3))[:, :, ::step, ::step]
        _require(_gap(windows.reshape(*windows.shape[:4], -1), -1) >= _MARGIN, "equal values")
    elif part == "BinaryCrossEntropyLoss":
        _require(x.min() >= _LEAST_PROBABILITY and x.max() <= 1 - _LEAST_PROBABILITY, "hardly a probability")
    elif part == "LayerNorm":
        _require(x.var(axis=-1).min() >= _LEAST_VARIANCE, "nearly constant")
    elif part == "BatchNorm2d" and call.get("mode") == EVALUATION:
        # What an untrained layer goes by is not said anywhere.
        _require(layer.state, "evaluation before any training")
    elif part == "BatchNorm2d":
        _require(x.var(axis=(0, 2, 3)).min() >= _LEAST_VARIANCE, "nearly constant")
