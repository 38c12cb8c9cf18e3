"""The layers of which programs are made: how each is built, and what PyTorch makes of the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.activations import gelu_erf, gelu_sigmoid, gelu_tanh
from tinytorch_hf.check.naming import named
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

Arguments = Mapping[str, Any]
Parameters = Mapping[str, Any]
Right = Callable[[Judge, Parameters, Any, Arguments], Any]


@dataclass(frozen=True)
class Layer:
    """One kind of layer.

    Attributes
    ----------
    right
        What PyTorch makes of an input, given the parameters and the layer's arguments.
    others
        Other definitions in use, any of which will do.
    numbers, named
        Its arguments in order, and those that are written with their names.
    cases
        The battery's cases that are about it.
    parameters
        Names of its parameters.
    extra
        What belongs to the call beside the input, such as a target: names of arguments that become tensors.
    """

    right: Right
    cases: tuple[str, ...]
    others: tuple[Right, ...] = ()
    parameters: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def text(part: str, arguments: Arguments) -> str:
    """How a layer is built, as it is written."""
    given = [*map(str, arguments["sizes"]), *(f"{key}={value}" for key, value in arguments["named"].items())]
    return f"{part}({', '.join(given)})"


def build(student: Student, arguments: Arguments, keeps_flags: bool) -> Any:
    """Build a layer in the student's framework, with the values that belong in it.

    With ``keeps_flags`` whether its parameters want gradients stays what the layer itself has said.
    """
    part = arguments["part"]
    built = student.part(part)(*arguments["sizes"], **arguments["named"])
    values = {path: np.array(value, dtype=np.float32) for path, value in arguments["values"].items()}
    if not values:
        return built
    layer = named(student, built, {path: value.shape for path, value in values.items()})
    held = {path: student.held(layer, path) for path in values}
    flags = {path: student.wants_gradient(parameter) for path, parameter in held.items()}
    student.load(layer, values)
    for path, parameter in held.items() if keeps_flags else ():
        if student.wants_gradient(parameter) is not flags[path]:
            setattr(parameter, student.conventions.requires_grad, flags[path])
    return layer


def call(student: Student, layer: Any, x: Any, arguments: Arguments) -> Any:
    """Call a layer, with what belongs to the call."""
    more = []
    if "labels" in arguments:
        more.append(student.labels(np.array(arguments["labels"], dtype=np.float32)))
    if "target" in arguments:
        more.append(student.tensor(np.array(arguments["target"], dtype=np.float32)))
    method = layer if callable(layer) else layer.forward
    return method(x, *more)


def _linear(_judge: Judge, p: Parameters, x: Any, _: Arguments) -> Any:
    made = x @ p["weight"]
    return made + p["bias"] if "bias" in p else made


def _convolved(judge: Judge, p: Parameters, x: Any, arguments: Arguments) -> Any:
    named_too = arguments["named"]
    return judge.F.conv2d(x, p["weight"], p.get("bias"), named_too.get("stride", 1), named_too.get("padding", 0))


def _layer_norm(judge: Judge, p: Parameters, x: Any, _: Arguments) -> Any:
    return judge.F.layer_norm(x, x.shape[-1:], p["gamma"], p["beta"])


def _batch_norm(judge: Judge, p: Parameters, x: Any, _: Arguments) -> Any:
    return judge.F.batch_norm(x, None, None, p["gamma"], p["beta"], training=True)


def _pooled(name: str) -> Right:
    def right(judge: Judge, _: Parameters, x: Any, arguments: Arguments) -> Any:
        named_too = arguments["named"]
        return getattr(judge.F, name)(x, arguments["sizes"][0], named_too.get("stride"), named_too.get("padding", 0))

    return right


def _target(judge: Judge, arguments: Arguments) -> Any:
    return judge.tensor(np.array(arguments["target"], dtype=np.float32))


_SPATIAL = ("conv2d", "conv2d-padding", "conv2d-stride", "conv2d-channels", "conv2d-1x1", "conv2d-without-bias")

LAYERS: Mapping[str, Layer] = {
    "Linear": Layer(
        _linear,
        ("linear", "linear-one-row", "linear-without-bias", "linear-on-sequences", "linear-units-part"),
        parameters=("weight", "bias"),
    ),
    "ReLU": Layer(lambda judge, _p, x, _: judge.F.relu(x), ("relu",)),
    "Sigmoid": Layer(lambda judge, _p, x, _: judge.torch.sigmoid(x), ("sigmoid",)),
    "Tanh": Layer(lambda judge, _p, x, _: judge.torch.tanh(x), ("tanh",)),
    "GELU": Layer(
        lambda judge, _p, x, _: gelu_sigmoid(judge, x),
        ("gelu",),
        (lambda judge, _p, x, _: gelu_erf(judge, x), lambda judge, _p, x, _: gelu_tanh(judge, x)),
    ),
    "Softmax": Layer(
        lambda judge, _p, x, _: judge.torch.softmax(x, -1), ("softmax", "softmax-on-sequences", "softmax-first-axis")
    ),
    "LayerNorm": Layer(
        _layer_norm, ("layer-norm", "layer-norm-small-variance", "layer-norm-more-axes"), parameters=("gamma", "beta")
    ),
    "BatchNorm2d": Layer(
        _batch_norm, ("batch-norm2d-training", "batch-norm2d-one-image"), parameters=("gamma", "beta")
    ),
    "Conv2d": Layer(_convolved, (*_SPATIAL, "conv2d-rectangular"), parameters=("weight", "bias")),
    "MaxPool2d": Layer(_pooled("max_pool2d"), ("max-pool2d", "max-pool2d-odd", "max-pool2d-overlapping")),
    "AvgPool2d": Layer(_pooled("avg_pool2d"), ("avg-pool2d", "avg-pool2d-overlapping")),
    "MSELoss": Layer(
        lambda judge, _p, x, call_too: judge.F.mse_loss(x, _target(judge, call_too)),
        ("mse", "mse-one-sample", "mse-in-a-sum"),
        extra=("target",),
    ),
    "BinaryCrossEntropyLoss": Layer(
        lambda judge, _p, x, call_too: judge.F.binary_cross_entropy(x, _target(judge, call_too)),
        ("binary-cross-entropy", "binary-cross-entropy-one-sample", "binary-cross-entropy-in-a-sum"),
        extra=("target",),
    ),
    "CrossEntropyLoss": Layer(
        lambda judge, _p, x, call_too: judge.F.cross_entropy(x, judge.tensor(np.array(call_too["labels"]))),
        ("cross-entropy", "cross-entropy-one-sample", "cross-entropy-in-a-sum"),
        extra=("labels",),
    ),
}
"""Every kind of layer, by its name in TinyTorch."""
