"""Activation functions, on what a first layer makes of digits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features
from tinytorch_hf.check.operation import InTorch, operation
from tinytorch_hf.judging.case import Case, Inputs


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
        lambda rng: _inputs(rng, scale),
        lambda student, values: student.part(part)().forward(values["x"], **arguments),
        torch,
        mistakes=mistakes,
        **more,
    )


def _inputs(rng: np.random.Generator, scale: float) -> Inputs:
    return {"x": features(rng, 16, 10) * np.float32(scale)}


def gelu_erf(judge: Any, x: Any) -> Any:
    """The exact form, with the normal distribution."""
    return judge.F.gelu(x)


def gelu_tanh(judge: Any, x: Any) -> Any:
    """The approximation with tanh."""
    return judge.F.gelu(x, approximate="tanh")


def gelu_sigmoid(judge: Any, x: Any) -> Any:
    """The approximation with the sigmoid, which TinyTorch uses."""
    return x * judge.torch.sigmoid(1.702 * x)


_FORMS = {gelu_sigmoid: "sigmoid", gelu_erf: "exact", gelu_tanh: "tanh"}


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
            "the gradient also passes where x is negative": lambda judge, values: (
                values["x"] + (judge.F.relu(values["x"]) - values["x"]).detach()
            ),
            "negative values are not cut off": lambda _, values: values["x"] * 1,
            "it computes the absolute value": lambda _, values: values["x"].abs(),
        },
    ),
    _activation(
        "sigmoid",
        "Sigmoid",
        lambda judge, values: judge.torch.sigmoid(values["x"]),
        mistakes={
            "the gradient is s instead of s (1 - s)": lambda judge, values: _sloped(
                judge.torch.sigmoid(values["x"]), values["x"], lambda s: s
            ),
            "the gradient is 1 - s instead of s (1 - s)": lambda judge, values: _sloped(
                judge.torch.sigmoid(values["x"]), values["x"], lambda s: 1 - s
            ),
            "the gradient of what it returns is taken to be 1": lambda judge, values: _sloped(
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
            "the gradient is 1 - t instead of 1 - t^2": lambda judge, values: _sloped(
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
                f"forward is GELU's {_FORMS[forward]} form and backward its {_FORMS[backward]} form": _mixed_gelus(
                    forward, backward
                )
                for forward, backward in itertools.permutations(_FORMS, 2)
            },
            "its gradient lacks the second half of the product rule": lambda judge, values: (
                values["x"] * judge.torch.sigmoid(1.702 * values["x"]).detach()
            ),
            "the factor 1.702 is left out": lambda judge, values: values["x"] * judge.torch.sigmoid(values["x"]),
        },
    ),
    _activation(
        "softmax",
        "Softmax",
        _softmax(-1),
        mistakes={
            "it is taken over the first axis instead of the last": _softmax(0),
            "it is taken over all values together": lambda judge, values: judge.torch.softmax(
                values["x"].reshape(-1), 0
            ).reshape(values["x"].shape),
            "the gradient is that of a sigmoid, s (1 - s): the other values' share is missing": lambda judge, values: (
                _sloped(judge.torch.softmax(values["x"], -1), values["x"], lambda s: s * (1 - s))
            ),
        },
    ),
    _activation(
        "softmax-first-axis",
        "Softmax",
        _softmax(0),
        arguments={"dim": 0},
        mistakes={"it ignores dim and works over the last axis": _softmax(-1)},
    ),
    _activation("softmax-large", "Softmax", _softmax(-1), scale=100.0),
)
