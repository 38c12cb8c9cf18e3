"""How statements about sequences are drawn: tables of rows, attention, positions; and a layer's own tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.check.cases.multi_head import PARAMETERS
from tinytorch_hf.check.programs.builder import Builder
from tinytorch_hf.check.programs.program import EVALUATION


def embedding(b: Builder) -> str | None:
    """Rows of a table, some of them several times; a table that was used before, or a new one."""
    if "Embedding" not in b.available:
        return None
    known = b.layers("Embedding")
    # As wide as something so far, so that both can be added.
    x = b.pick(lambda shape: len(shape) == 3)
    if known and b.chance(0.6):
        layer = b.one_of(known)
    else:
        n = b.one_of((2, 3, 4, 5))
        width = b.shape(x)[2] if x and b.chance(0.7) else b.one_of((2, 3, 4))
        layer = b.layer("Embedding", (n, width), {"weight": b.numbers((n, width))})
    n, width = b.made(layer)["sizes"]
    fits = x is not None and b.shape(x)[2] == width and b.chance(0.7)
    shape = b.shape(x)[:2] if x is not None and fits else (b.one_of((1, 2)), b.one_of((2, 3, 4)))
    return b.call(layer, b.ids(shape, n))


def mask(b: Builder, length: int) -> list[list[float]]:
    """Which positions may attend to which: to earlier ones, or to some at random; always to themselves."""
    earlier = np.tril(np.ones((length, length)))
    some = np.maximum(np.eye(length), b.rng.random((length, length)) < 0.5)
    rows: list[list[float]] = (earlier if b.chance(0.6) else some).astype(float).tolist()
    return rows


def _masked(b: Builder, part: str, length: int) -> dict[str, Any]:
    return {"mask": mask(b, length)} if f"{part} mask" in b.available and b.chance(0.5) else {}


def attention(b: Builder) -> str | None:
    """Attention: of one tensor to itself, of one to another, or of three."""
    if "attention" not in b.available:
        return None
    x = b.pick(lambda shape: len(shape) == 3 and shape[1] > 1)
    if x is None:
        x = b.leaf((2, *b.lengths(2)))
    shape = b.shape(x)
    kind = b.rng.random()
    operands = [x, x, x]
    if kind > 0.35:
        first, second = (
            (b.pick(lambda other: other == shape) if b.chance(0.5) else None) or b.leaf(shape) for _ in range(2)
        )
        operands = [x, first, first if kind < 0.6 else second]
    operands = [operands[int(place)] for place in b.rng.permutation(3)]
    return b.operation("attention", operands, **_masked(b, "attention", shape[1]))


def multi_head(b: Builder) -> str | None:
    """Attention of a sequence to itself in one head or several; new projections, or those that were used before."""
    if "MultiHeadAttention" not in b.available:
        return None
    x = b.pick(lambda shape: len(shape) == 3 and shape[1] > 1 and shape[2] <= 4)
    if x is None:
        x = b.leaf((2, b.one_of((2, 3)), 4))
    width = b.shape(x)[2]
    known = [name for name in b.layers("MultiHeadAttention") if b.made(name)["sizes"][0] == width]
    if known and b.chance(0.6):
        layer = b.one_of(known)
    else:
        values = {path: b.numbers((width,) * (2 if path.endswith("weight") else 1), 0.5) for path in PARAMETERS}
        heads = b.one_of([n for n in (1, 2, 2, 3) if width % n == 0])
        layer = b.layer("MultiHeadAttention", (width, heads), values)
    return b.call(layer, x, **_masked(b, "MultiHeadAttention", b.shape(x)[1]))


def positions(b: Builder) -> str | None:
    """A vector for each position, added; some are left over."""
    x = b.pick(lambda shape: len(shape) == 3)
    if x is None or "PositionalEncoding" not in b.available:
        return None
    _, length, width = b.shape(x)
    known = [name for name in b.layers("PositionalEncoding") if b.made(name)["sizes"] == [length, width]]
    if known and b.chance(0.6):
        return b.call(b.one_of(known), x)
    length += b.one_of((0, 1))
    values = {"position_embeddings": b.numbers((length, width))}
    return b.call(b.layer("PositionalEncoding", (length, width), values), x)


def dropout(b: Builder) -> str | None:
    """Dropout in evaluation, where it does nothing."""
    x = b.pick(lambda shape: len(shape) > 1)
    if x is None or "Dropout" not in b.available:
        return None
    return b.call(b.layer("Dropout", (b.one_of((0.1, 0.5, 0.9)),)), x, mode=EVALUATION)


def parameter(b: Builder) -> str | None:
    """A layer's own tensor, which other operations take as well: a table that is the head, a penalty of weights."""
    names = [name for name in b.layers() if b.made(name)["values"]]
    if not names or "parameter" not in b.available:
        return None
    layer = b.one_of(names)
    path = b.one_of(list(b.made(layer)["values"]))
    tensor = b.operation("parameter", (layer,), path=path)
    if tensor is None:
        return None
    shape = b.shape(tensor)
    made = None
    x = b.pick(lambda other: len(other) > 1 and other[-1] == shape[0] and other != shape) if len(shape) == 2 else None
    if x is not None and b.chance(0.6):
        made = b.operation("@" if "@" in b.available else ".matmul", (x, tensor))
    elif b.chance(0.5):
        made = b.operation("*", (tensor, tensor))
    made = made or b.operation("* number", (tensor, b.number()))
    if made is None:
        # Nothing is made of it, and it is not a result itself.
        b.pool.remove(tensor)
    return made
