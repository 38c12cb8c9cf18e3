"""A trained model on bare arrays: nothing but the forward pass, in pieces that can be exchanged one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce

import numpy as np

from tinytorch_hf.compare.layers import Layer, Part, Residual, forward, leaves
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation.pieces import Piece, Pieces, pieces_of
from tinytorch_hf.reference.activations import sigmoid
from tinytorch_hf.reference.windows import Windows

Function = Callable[[Array], Array]


class Network:
    """A model that only predicts.

    Parameters
    ----------
    parts
        As `Model.parts`.
    pieces
        For every layer's name its pieces by name; `pieces_of` says which.
    """

    def __init__(self, parts: tuple[Part, ...], pieces: Mapping[str, Pieces]) -> None:
        self.parts = parts
        self.pieces = pieces
        self.functions = {
            layer.name: FUNCTIONS[layer.kind](pieces[layer.name], *layer.arguments) for layer in self.layers
        }

    @property
    def layers(self) -> Iterator[Layer]:
        """Every layer in the order of the forward pass."""
        return leaves(self.parts)

    @property
    def size_bytes(self) -> int:
        """Bytes of all arrays as they are stored."""
        every_piece = (piece for pieces in self.pieces.values() for piece in pieces.values())
        return sum(array.nbytes for piece in every_piece for array in piece.stored)

    def __call__(self, x: Array) -> Array:
        """Map a batch of images or ids to outputs, one row for each prediction."""
        outputs: Array = forward(self.parts, self.functions, x, {})
        return outputs

    def exchanged(self, exchange: Callable[[str, str, Piece], Piece]) -> Network:
        """The network with every piece replaced by what ``exchange`` gives for (layer's name, piece's name, piece)."""
        return Network(
            self.parts,
            {
                layer: {name: exchange(layer, name, piece) for name, piece in pieces.items()}
                for layer, pieces in self.pieces.items()
            },
        )


def network_of(model: Model, weights: Weights) -> Network:
    """The network of a model with these weights, which are not copied."""
    return Network(
        model.parts,
        {layer.name: pieces_of(layer, values) for layer, values in zip(model.layers, weights, strict=True)},
    )


def runs(parts: tuple[Part, ...]) -> list[tuple[Layer, ...]]:
    """Layers that follow each other with nothing between: those inside each residual, and those between residuals."""
    found: list[list[Layer]] = [[]]
    for part in parts:
        if isinstance(part, Residual):
            found += [list(part.layers), []]
        else:
            found[-1].append(part)
    return [tuple(run) for run in found if run]


def apply_to_rows(piece: Piece, x: Array) -> Array:
    """Apply an affine map to the last axis of (..., inputs): one large product is faster than a stack of small ones."""
    if x.ndim == 2:
        return piece(x)
    return piece(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1)


def attend(q: Array, k: Array, v: Array, n_heads: int) -> Array:
    """Causal attention of the last positions of a sequence to all of it.

    Parameters
    ----------
    q
        (batch, queries, width), of the last positions.
    k, v
        (batch, keys, width), of all positions, with at least as many keys as queries.
    n_heads
        Head h works on the features from h * width / n_heads on.

    Returns
    -------
    Array
        (batch, queries, width)

    References
    ----------
    A. Vaswani et al. (2017), Attention Is All You Need, section 3.2. https://doi.org/10.48550/arXiv.1706.03762
    """
    batch, n_queries, width = q.shape
    n_keys = k.shape[1]
    q, k, v = (x.reshape(batch, -1, n_heads, width // n_heads).swapaxes(1, 2) for x in (q, k, v))
    scores = q @ k.swapaxes(2, 3) * np.float32(1 / np.sqrt(width // n_heads))
    if n_queries > 1:
        is_later = np.triu(np.ones((n_queries, n_keys), bool), k=n_keys - n_queries + 1)
        scores[..., is_later] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    joined: Array = (weights @ v).swapaxes(1, 2).reshape(batch, n_queries, width)
    return joined


def _linear(pieces: Pieces, *_: int) -> Function:
    return lambda x: apply_to_rows(pieces["map"], x)


def _convolution(pieces: Pieces, _n_in: int, n_out: int, size: int) -> Function:
    windows = Windows((size, size), (1, 1), (0, 0))

    def convolve(x: Array) -> Array:
        seen = windows.view(x)
        n, *_, height, width = seen.shape
        rows = seen.transpose(0, 4, 5, 1, 2, 3).reshape(n * height * width, -1)
        channels_last = pieces["map"](rows).reshape(n, height, width, n_out)
        y: Array = channels_last.transpose(0, 3, 1, 2)
        return y

    return convolve


def _max_pool(_: Pieces, size: int) -> Function:
    windows = Windows((size, size), (size, size), (0, 0))

    def pool(x: Array) -> Array:
        seen = windows.view(x)
        return reduce(np.maximum, [seen[:, :, i, j] for i, j in windows.places()])

    return pool


def _embeddings(pieces: Pieces, *_: int) -> Function:
    return lambda ids: pieces["tokens"](ids) + pieces["positions"](np.arange(ids.shape[1]))


def _attention(pieces: Pieces, _width: int, n_heads: int) -> Function:
    def attention(x: Array) -> Array:
        q, k, v = (apply_to_rows(pieces[name], x) for name in ("q_proj", "k_proj", "v_proj"))
        return apply_to_rows(pieces["out_proj"], attend(q, k, v, n_heads))

    return attention


FUNCTIONS: dict[str, Callable[..., Function]] = {
    "Linear": _linear,
    "LinearWithoutBias": _linear,
    "ReLU": lambda _: lambda x: np.maximum(x, 0),
    "Sigmoid": lambda _: sigmoid,
    "GELU": lambda _: lambda x: x * sigmoid(1.702 * x),
    "Conv2d": _convolution,
    "MaxPool2d": _max_pool,
    "Flatten": lambda _: lambda x: x.reshape(len(x), -1),
    "Positions to rows": lambda _: lambda x: x.reshape(-1, x.shape[-1]),
    "Embeddings": _embeddings,
    "LayerNorm": lambda pieces, _width: pieces["norm"],
    "CausalAttention": _attention,
}
"""By the kinds' names in `compare.layers.KINDS`: takes a layer's pieces and its arguments, gives its function."""
