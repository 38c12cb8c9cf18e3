"""The layers of which programs are made: how each is built, and what PyTorch makes of the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.activations import gelu_erf, gelu_sigmoid, gelu_tanh
from tinytorch_hf.check.cases.embeddings import sinusoids
from tinytorch_hf.check.cases.multi_head import PARAMETERS, multi_head
from tinytorch_hf.check.modes import in_mode
from tinytorch_hf.check.naming import named
from tinytorch_hf.check.programs import masking
from tinytorch_hf.check.programs.program import EVALUATION, TRAINING
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student, UntriedError

Arguments = Mapping[str, Any]
Parameters = Mapping[str, Any]
Right = Callable[[Judge, Parameters, Any, Arguments], Any]


@dataclass(frozen=True)
class Made:
    """A layer on the judge's side.

    Attributes
    ----------
    arguments
        How it was made.
    parameters
        By their path.
    state
        What it keeps from one call to the next beside them.
    """

    arguments: Arguments
    parameters: Parameters
    state: dict[str, Any] = field(default_factory=dict)


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
    if arguments.get("mask") is not None:
        return masking.of_layer(student, layer, x, arguments["mask"])
    more = []
    if "labels" in arguments:
        more.append(student.labels(np.array(arguments["labels"], dtype=np.float32)))
    if "target" in arguments:
        more.append(student.tensor(np.array(arguments["target"], dtype=np.float32)))
    method = layer if callable(layer) else layer.forward
    if "mode" in arguments:
        method = _in_mode(layer, method, arguments["mode"])
    return method(x, *more)


def _in_mode(layer: Any, method: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """What calls a layer in a mode; one that knows none is in training."""
    try:
        return in_mode(layer, mode == TRAINING)
    except UntriedError:
        if mode == EVALUATION:
            raise
        return method


def _linear(_judge: Judge, p: Parameters, x: Any, _: Arguments) -> Any:
    made = x @ p["weight"]
    return made + p["bias"] if "bias" in p else made


def _convolved(judge: Judge, p: Parameters, x: Any, arguments: Arguments) -> Any:
    named_too = arguments["named"]
    return judge.F.conv2d(x, p["weight"], p.get("bias"), named_too.get("stride", 1), named_too.get("padding", 0))


def _layer_norm(judge: Judge, p: Parameters, x: Any, _: Arguments) -> Any:
    return judge.F.layer_norm(x, x.shape[-1:], p["gamma"], p["beta"])


def _batch_norm(unbiased: bool = True, starts_with_first: bool = False) -> Right:
    """In training by the batch, whose mean and variance move those that evaluation goes by."""

    def right(judge: Judge, p: Parameters, x: Any, arguments: Arguments) -> Any:
        state = arguments["state"]
        if arguments.get("mode") == EVALUATION:
            mean, variance = (state[name].reshape(1, -1, 1, 1) for name in ("mean", "variance"))
            gamma, beta = (p[name].reshape(1, -1, 1, 1) for name in ("gamma", "beta"))
            return (x - mean) / (variance + _EPS).sqrt() * gamma + beta
        share = 1.0 if starts_with_first and not state else _MOMENTUM
        batch = {"mean": x.mean((0, 2, 3)), "variance": x.var((0, 2, 3), unbiased=unbiased)}
        for name, start in (("mean", 0.0), ("variance", 1.0)):
            state[name] = (1 - share) * state.get(name, start) + share * batch[name].detach()
        return judge.F.batch_norm(x, None, None, p["gamma"], p["beta"], training=True)

    return right


def _multi_head(judge: Judge, p: Parameters, x: Any, arguments: Arguments) -> Any:
    given = arguments.get("mask")
    mask = None if given is None else judge.tensor(np.array([given], dtype=np.float32))
    return multi_head(judge, {**p, "heads": arguments["sizes"][1]}, x, mask)


def _positions(_: Judge, p: Parameters, x: Any, _arguments: Arguments) -> Any:
    return x + p["position_embeddings"][: x.shape[1]]


def _fixed_positions(_: Judge, p: Parameters, x: Any, _arguments: Arguments) -> Any:
    return x + p["position_embeddings"][: x.shape[1]].detach()


def _sinusoidal_positions(judge: Judge, _: Parameters, x: Any, _arguments: Arguments) -> Any:
    return x + judge.tensor(sinusoids(x.shape[1], x.shape[2]))


def _pooled(name: str) -> Right:
    def right(judge: Judge, _: Parameters, x: Any, arguments: Arguments) -> Any:
        named_too = arguments["named"]
        return getattr(judge.F, name)(x, arguments["sizes"][0], named_too.get("stride"), named_too.get("padding", 0))

    return right


def _target(judge: Judge, arguments: Arguments) -> Any:
    return judge.tensor(np.array(arguments["target"], dtype=np.float32))


# As TinyTorch and PyTorch have them by default.
_EPS, _MOMENTUM = 1e-5, 0.1
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
        _batch_norm(),
        ("batch-norm2d-training", "batch-norm2d-one-image"),
        # What `BatchNorm2d evaluation` finds out.
        (_batch_norm(unbiased=False), _batch_norm(starts_with_first=True), _batch_norm(False, starts_with_first=True)),
        parameters=("gamma", "beta"),
    ),
    "Dropout": Layer(lambda _j, _p, x, _: x, ("dropout-evaluation", "dropout-of-nothing")),
    "Embedding": Layer(
        lambda judge, p, x, _: judge.F.embedding(x, p["weight"]),
        ("embedding", "embedding-repeated-ids", "embedding-one-id"),
        parameters=("weight",),
    ),
    "PositionalEncoding": Layer(
        _positions,
        ("positional-encoding",),
        (_fixed_positions, _sinusoidal_positions),
        parameters=("position_embeddings",),
    ),
    "MultiHeadAttention": Layer(_multi_head, ("multi-head-attention",), parameters=PARAMETERS),
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
