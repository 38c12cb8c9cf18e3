"""Pruning: the smallest weights become zero, or whole neurons and channels go.

Zeros save bytes only where they are not stored, and each value that is left needs its place beside it. NumPy has no
product of sparse matrices, so a network with zeros is expanded when it is loaded, and is as fast as before. Without
a neuron the matrices on both sides of it are smaller: that saves bytes and time without any other format.

References
----------
S. Han, J. Pool, J. Tran and W. J. Dally (2015), Learning both Weights and Connections for Efficient Neural Networks,
NeurIPS (train, prune by magnitude, train on). https://doi.org/10.48550/arXiv.1506.02626
H. Li, A. Kadav, I. Durdanovic, H. Samet and H. P. Graf (2017), Pruning Filters for Efficient ConvNets, ICLR (whole
channels, by the sum of their absolute weights). https://doi.org/10.48550/arXiv.1608.08710
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.compare.layers import Layer, Part, Residual
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation.network import Network, runs
from tinytorch_hf.milestones.optimisation.pieces import Affine, Piece, arrays

_WITH_PRODUCTS = ("Linear", "LinearWithoutBias", "Conv2d", "CausalAttention")
# What may lie between a neuron and the map that reads it: each of its outputs depends on one neuron or channel.
_BETWEEN = ("ReLU", "GELU", "Sigmoid", "MaxPool2d", "Flatten")


def magnitude_mask(weight: Array, sparsity: float) -> Array:
    """1 for the weights that stay, 0 for those of least absolute value, float32; of equal ones the first go.

    Parameters
    ----------
    sparsity
        Share that goes, from 0 to 1; rounded down to whole weights.

    Raises
    ------
    InvalidArgumentError
        ``sparsity`` is not a share.
    """
    _check_share("sparsity", sparsity)
    n_gone = math.floor(sparsity * weight.size)
    mask: Array = np.ones(weight.size, np.float32)
    mask[np.argsort(np.abs(weight), axis=None, kind="stable")[:n_gone]] = 0
    shaped: Array = mask.reshape(weight.shape)
    return shaped


def magnitude_masks(model: Model, weights: Weights, sparsity: float) -> Weights:
    """For every parameter its mask: those of matrix products and convolutions are pruned, each by itself."""
    return [
        [
            magnitude_mask(value, sparsity) if layer.kind in _WITH_PRODUCTS and value.ndim > 1 else np.ones_like(value)
            for value in values
        ]
        for layer, values in zip(model.layers, weights, strict=True)
    ]


def masked(weights: Weights, masks: Weights) -> Weights:
    """The weights with zeros where the masks have them."""
    return [[value * mask for value, mask in zip(*layer, strict=True)] for layer in zip(weights, masks, strict=True)]


@dataclass(frozen=True)
class SparseAffine:
    """An affine map stored as compressed sparse columns; it is expanded once, and then runs like any other.

    Attributes
    ----------
    values
        Weights that are not zero, output by output, float32.
    inputs
        The input that each belongs to, in the smallest unsigned integer that has room for it.
    starts
        Where each output's values start, and where the last one's end.
    bias
        (outputs,) float32, or None.
    dense
        The map as it runs.
    """

    values: Array
    inputs: Array
    starts: Array
    bias: Array | None
    dense: Affine

    def __call__(self, x: Array) -> Array:
        """Map (n, inputs) to (n, outputs)."""
        return self.dense(x)

    @property
    def stored(self) -> tuple[Array, ...]:
        """Values and places, and the bias if there is one."""
        return arrays(self.values, self.inputs, self.starts, self.bias)


def compressed(piece: Affine) -> SparseAffine:
    """An affine map without its zeros."""
    outputs, inputs = np.nonzero(piece.weight.T)
    n_inputs, n_outputs = piece.weight.shape
    values = piece.weight[inputs, outputs]
    starts = np.searchsorted(outputs, np.arange(n_outputs + 1))
    inputs = inputs.astype(np.min_scalar_type(n_inputs - 1))
    starts = starts.astype(np.min_scalar_type(len(values)))
    expanded = expand(values, inputs, starts, n_inputs)
    return SparseAffine(values, inputs, starts, piece.bias, Affine(expanded, piece.bias))


def expand(values: Array, inputs: Array, starts: Array, n_inputs: int) -> Array:
    """The matrix (n_inputs, outputs) of compressed sparse columns, zeros included."""
    n_outputs = len(starts) - 1
    weight: Array = np.zeros((n_inputs, n_outputs), np.float32)
    counts: Any = np.diff(starts.astype(np.int64))
    weight[inputs, np.repeat(np.arange(n_outputs), counts)] = values
    return weight


def sparse(network: Network) -> Network:
    """The network with every affine map stored without its zeros."""

    def exchange(_layer: str, _name: str, piece: Piece) -> Piece:
        return compressed(piece) if isinstance(piece, Affine) else piece

    return network.exchanged(exchange)


def without_neurons(model: Model, weights: Weights, share: float) -> tuple[Model, Weights]:
    """A smaller model: of every hidden layer's neurons or channels those with the smallest weights are gone.

    A layer is hidden when another map reads it with nothing but activations, pooling and flattening between; in a
    GPT these are the feed-forward layers of the blocks.

    Parameters
    ----------
    share
        Part of the neurons that goes, from 0 to 1, rounded down; one is always left.

    Returns
    -------
    model, weights
        The model with other numbers of neurons, and the weights of those that stay, copied.

    Raises
    ------
    InvalidArgumentError
        ``share`` is none.
    """
    _check_share("share", share)
    layers = {layer.name: layer for layer in model.layers}
    values = {layer.name: values for layer, values in zip(model.layers, weights, strict=True)}
    for writer, reader in hidden_pairs(model):
        kept = strongest_neurons(layers[writer.name], values[writer.name][0], share)
        layers[writer.name], values[writer.name] = _keep_outputs(layers[writer.name], values[writer.name], kept)
        layers[reader.name], values[reader.name] = _keep_inputs(layers[reader.name], values[reader.name], kept, writer)
    smaller = dataclasses.replace(model, parts=tuple(_with_layers(part, layers) for part in model.parts))
    return smaller, [[value.copy() for value in values[layer.name]] for layer in smaller.layers]


def hidden_pairs(model: Model) -> list[tuple[Layer, Layer]]:
    """Every layer with hidden neurons or channels, and the layer that reads them."""
    pairs = []
    for run in runs(model.parts):
        maps = [layer for layer in run if layer.kind not in _BETWEEN]
        pairs += [
            (writer, reader)
            for writer, reader in itertools.pairwise(maps)
            if writer.kind in ("Linear", "Conv2d") and reader.kind in ("Linear", "LinearWithoutBias", "Conv2d")
        ]
    return pairs


def strongest_neurons(layer: Layer, weight: Array, share: float) -> Array:
    """Numbers of the neurons that stay, in order: those whose incoming weights have the largest absolute sum."""
    strength = np.abs(weight).sum(axis=(1, 2, 3) if layer.kind == "Conv2d" else 0)
    n_gone = min(math.floor(share * len(strength)), len(strength) - 1)
    kept: Array = np.sort(np.argsort(strength, kind="stable")[n_gone:])
    return kept


def _keep_outputs(layer: Layer, values: list[Array], kept: Array) -> tuple[Layer, list[Array]]:
    weight, bias = values
    n_in, _, *size = layer.arguments
    smaller = dataclasses.replace(layer, arguments=(n_in, len(kept), *size))
    return smaller, [weight[kept] if layer.kind == "Conv2d" else weight[:, kept], bias[kept]]


def _keep_inputs(layer: Layer, values: list[Array], kept: Array, writer: Layer) -> tuple[Layer, list[Array]]:
    weight, *bias = values
    _, n_out, *size = layer.arguments
    if layer.kind == "Conv2d":
        return dataclasses.replace(layer, arguments=(len(kept), n_out, *size)), [weight[:, kept], *bias]
    # Behind a convolution a neuron is a channel, and has a row for every place in it.
    by_neuron = weight.reshape(writer.arguments[1], -1, n_out)[kept]
    smaller = by_neuron.reshape(-1, n_out)
    return dataclasses.replace(layer, arguments=(len(smaller), n_out)), [smaller, *bias]


def _with_layers(part: Part, layers: dict[str, Layer]) -> Part:
    if isinstance(part, Residual):
        return Residual(part.name, tuple(layers[layer.name] for layer in part.layers))
    return layers[part.name]


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise InvalidArgumentError(f"{name} must be from 0 to 1, got {value}.")
