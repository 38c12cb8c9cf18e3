"""Linear, Dropout and what strings layers together, on digits and on what layers make of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import digits, features, weights
from tinytorch_hf.check.operation import layer
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import DiffersError, Student


def _linear_inputs(draw: Draw) -> Inputs:
    return {"x": digits(draw, 8)[0], "weight": weights(draw, 64, 10), "bias": weights(draw, 10)}


def _sequence_inputs(draw: Draw) -> Inputs:
    return {"x": features(draw, 4, 6, 12), "weight": weights(draw, 12, 5), "bias": weights(draw, 5)}


def _away_from_zero(draw: Draw) -> Inputs:
    """So that a value which is zero afterwards was dropped."""
    x = features(draw, 32, 32)
    return {"x": x + np.sign(x)}


def _linear(_: Judge, v: Any) -> Any:
    return v["x"] @ v["weight"] + v["bias"]


_LINEAR_MISTAKES = {
    "BIAS-NOT-ADDED": lambda _, v: v["x"] @ v["weight"] + 0 * v["bias"],
    "BIAS-NOT-IN-GRAPH": lambda _, v: v["x"] @ v["weight"] + v["bias"].detach(),
    "BIAS-SUBTRACTED": lambda _, v: v["x"] @ v["weight"] - v["bias"],
}


def _dropout_training(student: Student, values: Inputs) -> Results:
    """What is dropped is chance; what is kept is scaled, and the gradient takes the same way."""
    x = student.tensor(values["x"], gradient=True)
    dropout = student.part("Dropout")(0.5)
    output = dropout.forward(x, training=True)
    found = student.array(output)
    if found.shape != values["x"].shape:
        raise DiffersError(f"output has the shape {found.shape} instead of {values['x'].shape}")
    kept = found != 0
    again = student.array(dropout.forward(x, training=True)) != 0
    results: Results = {
        "what is kept is scaled by 1 / (1 - p)": np.allclose(found[kept], 2 * values["x"][kept]),
        "about p of the values are dropped": bool(0.4 < kept.mean() < 0.6),
        "another call drops others": bool((again != kept).any()),
    }
    if student.has_autograd:
        gradient = upstream(values["x"].shape)
        student.backward(output, gradient)
        arrived = student.gradient(x)
        results["the gradient is scaled and dropped as the values are"] = (
            arrived is not None and arrived.shape == kept.shape and np.allclose(arrived, 2 * gradient * kept)
        )
    return results


def _two_layers(student: Student, _: Inputs) -> Any:
    first, second = student.part("Linear")(64, 16), student.part("Linear")(16, 10)
    return student.part("Sequential")(first, student.part("ReLU")(), second)


def _two_layers_inputs(draw: Draw) -> Inputs:
    return {
        "x": digits(draw, 8)[0],
        "layers.0.weight": weights(draw, 64, 16),
        "layers.0.bias": weights(draw, 16),
        "layers.2.weight": weights(draw, 16, 10),
        "layers.2.bias": weights(draw, 10),
    }


def _in_two_layers(judge: Judge, v: Any) -> Any:
    hidden = judge.F.relu(v["x"] @ v["layers.0.weight"] + v["layers.0.bias"])
    return hidden @ v["layers.2.weight"] + v["layers.2.bias"]


CASES = (
    layer(
        "linear",
        "layers",
        ("Tensor", "Linear"),
        _linear_inputs,
        lambda student, _: student.part("Linear")(64, 10),
        _linear,
        mistakes=_LINEAR_MISTAKES,
    ),
    layer(
        "linear-without-bias",
        "layers",
        ("Tensor", "Linear"),
        _linear_inputs,
        lambda student, _: student.part("Linear")(64, 10, bias=False),
        lambda _, v: v["x"] @ v["weight"],
        parameters=("weight",),
    ),
    layer(
        "linear-on-sequences",
        "layers",
        ("Tensor", "Linear"),
        _sequence_inputs,
        lambda student, _: student.part("Linear")(12, 5),
        _linear,
        mistakes=_LINEAR_MISTAKES,
    ),
    Case(
        "dropout-training",
        "layers",
        ("Tensor", "Dropout"),
        _away_from_zero,
        _dropout_training,
        lambda *_: {},
    ),
    layer(
        "dropout-evaluation",
        "layers",
        ("Tensor", "Dropout"),
        lambda draw: {"x": features(draw, 32, 32)},
        lambda student, _: student.part("Dropout")(0.5),
        lambda _, v: v["x"] * 1,
        parameters=(),
        call=lambda _, dropout, v: dropout.forward(v["x"], training=False),
        mistakes={"DROPOUT-EVALUATION-SCALES": lambda _, v: v["x"] * 0.5},
    ),
    layer(
        "sequential",
        "layers",
        ("Tensor", "Linear", "ReLU", "Sequential"),
        _two_layers_inputs,
        _two_layers,
        _in_two_layers,
        parameters=("layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"),
    ),
)
