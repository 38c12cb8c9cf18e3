"""What layers call their parameters and how they lay them out, found by setting them and looking at what comes out."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.student import synonyms
from tinytorch_hf.student.part_trials import Seen, call, shaped
from tinytorch_hf.student.view import Student

# Lengths of which no two, and no products, coincide.
_IN, _OUT, _KERNEL = 3, 5, 2
_CHANNELS, _IMAGE = 5, 4
_WIDTH, _HEADS = 8, 2

SHAPED: Mapping[str, tuple[tuple[Any, ...], tuple[int, ...], tuple[int, ...]]] = {
    "Linear": ((_IN, _OUT), (2, _IN), (2, _OUT)),
    "Dropout": ((0.5,), (2, _IN), (2, _IN)),
    "Flatten": ((), (2, _IN, 4), (2, _IN * 4)),
    "Conv2d": ((_IN, _OUT, _KERNEL), (1, _IN, _IMAGE, _IMAGE), (1, _OUT, _IMAGE - 1, _IMAGE - 1)),
    "MaxPool2d": ((2,), (1, 2, _IMAGE, _IMAGE), (1, 2, 2, 2)),
    "AvgPool2d": ((2,), (1, 2, _IMAGE, _IMAGE), (1, 2, 2, 2)),
    "BatchNorm2d": ((_CHANNELS,), (2, _CHANNELS, 3, 3), (2, _CHANNELS, 3, 3)),
    "LayerNorm": ((_WIDTH,), (2, 3, _WIDTH), (2, 3, _WIDTH)),
    "MultiHeadAttention": ((_WIDTH, _HEADS), (2, 3, _WIDTH), (2, 3, _WIDTH)),
    "TransformerBlock": ((_WIDTH, _HEADS), (2, 3, _WIDTH), (2, 3, _WIDTH)),
    "MLP": ((_WIDTH, 2 * _WIDTH), (2, 3, _WIDTH), (2, 3, _WIDTH)),
}
"""What layers are made with, what they are given, and what shape comes out."""

_NORMS = ("LayerNorm", "BatchNorm2d")


def layer(student: Student, name: str) -> Seen:
    """A layer that takes a tensor."""
    arguments, given, wanted = SHAPED[name]
    return shaped(student, student.part(name)(*arguments), student.float_tensor(_numbers(given)), wanted)


def embedding(student: Student) -> Seen:
    """Embedding, which takes ids."""
    made = student.part("Embedding")(7, _IN)
    return shaped(student, made, student.tensor(np.array([[1, 2]])), (1, 2, _IN))


def sequential(student: Student) -> Seen:
    """Sequential of two layers."""
    layers = [student.part("Linear")(_IN, _OUT), student.part("Linear")(_OUT, 2)]
    made = student.part("Sequential")(*layers)
    return shaped(student, made, student.float_tensor(_numbers((2, _IN))), (2, 2))


def network(student: Student) -> Seen:
    """Two layers with ReLU between, which are made together."""
    first, second = (student.part("Linear")(*widths) for widths in ((_IN, _OUT), (_OUT, 2)))
    made = student.part("Sequential")(first, None, second)
    values = {"first": _numbers((_IN, _OUT)), "second": _numbers((_OUT, 2)) * 2}
    student.fill(made.layers[0].weight, values["first"])
    student.fill(made.layers[2].weight, values["second"])
    for layer in (made.layers[0], made.layers[2]):
        student.fill(layer.bias, np.zeros(layer.bias.shape))
    x = _numbers((2, _IN))
    found = student.array(call(made, student.float_tensor(x)))
    right = np.maximum(x @ values["first"], 0) @ values["second"]
    is_right = bool(np.allclose(found, right, atol=1e-4))
    return Seen(is_right, is_right, "it is not a Linear, ReLU, Linear")


def names_of(student: Student, name: str) -> Mapping[str, str]:
    """What a layer calls its parameters, as far as it can be found; also ``linear_weight`` of Linear."""
    if name == "Linear":
        return _of_linear(student)
    if name in _NORMS:
        return _of_norm(student, name)
    made = student.part(name)(*((7, _IN) if name == "Embedding" else SHAPED[name][0]))
    size = 7 * _IN if name == "Embedding" else _IN * _OUT * _KERNEL**2
    names = {"weight": _largest(student, made, size, synonyms.WEIGHT)}
    if name == "Conv2d":
        names["bias"] = _largest(student, made, _OUT, synonyms.BIAS)
    return {ours: theirs[0] for ours, theirs in names.items() if theirs}


def _of_linear(student: Student) -> Mapping[str, str]:
    made = student.part("Linear")(_IN, _OUT)
    weights = _largest(student, made, _IN * _OUT, synonyms.WEIGHT)
    biases = _largest(student, made, _OUT, synonyms.BIAS)
    x, weight, bias = _numbers((2, _IN)), _numbers((_IN, _OUT)) * 2, _numbers((_OUT,))
    found: dict[str, str] = {}
    for theirs, layout in itertools.product(weights, ("in, out", "out, in")):
        values = weight if layout == "in, out" else weight.T
        if np.shape(student.array(getattr(made, theirs))) != values.shape:
            continue
        names = {"weight": theirs, "linear_weight": layout, **({"bias": biases[0]} if biases else {})}
        found = found or names
        student.fill(getattr(made, theirs), values)
        for other in biases:
            student.fill(getattr(made, other), bias)
        output = student.array(call(made, student.float_tensor(x)))
        if np.allclose(output, x @ weight + (bias if biases else 0), atol=1e-4):
            return names
    return found


def _of_norm(student: Student, name: str) -> Mapping[str, str]:
    (length,), given, _ = SHAPED[name]
    made = student.part(name)(length)
    scales, shifts = (_largest(student, made, length, known) for known in (synonyms.GAMMA, synonyms.BETA))
    x = _numbers(given)
    for gamma, beta in itertools.product(scales, shifts):
        if gamma == beta:
            continue
        student.fill(getattr(made, gamma), np.zeros(length, dtype=np.float32))
        student.fill(getattr(made, beta), np.full(length, 7.0, dtype=np.float32))
        if np.allclose(student.array(call(made, student.float_tensor(x))), 7.0):
            return {"gamma": gamma, "beta": beta}
    return {}


def _largest(student: Student, made: Any, size: int, known: tuple[str, ...]) -> list[str]:
    """Attributes that hold a tensor of so many values, the likeliest first; in a dict of parameters, too."""
    names = [*getattr(made, "__dict__", ())]
    listed = getattr(made, student.conventions.parameters, None)
    if callable(listed):
        given = listed()
        names += [key for key in given if isinstance(key, str)] if isinstance(given, dict) else []
    fitting = [name for name in dict.fromkeys(names) if student.is_tensor(getattr(made, name, None))]
    return synonyms.ordered([name for name in fitting if student.array(getattr(made, name)).size == size], known)


def parameters_method(student: Student, made: Any) -> str:
    """What a layer calls the method that gives its parameters."""
    for name in synonyms.PARAMETERS:
        if callable(getattr(made, name, None)):
            return name
    return student.conventions.parameters


def _numbers(shape: tuple[int, ...]) -> Any:
    count = int(np.prod(shape))
    return (np.cos(np.arange(count) * 1.7) + 0.1).astype(np.float32).reshape(shape)
