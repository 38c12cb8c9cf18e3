"""int8: weights and activations as whole numbers from -127 to 127, multiplied and added up as whole numbers.

Symmetric: a number is scale * integer, so that zero is exactly 0. A weight has a scale for each output, which costs
nothing as it is applied to the sum; an activation has one, measured on training data. Biases, norms, the softmax and
what lies between layers stay float32.

NumPy has no fast product of integers: BLAS knows floating point only. The size falls to almost a quarter; the time
falls on processors with instructions for int8, and here it may rise. Both are measured as they are.

References
----------
B. Jacob et al. (2018), Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference, CVPR. https://doi.org/10.1109/CVPR.2018.00286
R. Krishnamoorthi (2018), Quantizing deep convolutional networks for efficient inference: A whitepaper (a scale for
each output). https://doi.org/10.48550/arXiv.1806.08342
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation.network import Network
from tinytorch_hf.milestones.optimisation.pieces import Affine, Piece, Table, arrays

LARGEST = 127
"""The largest integer in use; -128 is not, so that the range is symmetric."""


def scale_for(values: Array, axis: int | None = None) -> Array:
    """The scale that maps the largest absolute value, along ``axis`` or of all, to 127; 1 where all are zero.

    Returns
    -------
    Array
        float32, without the axis.
    """
    largest = np.abs(values).max(axis=axis)
    # The scale of the smallest numbers there are would round to zero.
    smallest = np.finfo(np.float32).tiny
    scale: Array = np.where(largest > 0, np.maximum(largest / np.float32(LARGEST), smallest), 1).astype(np.float32)
    return scale


def quantise(values: Array, scale: Array) -> Array:
    """The nearest integers to values / scale, int8; what lies outside -127 to 127 becomes the nearer end."""
    integers: Array = np.clip(np.rint(values / scale), -LARGEST, LARGEST).astype(np.int8)
    return integers


def integer_product(a: Array, b: Array) -> Array:
    """Product of int8 matrices (n, k) and (k, m), added up in int32: exact for k up to 133144."""
    product: Array = np.matmul(a, b, dtype=np.int32)
    return product


@dataclass(frozen=True)
class QuantisedAffine:
    """An affine map whose product is one of int8.

    Attributes
    ----------
    weight
        (inputs, outputs) int8.
    weight_scale
        (outputs,) float32.
    input_scale
        One float32, shape ().
    bias
        (outputs,) float32, or None.
    """

    weight: Array
    weight_scale: Array
    input_scale: Array
    bias: Array | None

    def __call__(self, x: Array) -> Array:
        """Map float32 (n, inputs) to float32 (n, outputs)."""
        total = integer_product(quantise(x, self.input_scale), self.weight)
        # int32 times float32 would be float64, and everything after it too.
        y: Array = total.astype(np.float32) * (self.input_scale * self.weight_scale)
        return y if self.bias is None else y + self.bias

    @property
    def stored(self) -> tuple[Array, ...]:
        """Weight, its scales, the input's, and the bias if there is one."""
        return arrays(self.weight, self.weight_scale, self.input_scale, self.bias)


@dataclass(frozen=True)
class QuantisedTable:
    """Embeddings as int8: weight (rows, width) with a scale for each row, (rows, 1) float32."""

    weight: Array
    scale: Array

    def __call__(self, x: Array) -> Array:
        """Give the rows of whole numbers (...) as float32 (..., width)."""
        rows: Array = self.weight[x] * self.scale[x]
        return rows

    @property
    def stored(self) -> tuple[Array, ...]:
        """The table and its scales."""
        return self.weight, self.scale


def quantised(network: Network, X: Array) -> Network:
    """The network with every affine map and every table of embeddings as int8.

    Parameters
    ----------
    network
        In float32.
    X
        Inputs from the training split, on which the range of every activation is measured.
    """
    input_scales = calibrate(network, X)

    def exchange(layer: str, name: str, piece: Piece) -> Piece:
        if isinstance(piece, Affine):
            weight_scale = scale_for(piece.weight, axis=0)
            weight = quantise(piece.weight, weight_scale)
            return QuantisedAffine(weight, weight_scale, input_scales[layer, name], piece.bias)
        if isinstance(piece, Table):
            scale = scale_for(piece.weight, axis=1)[:, np.newaxis]
            return QuantisedTable(quantise(piece.weight, scale), scale)
        return piece

    return network.exchanged(exchange)


def calibrate(network: Network, X: Array) -> dict[tuple[str, str], Array]:
    """The scale of what every affine map is given when the network runs on X, by layer's and piece's name."""
    scales: dict[tuple[str, str], Array] = {}

    def exchange(layer: str, name: str, piece: Piece) -> Piece:
        return _Watched(piece, scales, (layer, name)) if isinstance(piece, Affine) else piece

    network.exchanged(exchange)(X)
    return scales


@dataclass(frozen=True)
class _Watched:
    """A piece that notes the scale of its input."""

    piece: Piece
    scales: dict[tuple[str, str], Array]
    key: tuple[str, str]

    def __call__(self, x: Array) -> Array:
        self.scales[self.key] = scale_for(x)
        return self.piece(x)

    @property
    def stored(self) -> tuple[Array, ...]:
        return self.piece.stored
