"""Activation functions, on what a first layer makes of digits, on zeros and on large values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, sizes
from tinytorch_hf.check.operation import DrawInputs, InTorch, operation
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student


def _activation(
    name: str,
    part: str,
    torch: InTorch,
    *,
    inputs: DrawInputs | None = None,
    mistakes: Mapping[str, InTorch] | None = None,
    **more: Any,
) -> Case:
    arguments = more.pop("arguments", {})
    return operation(
        name,
        "activations",
        ("Tensor", part),
        inputs or _inputs,
        lambda student, values: _activated(student, part, values["x"], arguments),
        torch,
        mistakes=mistakes,
        is_by_row=not arguments,
        **more,
    )


def _activated(student: Student, part: str, x: Any, arguments: Mapping[str, Any]) -> Any:
    """What an activation makes of x; softmax is told the axis wherever a mapped framework takes it."""
    if part == "Softmax" and student.is_mapped:
        axis = arguments.get("dim", -1)
        for name in ("dim", "axis"):
            if student.takes(part, name):
                return student.part(part)(**{name: axis}).forward(x)
            if student.takes(part, name, "forward"):
                return student.part(part)().forward(x, **{name: axis})
    return student.part(part)().forward(x, **arguments)


def _large(
    name: str,
    part: str,
    torch: InTorch,
    overflow: str,
    mistakes: Mapping[str, InTorch] | None = None,
    also_right: Sequence[InTorch] = (),
) -> Case:
    """A case of values up to 1e5, for which PyTorch gives finite numbers."""

    def is_finite(_: Inputs, results: Results) -> list[Claim]:
        # None, a gradient that never arrives, is judged as any other.
        numbers = [results[name] for name in ("output", "gradient of x") if results.get(name) is not None]
        return [Claim("what is finite in PyTorch is finite", all(map(_is_finite, numbers)), overflow)]

    more: Any = {"claims": is_finite, "also_right": also_right}
    return _activation(f"{name}-large", part, torch, inputs=_large_inputs, mistakes=mistakes, **more)


def _is_finite(values: Any) -> bool:
    return bool(np.isfinite(values).all())


def _inputs(draw: Draw) -> Inputs:
    return {"x": features(draw, *sizes(draw, 13, 7))}


def _large_inputs(draw: Draw) -> Inputs:
    x = features(draw, *sizes(draw, 13, 7)) * np.float32(100)
    x[1, :4] = [100, -100, 1e5, -1e5]
    x[2, :2] = [-100, 0]
    x[4] = -x[4] - 1e5
    return {"x": x}


def _relu_at_zero(student: Student, values: Inputs) -> Results:
    """The gradient at 0 stands apart: every number from 0 to 1 is a slope there, and PyTorch's is 0."""
    x = student.tensor(values["x"], gradient=True)
    output = student.part("ReLU")().forward(x)
    results: Results = {"output": np.array(student.array(output))}
    if student.has_autograd:
        student.backward(output, upstream(values["x"].shape))
        arrived = student.gradient(x)
        at_zero = values["x"] == 0
        if arrived is not None and arrived.shape == at_zero.shape:
            results["largest slope at 0"] = float(np.abs(arrived[at_zero]).max())
            arrived = np.where(at_zero, 0, arrived)
        results["gradient of x, but for zeros"] = arrived
    return results


def _relu_at_zero_in_torch(judge: Judge, values: Inputs) -> Results:
    x = judge.tensor(values["x"])
    gradient = judge.tensor(upstream(values["x"].shape)) * (x > 0)
    return {"output": judge.array(judge.F.relu(x)), "gradient of x, but for zeros": judge.array(gradient)}


def _relu_at_zero_claims(_: Inputs, results: Results) -> list[Claim]:
    what = "the gradient passes where x is exactly 0, as for x >= 0; PyTorch's is 0 there, as for x > 0"
    return [Claim(what, results.get("largest slope at 0", 0.0) == 0.0, is_note=True)]


def _zero_inputs(draw: Draw) -> Inputs:
    x = features(draw, *sizes(draw, 13, 7))
    x[draw.rng.random(x.shape) < 0.4] = 0
    return {"x": x}


def gelu_erf(judge: Any, x: Any) -> Any:
    """The exact form, with the normal distribution."""
    return judge.F.gelu(x)


def gelu_tanh(judge: Any, x: Any) -> Any:
    """The approximation with tanh."""
    return judge.F.gelu(x, approximate="tanh")


