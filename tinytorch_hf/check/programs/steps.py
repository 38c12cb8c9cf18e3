"""How each kind of statement is drawn: what is taken of the tensors so far, and what new ones it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tinytorch_hf.check.programs import sequences
from tinytorch_hf.check.programs.builder import Builder, broadcastable, fits
from tinytorch_hf.check.programs.program import EVALUATION, TRAINING
from tinytorch_hf.check.programs.sound import UnsoundError

Step = Callable[[Builder], "str | None"]


def operator(b: Builder) -> str | None:
    """An operator or its method: with a tensor so far, with a new one that broadcasts, with a number; either side."""
    symbol = b.one_of(("+", "-", "*", "/"))
    x = b.pick()
    if x is None:
        return None
    kind = b.rng.random()
    if kind < 0.3:
        number = b.number()
        return (
            b.operation(f"{symbol} number", (x, number))
            if b.chance(0.5)
            else b.operation(f"number {symbol}", (number, x))
        )
    y = b.pick(lambda shape: fits(shape, b.shape(x))) if kind < 0.7 else None
    if y is None:
        shape = broadcastable(b.shape(x), b.rng)
        y = b.away(shape) if symbol == "/" else b.leaf(shape)
    left, right = (x, y) if b.chance(0.5) else (y, x)
    method = {"+": ".add", "-": ".sub", "*": ".mul", "/": ".div"}[symbol]
    return b.operation(method if method in b.available and b.chance(0.2) else symbol, (left, right))


def joined_leaves(b: Builder) -> str | None:
    """Two new tensors, or one and what was computed, to which one gradient goes back."""
    shape = b.shape(b.pool[-1])
    x = b.leaf(shape)
    y = b.leaf(shape) if b.chance(0.7) else b.pick(lambda other: other == shape)
    made = None if y is None else b.operation(b.one_of(("+", "+", "-")), (x, y))
    return None if made is None else b.operation("* number", (made, b.number()))


def elementwise(b: Builder) -> str | None:
    """A power, a sign, an exponential, a logarithm, a root, an activation as a method."""
    form = b.one_of(("neg", "**", "exp", "log", "sqrt", ".relu", ".sigmoid", ".tanh", "**"))
    if form not in b.available:
        return None
    x = b.pick()
    exponent = b.one_of((2, 3, -1, 0.5, 1))
    is_root = form in ("log", "sqrt") or (form == "**" and exponent == 0.5)
    if x is None or (is_root and b.values[x].data.min() < 0.3):
        x = b.positive(b.shape(x)) if x is not None else b.positive(b.lengths(2))
    return b.operation(form, (x,), **({"exponent": exponent} if form == "**" else {}))


def reduction(b: Builder) -> str | None:
    """A sum, a mean, a maximum or a minimum over all axes, over one or several, kept or not."""
    form = b.one_of(("sum", "mean", "max", "sum", "mean", "min"))
    x = b.pick(lambda shape: len(shape) > 0)
    if x is None or form not in b.available:
        return None
    n = len(b.shape(x))
    arguments: dict[str, Any] = {"axis": None, "keepdims": False}
    if b.chance(0.75):
        arguments["axis"] = int(b.rng.integers(-n, n))
        arguments["keepdims"] = b.chance(0.4)
    return b.operation(form, (x,), **arguments)


def tied(b: Builder) -> str | None:
    """A maximum of a leaf that has equal values, which nothing else is made of."""
    if "max" not in b.available:
        return None
    n, m = b.lengths(2)
    values = b.rng.integers(-1, 2, (n, m)).astype(float)
    leaf = b.leaf((n, m), gradient=True, values=values.tolist())
    made = b.operation("max", (leaf,), axis=b.one_of((0, 1, -1, None)), keepdims=False, ties=True)
    b.pool.remove(leaf)
    return made


def reshape(b: Builder) -> str | None:
    """Another shape, often with a length that is left open."""
    x = b.pick(lambda shape: len(shape) > 0)
    if x is None:
        return None
    shape, size = b.shape(x), math.prod(b.shape(x))
    n = b.one_of(shape)
    ways = [[-1], [size], [n, size // n], [size // n, n], [1, *shape], [*shape, 1], list(reversed(shape))]
    wanted = [int(length) for length in b.one_of(ways)]
    if -1 not in wanted and b.chance(0.5):
        wanted[int(b.rng.integers(len(wanted)))] = -1
    return b.operation("reshape", (x,), shape=wanted)


def transpose(b: Builder) -> str | None:
    """Two axes exchanged; by default the last two."""
    x = b.pick(lambda shape: len(shape) > 1)
    if x is None:
        return None
    first, second = (int(axis) for axis in b.rng.permutation(len(b.shape(x)))[:2])
    return b.operation("transpose", (x,), axes=b.one_of(([], [first, second])))


def index(b: Builder) -> str | None:
    """A whole number, slices, steps, or rows some of which are named twice."""
    x = b.pick(lambda shape: len(shape) > 0 and shape[0] > 1)
    if x is None:
        return None
    shape = b.shape(x)
    n = shape[0]
    if b.chance(0.2):
        rows = [int(row) for row in b.rng.integers(0, n, 4)]
        return b.operation("index rows", (x,), index=[["rows", rows]])
    first: Any = b.one_of(
        ([1, None, None], [None, -1, None], [0, n, 2], int(b.rng.integers(-n, n)), [None, None, None])
    )
    parts = [first]
    if len(shape) > 1 and b.chance(0.5):
        m = shape[1]
        parts.append(b.one_of(([None, m - 1 or None, None], int(b.rng.integers(-m, m)), [m // 2, None, None])))
    return b.operation("index", (x,), index=parts)


def product(b: Builder) -> str | None:
    """A product of matrices, with a new one or one so far, on either side; of batches, too."""
    x = b.pick(lambda shape: len(shape) > 1)
    if x is None:
        x = b.leaf(b.lengths(2))
    *batch, n, k = b.shape(x)
    m = b.one_of((1, 2, 3, 4))
    form = "@" if "@" in b.available and b.chance(0.6) else ".matmul"
    others = b.pick(lambda shape: len(shape) == 2 and shape[0] == k) if b.chance(0.4) else None
    scale = 1 / math.sqrt(max(n, k))
    is_batched = bool(batch) and b.chance(0.3)
    if others is None and b.chance(0.3) and not batch:
        return b.operation(form, (b.leaf((m, n), scale), x))
    return b.operation(form, (x, others or b.leaf((*batch, k, m) if is_batched else (k, m), scale)))


def activation(b: Builder) -> str | None:
    """An activation."""
    part = b.one_of(("ReLU", "Sigmoid", "Tanh", "GELU", "Softmax", "ReLU"))
    x = b.pick(lambda shape: len(shape) > 1)
    return None if x is None or part not in b.available else b.call(b.layer(part), x)


def linear(b: Builder) -> str | None:
    """A fully connected layer, new or one that was called before."""
    x = b.pick(lambda shape: len(shape) > 1)
    if x is None or "Linear" not in b.available:
        return None
    n_in, n_out = b.shape(x)[-1], b.one_of((2, 3, 4, 5))
    known = [name for name in b.layers("Linear") if b.made(name)["sizes"][0] == n_in]
    if known and b.chance(0.6):
        return b.call(b.one_of(known), x)
    if b.chance(0.3):
        n_out = n_in
    weight = b.numbers((n_in, n_out), 1 / math.sqrt(n_in))
    if b.chance(0.2):
        return b.call(b.layer("Linear", (n_in, n_out), {"weight": weight}, bias=False), x)
    return b.call(b.layer("Linear", (n_in, n_out), {"weight": weight, "bias": b.numbers((n_out,))}), x)


def residual(b: Builder) -> str | None:
    """What was computed, added to something of the same shape."""
    x = b.pick()
    y = None if x is None else b.pick(lambda shape: shape == b.shape(x))
    return None if x is None or y is None else b.operation("+", (x, y) if b.chance(0.5) else (y, x))


def layer_norm(b: Builder) -> str | None:
    """A normalization of the last axis."""
    x = b.pick(lambda shape: len(shape) > 1 and shape[-1] > 2)
    if x is None:
        return None
    width = b.shape(x)[-1]
    return b.call(b.layer("LayerNorm", (width,), {"gamma": b.numbers((width,)), "beta": b.numbers((width,))}), x)


def convolution(b: Builder) -> str | None:
    """A convolution of small images."""
    x = b.pick(lambda shape: len(shape) == 4 and min(shape[2:]) > 1)
    if x is None:
        return None
    n_in, size = b.shape(x)[1], b.one_of((1, 2, 2, 3))
    n_out = b.one_of((1, 2, 3))
    named: dict[str, Any] = {}
    if b.chance(0.4):
        named["padding"] = 1
    if b.chance(0.3):
        named["stride"] = 2
    values = {"weight": b.numbers((n_out, n_in, size, size), 1 / (size * math.sqrt(n_in)))}
    if b.chance(0.8):
        values["bias"] = b.numbers((n_out,))
    else:
        named["bias"] = False
    return b.call(b.layer("Conv2d", (n_in, n_out, size), values, **named), x)


def pooling(b: Builder) -> str | None:
    """The largest values or the means of windows."""
    x = b.pick(lambda shape: len(shape) == 4 and min(shape[2:]) > 2)
    if x is None:
        return None
    named: dict[str, Any] = {} if b.chance(0.6) else {"stride": 1}
    if b.chance(0.2):
        named["padding"] = 1
    return b.call(b.layer(b.one_of(("MaxPool2d", "AvgPool2d")), (2,), **named), x)


def batch_norm(b: Builder) -> str | None:
    """A normalization of channels: in training, by a new layer or one that was trained; or in evaluation."""
    x = b.pick(lambda shape: len(shape) == 4 and math.prod(shape) // shape[1] > 5)
    if x is None or "BatchNorm2d" not in b.available:
        return None
    n = b.shape(x)[1]
    known = [name for name in b.layers("BatchNorm2d") if b.made(name)["sizes"] == [n] and b.values[name].state]
    if not known or b.chance(0.2):
        known = [str(b.layer("BatchNorm2d", (n,), {"gamma": b.numbers((n,)), "beta": b.numbers((n,))}))]
    layer = b.one_of(known)
    is_trained = bool(b.values[layer].state)
    if is_trained and "BatchNorm2d evaluation" in b.available and b.chance(0.7):
        return b.call(layer, x, mode=EVALUATION)
    return b.call(layer, x, mode=TRAINING)


def loss(b: Builder) -> str | None:
    """A loss of what was computed last."""
    part = b.one_of(("MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss"))
    x = b.pick(lambda shape: len(shape) == 2 and shape[1] > 1)
    if x is None or part not in b.available:
        return None
    shape = b.shape(x)
    if part == "MSELoss":
        return b.call(b.layer(part), x, target=b.numbers(shape))
    if part == "BinaryCrossEntropyLoss":
        p = b.call(b.layer("Sigmoid"), x)
        targets = b.rng.integers(0, 2, shape).astype(float).tolist()
        return None if p is None else b.call(b.layer(part), p, target=targets)
    return b.call(b.layer(part), x, labels=[int(label) for label in b.rng.integers(0, shape[1], shape[0])])


def link(b: Builder) -> str | None:
    """One more operation of a long chain, which leaves values about as large as they were."""
    x = b.pool[-1]
    n = b.rng.random()
    if n < 0.35:
        return b.operation("* number", (x, b.one_of((0.75, 1.25, -1, 0.5))))
    if n < 0.7:
        return b.operation(b.one_of(("+ number", "- number")), (x, b.one_of((0.25, -0.5, 1))))
    if n < 0.85:
        return b.operation(b.one_of(("+", "-")), (x, b.one_of(b.pool[:2])))
    return b.operation("number -", (1, x))


STEPS: Mapping[str, tuple[tuple[Step, float], ...]] = {
    "operators": ((operator, 6), (elementwise, 2), (residual, 1), (joined_leaves, 1), (reduction, 0.5)),
    "shapes": ((operator, 3), (reshape, 2), (transpose, 2), (index, 2.5), (residual, 0.5), (product, 0.5)),
    "reductions": ((operator, 3), (reduction, 4), (tied, 0.6), (residual, 1), (elementwise, 0.5)),
    "products": ((product, 4), (operator, 2), (transpose, 1), (reduction, 0.7), (reshape, 0.5)),
    "layers": (
        *((linear, 4), (activation, 3), (layer_norm, 1), (residual, 1.5), (operator, 1), (reduction, 0.3)),
        *((sequences.parameter, 0.8), (sequences.dropout, 0.4)),
    ),
    "images": (
        *((convolution, 4), (pooling, 2), (batch_norm, 2.5), (activation, 1), (operator, 0.7), (reshape, 0.4)),
        *((residual, 0.5), (sequences.dropout, 0.3)),
    ),
    "sequences": (
        *((sequences.embedding, 3), (sequences.attention, 2), (sequences.multi_head, 2), (sequences.positions, 1)),
        *((residual, 2), (layer_norm, 0.8), (linear, 1), (sequences.parameter, 1), (sequences.dropout, 0.5)),
        *((activation, 0.5), (operator, 0.5), (transpose, 0.3), (reduction, 0.3)),
    ),
    "chains": ((link, 1),),
}
"""For each family of programs, what its statements do, and how often."""


def first_leaf(b: Builder, family: str) -> str:
    """The tensor that a program starts with."""
    if family == "images":
        n, channels = b.one_of((1, 2, 3)), b.one_of((1, 2, 3))
        height, width = b.one_of(((3, 5), (4, 3), (5, 4)))
        return b.leaf((n, channels, height, width))
    if family == "sequences":
        embedded = sequences.embedding(b) if b.chance(0.6) else None
        return embedded or b.leaf((b.one_of((1, 2)), b.one_of((2, 3, 4)), b.one_of((2, 4, 3))))
    if family == "layers":
        return b.leaf(b.one_of((b.lengths(2), b.lengths(2), (2, *b.lengths(2)))))
    rank = b.one_of((2, 2, 3, 1, 2)) if family != "products" else b.one_of((2, 2, 3))
    return b.leaf(b.lengths(rank) if rank < 3 else (b.one_of((2, 3)), *b.lengths(2)))


def drawn(b: Builder, family: str) -> str | None:
    """One more statement of a family."""
    left = b.rng.random() * sum(weight for _, weight in STEPS[family])
    for step, weight in STEPS[family]:
        left -= weight
        if left < 0:
            return tried(step, b)
    return None


def tried(step: Step, b: Builder) -> str | None:
    """The result of a step; None also where a new tensor that it needs would be too large."""
    try:
        return step(b)
    except UnsoundError:
        return None
