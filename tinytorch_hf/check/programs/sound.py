"""Whether PyTorch's answer to a program can be relied on: nothing infinite, nothing near a kink, nothing too large.

At a kink (a ReLU at 0, a maximum of equal values) several gradients are right, and near one rounding decides which. A
divisor near 0, and what is nearly constant where it is normalized, make small errors large.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.program import CALL, EFFECTS, MAKE, OPTIMIZER, TENSOR, Program, Statement
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy.judge import NumPyJudge

LARGEST = 60.0
"""No value of a program is larger."""

_MARGIN = 0.02
_LEAST_DIVISOR = 0.25
_LARGEST_EXPONENT = 4.0
_LEAST_VARIANCE = 0.02
_LEAST_PROBABILITY = 0.05
_JUDGE = NumPyJudge("float64")


class UnsoundError(Exception):
    """A statement is near a kink, or its result is infinite or too large; or its shapes do not fit."""


def evaluate(one: Statement, values: Mapping[str, Any]) -> Any:
    """The value of a statement in float64, given those before.

    Raises
    ------
    UnsoundError
        It is none to judge by.
    """
    if one.form == TENSOR:
        return _JUDGE.tensor(np.array(one.arguments["values"], dtype=np.float32))
    if one.form == MAKE:
        given = one.arguments["values"].items()
        return one.arguments, {path: _JUDGE.tensor(np.array(value, dtype=np.float32)) for path, value in given}
    operands = [values[each] if isinstance(each, str) else each for each in one.operands]
    try:
        if one.form == CALL:
            (made, parameters), x = operands
            _check_layer(made, x.data)
            layer = LAYERS[made["part"]]
            right = (layer.right, *layer.others)[made.get("definition", 0)]
            result = right(_JUDGE, parameters, x, {**made, **one.arguments})
        else:
            _check_operation(one, [getattr(each, "data", each) for each in operands])
            result = FORMS[one.form].right(_JUDGE, operands, one.arguments)
    except (ValueError, IndexError, TypeError, RuntimeError, AttributeError) as error:
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
    values: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for one in program:
            if one.form not in (OPTIMIZER, *EFFECTS):
                values[one.name] = evaluate(one, values)
    return {name: value.data for name, value in values.items() if not isinstance(value, tuple)}


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


def _check_layer(made: Mapping[str, Any], x: Array) -> None:
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
    elif part == "BatchNorm2d":
        _require(x.var(axis=(0, 2, 3)).min() >= _LEAST_VARIANCE, "nearly constant")