def gelu_sigmoid(judge: Any, x: Any) -> Any:
    """The approximation with the sigmoid, which TinyTorch uses."""
    return x * judge.torch.sigmoid(1.702 * x)


_OTHER_GELUS: tuple[InTorch, ...] = (
    lambda judge, values: gelu_erf(judge, values["x"]),
    lambda judge, values: gelu_tanh(judge, values["x"]),
)
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


def _softmax_like_sigmoid(judge: Judge, values: Mapping[str, Any]) -> Any:
    return _sloped(judge.torch.softmax(values["x"], -1), values["x"], lambda s: s * (1 - s))


def _softmax(dim: int) -> InTorch:
    return lambda judge, values: judge.torch.softmax(values["x"], dim)


_TANH_MISTAKES: Mapping[str, InTorch] = {
    "TANH-GRADIENT-NO-SQUARE": lambda judge, values: _sloped(
        judge.torch.tanh(values["x"]), values["x"], lambda t: 1 - t
    ),
    "SLOPE-ONE": lambda judge, values: _sloped(judge.torch.tanh(values["x"]), values["x"], judge.torch.ones_like),
}

_SIGMOID_MISTAKES: Mapping[str, InTorch] = {
    "SIGMOID-GRADIENT-S": lambda judge, values: _sloped(judge.torch.sigmoid(values["x"]), values["x"], lambda s: s),
    "SIGMOID-GRADIENT-ONE-MINUS-S": lambda judge, values: _sloped(
        judge.torch.sigmoid(values["x"]), values["x"], lambda s: 1 - s
    ),
    "SLOPE-ONE": lambda judge, values: _sloped(judge.torch.sigmoid(values["x"]), values["x"], judge.torch.ones_like),
}

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
    Case(
        "relu-at-zero",
        "activations",
        ("Tensor", "ReLU"),
        _zero_inputs,
        _relu_at_zero,
        _relu_at_zero_in_torch,
        claims=_relu_at_zero_claims,
    ),
    _activation(
        "sigmoid",
        "Sigmoid",
        lambda judge, values: judge.torch.sigmoid(values["x"]),
        mistakes=_SIGMOID_MISTAKES,
    ),
    _large(
        "sigmoid",
        "Sigmoid",
        lambda judge, values: judge.torch.sigmoid(values["x"]),
        "SIGMOID-OVERFLOW",
        _SIGMOID_MISTAKES,
    ),
    _activation(
        "tanh",
        "Tanh",
        lambda judge, values: judge.torch.tanh(values["x"]),
        mistakes=_TANH_MISTAKES,
    ),
    _large("tanh", "Tanh", lambda judge, values: judge.torch.tanh(values["x"]), "TANH-OVERFLOW", _TANH_MISTAKES),
    _activation(
        "gelu",
        "GELU",
        lambda judge, values: gelu_sigmoid(judge, values["x"]),
        also_right=_OTHER_GELUS,
        mistakes={
            **{
                f"GELU-{_FORMS[forward]}-{_FORMS[backward]}": _mixed_gelus(forward, backward)
                for forward, backward in itertools.permutations(_FORMS, 2)
            },
            "GELU-PRODUCT-RULE": lambda judge, values: values["x"] * judge.torch.sigmoid(1.702 * values["x"]).detach(),
            "GELU-NO-FACTOR": lambda judge, values: values["x"] * judge.torch.sigmoid(values["x"]),
        },
    ),
    _large(
        "gelu", "GELU", lambda judge, values: gelu_sigmoid(judge, values["x"]), "GELU-OVERFLOW", also_right=_OTHER_GELUS
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
            "SOFTMAX-SIGMOID-GRADIENT": _softmax_like_sigmoid,
        },
    ),
    _activation(
        "softmax-on-sequences",
        "Softmax",
        _softmax(-1),
        inputs=lambda draw: {"x": features(draw, *sizes(draw, 3, 5, 7))},
        mistakes={
            "SOFTMAX-FIRST-AXIS": _softmax(0),
            "DEFAULT-ARGUMENT": _softmax(1),
            "SOFTMAX-SIGMOID-GRADIENT": _softmax_like_sigmoid,
        },
    ),
    _activation(
        "softmax-first-axis",
        "Softmax",
        _softmax(0),
        arguments={"dim": 0},
        mistakes={"SOFTMAX-IGNORES-DIM": _softmax(-1)},
    ),
    _large("softmax", "Softmax", _softmax(-1), "SOFTMAX-OVERFLOW"),
)
