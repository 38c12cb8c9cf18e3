"""The same numbers, slower and faster: explicit loops, and steps that are fused.

Vectorised is what `network` is already: one product for a whole batch. This module has what stands on both sides of
it. Results differ from it by rounding alone.

References
----------
T. Dao, D. Y. Fu, S. Ermon, A. Rudra and C. Ré (2022), FlashAttention, section 2.1 (kernel fusion).
https://doi.org/10.48550/arXiv.2205.14135
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.layers import Layer, Part, Residual
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation.network import Network, runs
from tinytorch_hf.milestones.optimisation.pieces import Affine, Piece, arrays
from tinytorch_hf.reference.activations import sigmoid


@dataclass(frozen=True)
class LoopedAffine:
    """An affine map as one writes it first: a loop over rows, over outputs, and over inputs."""

    weight: Array
    bias: Array | None

    def __call__(self, x: Array) -> Array:
        """Map (n, inputs) to (n, outputs)."""
        n_inputs, n_outputs = self.weight.shape
        # Lists of numbers: Python reads them several times as fast as single elements of an array.
        weight = self.weight.tolist()
        bias = [0.0] * n_outputs if self.bias is None else self.bias.tolist()
        y = []
        for row in x.tolist():
            outputs = []
            for j in range(n_outputs):
                total = bias[j]
                for i in range(n_inputs):
                    total += row[i] * weight[i][j]
                outputs.append(total)
            y.append(outputs)
        return np.array(y, np.float32)

    @property
    def stored(self) -> tuple[Array, ...]:
        """Weight, then bias if there is one."""
        return arrays(self.weight, self.bias)


def in_loops(network: Network) -> Network:
    """The network with every matrix product in explicit loops."""

    def exchange(_layer: str, _name: str, piece: Piece) -> Piece:
        return LoopedAffine(piece.weight, piece.bias) if isinstance(piece, Affine) else piece

    return network.exchanged(exchange)


def relu_in_place(x: Array) -> None:
    """Overwrite x by max(x, 0)."""
    np.maximum(x, 0, out=x)


def gelu_in_place(x: Array) -> None:
    """Overwrite x by x sigmoid(1.702 x)."""
    x *= sigmoid(1.702 * x)


ACTIVATIONS = {"ReLU": relu_in_place, "GELU": gelu_in_place}


@dataclass(frozen=True)
class FusedAffine:
    """activation(x @ weight + bias) in one array: bias and activation overwrite the product.

    Attributes
    ----------
    activation
        One of `ACTIVATIONS`, or "" for none.
    """

    weight: Array
    bias: Array | None
    activation: str

    def __call__(self, x: Array) -> Array:
        """Map (n, inputs) to (n, outputs)."""
        y: Array = x @ self.weight
        if self.bias is not None:
            y += self.bias
        if self.activation:
            ACTIVATIONS[self.activation](y)
        return y

    @property
    def stored(self) -> tuple[Array, ...]:
        """Weight, then bias if there is one."""
        return arrays(self.weight, self.bias)


def fused(network: Network) -> Network:
    """The network with every activation joined to the affine map that it follows."""
    joined = joined_activations(network.parts)
    activation_of = {layer.name: activation.kind for layer, activation in joined}
    names = {activation.name for _, activation in joined}

    def exchange(layer: str, _name: str, piece: Piece) -> Piece:
        if isinstance(piece, Affine):
            return FusedAffine(piece.weight, piece.bias, activation_of.get(layer, ""))
        return piece

    pieces = {name: pieces for name, pieces in network.pieces.items() if name not in names}
    return Network(_without(network.parts, names), pieces).exchanged(exchange)


def joined_activations(parts: tuple[Part, ...]) -> list[tuple[Layer, Layer]]:
    """Every layer with an affine map that an activation follows, and that activation."""
    return [
        (layer, after)
        for run in runs(parts)
        for layer, after in itertools.pairwise(run)
        if layer.kind in ("Linear", "Conv2d") and after.kind in ACTIVATIONS
    ]


def _without(parts: tuple[Part, ...], names: set[str]) -> tuple[Part, ...]:
    kept: list[Part] = []
    for part in parts:
        if isinstance(part, Residual):
            kept.append(Residual(part.name, tuple(layer for layer in part.layers if layer.name not in names)))
        elif part.name not in names:
            kept.append(part)
    return tuple(kept)
