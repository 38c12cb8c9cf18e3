"""Activation functions, on what a first layer makes of digits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features
from tinytorch_hf.check.operation import InTorch, operation
from tinytorch_hf.judging.case import Case, Draw, Inputs


def _activation(
    name: str,
    part: str,
    torch: InTorch,
    *,
    scale: float = 1.0,
    mistakes: Mapping[str, InTorch] | None = None,
    **more: Any,
) -> Case:
    arguments = more.pop("arguments", {})
    return operation(
        name,
        "activations",
        ("Tensor", part),
        lambda draw: _inputs(draw, scale),
        lambda student, values: student.part(part)().forward(values["x"], **arguments),
        torch,
        mistakes=mistakes,
        **more,
    )


def _inputs(draw: Draw, scale: float) -> Inputs:
    return {"x": features(draw, 16, 10) * np.float32(scale)}


def gelu_erf(judge: Any, x: Any) -> Any:
    """The exact form, with the normal distribution."""
    return judge.F.gelu(x)


def gelu_tanh(judge: Any, x: Any) -> Any:
    """The approximation with tanh."""
    return judge.F.gelu(x, approximate="tanh")


def gelu_sigmoid(judge: Any, x: Any) -> Any:
    """The approximation with the sigmoid, which TinyTorch uses."""
    return x * judge.torch.sigmoid(1.702 * x)


_FORMS = {gelu_sigmoid: "SIGMOID", gelu_erf: "EXACT", gelu_tanh: "TANH"}


def _mixed_gelus(forward: Any, backward: Any) -> InTorch:
    """One form forward, another's gradient."""

    def compute(judge: Any, values: Mapping[str, Any]) -> Any:
        x = values["x"]
        slope = backward(judge, x)
        return forward(judge, x).detach() + slope - slope.detach()

    return compute


def _sloped(result: Any, x: Any, slope: Any) -> Any:
    """The values of ``result``, with another slope, given as a function of them."""
    return result.detach() + slope(result).detach() * (x - x.detach())


def _softmax(dim: int) -> InTorch:
    return lambda judge, values: judge.torch.softmax(values["x"], dim)


CASES = (
    _activation(
        "relu",
        "ReLU",
        lambda judge, values: judge.F.relu(values["x"]),
        mistakes={
            "RELU-GRADIENT-NEGATIVE": lambda judge, values: (
                values["x"] + (judge.F.relu(values["x"]) - values["x"]).detach()
            ),
            "RELU-NOT-CUT": lambda _, values: values["x"] * 1,
            "RELU-ABSOLUTE": lambda _, values: values["x"].abs(),
        },
    ),
    _activation(
        "sigmoid",
        "Sigmoid",
        lambda judge, values: judge.torch.sigmoid(values["x"]),
        mistakes={
            "SIGMOID-GRADIENT-S": lambda judge, values: _sloped(
                judge.torch.sigmoid(values["x"]), values["x"], lambda s: s
            ),
            "SIGMOID-GRADIENT-ONE-MINUS-S": lambda judge, values: _sloped(
                judge.torch.sigmoid(values["x"]), values["x"], lambda s: 1 - s
            ),
            "SLOPE-ONE": lambda judge, values: _sloped(
                judge.torch.sigmoid(values["x"]), values["x"], judge.torch.ones_like
            ),
        },
    ),
    _activation("sigmoid-large", "Sigmoid", lambda judge, values: judge.torch.sigmoid(values["x"]), scale=100.0),
    _activation(
        "tanh",
        "Tanh",
        lambda judge, values: judge.torch.tanh(values["x"]),
        mistakes={
            "TANH-GRADIENT-NO-SQUARE": lambda judge, values: _sloped(
                judge.torch.tanh(values["x"]), values["x"], lambda t: 1 - t
            ),
        },
    ),
    _activation(
        "gelu",
        "GELU",
        lambda judge, values: gelu_sigmoid(judge, values["x"]),
        also_right=[
            lambda judge, values: gelu_erf(judge, values["x"]),
            lambda judge, values: gelu_tanh(judge, values["x"]),
        ],
        mistakes={
            **{
                f"GELU-{_FORMS[forward]}-{_FORMS[backward]}": _mixed_gelus(forward, backward)
                for forward, backward in itertools.permutations(_FORMS, 2)
            },
            "GELU-PRODUCT-RULE": lambda judge, values: values["x"] * judge.torch.sigmoid(1.702 * values["x"]).detach(),
            "GELU-NO-FACTOR": lambda judge, values: values["x"] * judge.torch.sigmoid(values["x"]),
        },
    ),
    _activation(
        "softmax",
        "Softmax",
        _softmax(-1),
        mistakes={
            "SOFTMAX-FIRST-AXIS": _softmax(0),
            "SOFTMAX-ALL": lambda judge, values: judge.torch.softmax(values["x"].reshape(-1), 0).reshape(
                values["x"].shape
            ),
            "SOFTMAX-SIGMOID-GRADIENT": lambda judge, values: _sloped(
                judge.torch.softmax(values["x"], -1), values["x"], lambda s: s * (1 - s)
            ),
        },
    ),
    _activation(
        "softmax-first-axis",
        "Softmax",
        _softmax(0),
        arguments={"dim": 0},
        mistakes={"SOFTMAX-IGNORES-DIM": _softmax(-1)},
    ),
    _activation("softmax-large", "Softmax", _softmax(-1), scale=100.0),
)
