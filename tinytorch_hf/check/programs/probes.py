"""For each form, and each way of using one, the smallest program with it: what a package has is found by these."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.multi_head import PARAMETERS
from tinytorch_hf.check.programs.builder import Available, Builder
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.program import EVALUATION, Program
from tinytorch_hf.check.programs.ways import CALLS, OPTIMIZERS, OPTIONS, WAYS

EVERYTHING = Available(frozenset([*FORMS, *LAYERS, *WAYS]))
"""All that programs may be made of."""

_MASK = [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
_VALUES: Mapping[str, Any] = {"momentum": 0.9, "weight_decay": 0.1, "eps": 0.1}


@functools.cache
def probes() -> Mapping[str, Program]:
    """For each form the smallest program with it."""
    found = {}
    for form in sorted(EVERYTHING.forms - {*OPTIMIZERS, *OPTIONS}):
        b = _builder()
        output = _tried(b, form)
        assert output is not None, form  # noqa: S101 -- every probe is one that can be relied on
        b.backward(output)
        found[form] = b.program()
    for name in OPTIMIZERS:
        found[name] = _stepped(name, {"weight_decay": _VALUES["weight_decay"]} if name == "AdamW" else {})
    for name in OPTIONS:
        part, _, option = name.partition(" ")
        found[name] = _stepped(part, {option: _VALUES[option]})
    return found


def _builder() -> Builder:
    return Builder(np.random.default_rng(7), EVERYTHING, all_asked=True, is_training=True)


def _stepped(part: str, named: Mapping[str, Any]) -> Program:
    """Two steps of an optimizer, as some options show in the second alone."""
    b = _builder()
    output = str(_layer(b, "Linear"))
    forward = tuple(b.statements)
    b.optimizer(part, 0.5, **named)
    b.backward(output)
    b.step()
    b.backward(str(b.again(forward, output, renews=False)))
    b.step()
    return b.program()


def _tried(b: Builder, form: str) -> str | None:
    """The result of one form alone."""
    if form in _OTHERS or form in LAYERS or form in CALLS:
        return _OTHERS.get(form, _layer if form in LAYERS else _called)(b, form)
    x = b.positive((3, 5)) if form in ("log", "sqrt", "**") else b.away((3, 5))
    if form.startswith("number "):
        return b.operation(form, (2, x))
    if form.endswith(" number"):
        return b.operation(form, (x, 2))
    arguments: dict[str, dict[str, Any]] = {
        **{key: {"axis": 1, "keepdims": False} for key in ("sum", "mean", "max", "min")},
        "**": {"exponent": 2},
        "reshape": {"shape": [5, 3]},
        "transpose": {"axes": [0, 1]},
        "index": {"index": [[1, None, None]]},
        "index rows": {"index": [["rows", [0, 2, 1]]]},
    }
    operands = (x, b.away((3, 5))) if form in ("+", "-", "*", "/", ".add", ".sub", ".mul", ".div") else (x,)
    return b.operation(form, operands, **arguments.get(form, {}))


def _attention(b: Builder, form: str) -> str | None:
    return b.operation(form, [b.leaf((2, 3, 5)) for _ in range(3)])


def _product(b: Builder, form: str) -> str | None:
    return b.operation(form, (b.leaf((3, 5)), b.leaf((5, 2))))


def _parameter(b: Builder, form: str) -> str | None:
    """A layer's tensor, of which something is made."""
    _layer(b, "Linear")
    return b.operation("* number", (str(b.operation(form, (b.layers()[0],), path="weight")), 2))


_OTHERS = {"attention": _attention, "@": _product, ".matmul": _product, "parameter": _parameter}


def _called(b: Builder, form: str) -> str | None:
    """The result of a part that is called in another than the plain way."""
    part, _, way = form.partition(" ")
    if part == "attention":
        return b.operation(part, [b.leaf((2, 3, 5)) for _ in range(3)], mask=_MASK)
    first = str(_layer(b, part))
    if way == "mask":
        return b.call(b.layers()[0], b.leaf((2, 3, 4)), mask=_MASK)
    if part == "BatchNorm2d":
        # What it goes by in evaluation is what it was trained with.
        return b.call(b.layers()[0], b.leaf((2, 3, 4, 5)), mode=EVALUATION)
    return first


def _layer(b: Builder, part: str) -> str | None:
    """What a layer makes of the smallest input that will do."""
    if part in ("Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d"):
        x = b.leaf((2, 3, 4, 5))
    elif part == "Embedding":
        x = b.ids((2, 4), 3)
    elif part in ("MultiHeadAttention", "PositionalEncoding"):
        x = b.leaf((2, 3, 4))
    elif part == "BinaryCrossEntropyLoss":
        x = b.leaf((3, 5), values=np.round(b.rng.uniform(0.1, 0.9, (3, 5)), 2).tolist())
    else:
        x = b.away((3, 5))
    sizes: Mapping[str, tuple[Any, ...]] = {
        **{"Linear": (5, 3), "LayerNorm": (5,), "Conv2d": (3, 2, 2), "BatchNorm2d": (3,), "Embedding": (3, 4)},
        **{"MaxPool2d": (2,), "AvgPool2d": (2,), "PositionalEncoding": (5, 4), "Dropout": (0.5,)},
        **{"MultiHeadAttention": (4, 2)},
    }
    values: Mapping[str, dict[str, Any]] = {
        "Linear": {"weight": b.numbers((5, 3)), "bias": b.numbers((3,))},
        "LayerNorm": {"gamma": b.numbers((5,)), "beta": b.numbers((5,))},
        "Conv2d": {"weight": b.numbers((2, 3, 2, 2)), "bias": b.numbers((2,))},
        "BatchNorm2d": {"gamma": b.numbers((3,)), "beta": b.numbers((3,))},
        "Embedding": {"weight": b.numbers((3, 4))},
        "PositionalEncoding": {"position_embeddings": b.numbers((5, 4))},
        "MultiHeadAttention": {
            path: b.numbers((4, 4) if path.endswith("weight") else (4,), 0.5) for path in PARAMETERS
        },
    }
    called: Mapping[str, dict[str, Any]] = {
        "MSELoss": {"target": b.numbers((3, 5))},
        "BinaryCrossEntropyLoss": {"target": b.rng.integers(0, 2, (3, 5)).astype(float).tolist()},
        "CrossEntropyLoss": {"labels": [4, 0, 2]},
        "Dropout": {"mode": EVALUATION},
    }
    return b.call(b.layer(part, sizes.get(part, ()), values.get(part)), x, **called.get(part, {}))
