"""Layers over some training steps, from their own initial weights: what parts, and what is freed."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, sizes
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.student.view import Student

_N_STEPS = 50
_RATE = 0.05
_NEEDS = ("Tensor", "Linear", "autograd")


def _batch(draw: Draw) -> Inputs:
    n, width, hidden, n_out = sizes(draw, 9, 5, 7, 3)
    return {"x": features(draw, n, width), "direction": features(draw, n, n_out), "widths": [width, hidden, n_out]}


def _network(student: Student, values: Inputs) -> tuple[Any, Any, list[Any]]:
    """Two linear layers with the weights that they start with, and all of these weights."""
    width, hidden, n_out = values["widths"]
    first, second = student.part("Linear")(width, hidden), student.part("Linear")(hidden, n_out)
    paths = [(layer, name) for layer in (first, second) for name in ("weight", "bias")]
    return first, second, [student.parameter(layer, name) for layer, name in paths]


def _step(student: Student, first: Any, second: Any, parameters: list[Any], values: Inputs) -> Any:
    """One step against the gradient; what it computed at the end."""
    output = second(first(student.tensor(values["x"])))
    student.backward(output, values["direction"])
    for parameter in parameters:
        gradient = student.gradient(parameter)
        if gradient is not None:
            student.add(parameter, -_RATE * np.array(gradient) / len(values["x"]))
            # A new gradient of zeros, as some frameworks add to what is there.
            student.set_gradient(parameter, np.zeros_like(student.array(parameter)))
    return output


def _units(student: Student, values: Inputs) -> Results:
    first, second, parameters = _network(student, values)
    results: Results = {"weights at first": np.array(student.parameter_values(first, "weight"))}
    for _ in range(5):
        _step(student, first, second, parameters, values)
    return {**results, "weights after five steps": np.array(student.parameter_values(first, "weight"))}


def _units_claims(_: Inputs, results: Results) -> list[Claim]:
    weights = results["weights after five steps"]
    part = bool(np.ptp(weights, axis=1).max() > 0)
    return [Claim("the units of a layer differ after five training steps", part, "WEIGHTS-EQUAL")]


def _freed(student: Student, values: Inputs) -> Results:
    """How many of the outputs of 50 training steps are still there after it."""
    student.require_own_tensors("whether tensors are freed")
    first, second, parameters = _network(student, values)
    outputs = []
    for _ in range(_N_STEPS):
        output = _step(student, first, second, parameters, values)
        outputs.append(weakref.ref(student.array(output)))
    del output
    # What only refers to itself is freed by this.
    gc.collect()
    return {"steps": _N_STEPS, "outputs that are still there": sum(output() is not None for output in outputs)}


def _freed_claims(_: Inputs, results: Results) -> list[Claim]:
    n_left, n_steps = results["outputs that are still there"], results["steps"]
    # A layer may well keep its last input or output.
    what = f"what a training step computed is freed, and not kept as of {n_left} of {n_steps} steps"
    return [Claim(what, n_left < n_steps / 2, "TENSORS-KEPT")]


CASES = (
    Case("linear-units-part", "layers", _NEEDS, _batch, _units, lambda *_: {}, claims=_units_claims),
    Case("linear-frees-tensors", "layers", _NEEDS, _batch, _freed, lambda *_: {}, claims=_freed_claims),
)
