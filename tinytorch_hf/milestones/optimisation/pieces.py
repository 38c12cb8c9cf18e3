"""What holds a model's numbers: the affine maps of its layers, tables of embeddings, scale and shift of norms.

Everything else a layer does has none, and stays the same when its pieces are stored as int8, pruned, or run in loops.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tinytorch_hf.compare.layers import Layer
from tinytorch_hf.formats.arrays import Array


class Piece(Protocol):
    """A function with the arrays that it needs."""

    def __call__(self, x: Array, /) -> Array:
        """Apply it."""
        ...

    @property
    def stored(self) -> tuple[Array, ...]:
        """The arrays as they would lie in a file; their bytes are its size."""
        ...


@dataclass(frozen=True)
class Affine:
    """x @ weight + bias in float32, for rows x (n, inputs).

    Attributes
    ----------
    weight
        (inputs, outputs). A convolution's has a row for each value of a window.
    bias
        (outputs,), or None.
    """

    weight: Array
    bias: Array | None

    def __call__(self, x: Array) -> Array:
        """Map (n, inputs) to (n, outputs)."""
        y: Array = x @ self.weight
        return y if self.bias is None else y + self.bias

    @property
    def stored(self) -> tuple[Array, ...]:
        """Weight, then bias if there is one."""
        return arrays(self.weight, self.bias)


@dataclass(frozen=True)
class Table:
    """Rows of float32 by their number: weight is (rows, width)."""

    weight: Array

    def __call__(self, x: Array) -> Array:
        """Give the rows of whole numbers (...) as (..., width)."""
        return self.weight[x]

    @property
    def stored(self) -> tuple[Array, ...]:
        """The table."""
        return (self.weight,)


@dataclass(frozen=True)
class Norm:
    """Layer normalization: mean 0 and variance 1 over the last axis, then gamma times it plus beta."""

    gamma: Array
    beta: Array

    def __call__(self, x: Array) -> Array:
        """Apply to (..., width); the shape stays."""
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-5))
        y: Array = centred / deviation * self.gamma + self.beta
        return y

    @property
    def stored(self) -> tuple[Array, ...]:
        """Scale and shift."""
        return self.gamma, self.beta


PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
"""Names of the affine maps of attention, in the order of its parameters."""

Pieces = Mapping[str, Piece]


def pieces_of(layer: Layer, values: list[Array]) -> Pieces:
    """A layer's pieces by name, from the values of its parameters.

    Linear and Conv2d have one called "map", CausalAttention "q_proj", "k_proj", "v_proj" and "out_proj",
    Embeddings "tokens" and "positions", LayerNorm "norm"; the others have none.
    """
    make = _PIECES.get(layer.kind)
    return make(values) if make else {}


def as_matrix(weight: Array) -> Array:
    """A convolution's weight (outputs, inputs, height, width) as (values of a window, outputs)."""
    matrix: Array = np.ascontiguousarray(weight.reshape(len(weight), -1).T)
    return matrix


def arrays(*candidates: Array | None) -> tuple[Array, ...]:
    """Those that are there."""
    return tuple(array for array in candidates if array is not None)


_PIECES: dict[str, Callable[[list[Array]], Pieces]] = {
    "Linear": lambda values: {"map": Affine(values[0], values[1])},
    "LinearWithoutBias": lambda values: {"map": Affine(values[0], None)},
    "Conv2d": lambda values: {"map": Affine(as_matrix(values[0]), values[1])},
    "CausalAttention": lambda values: {
        name: Affine(weight, bias) for name, weight, bias in zip(PROJECTIONS, values[0::2], values[1::2], strict=True)
    },
    "Embeddings": lambda values: {"tokens": Table(values[0]), "positions": Table(values[1])},
    "LayerNorm": lambda values: {"norm": Norm(values[0], values[1])},
}
