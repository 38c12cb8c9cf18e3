"""Keys and values are kept: a GPT that reads every character once.

In causal attention a position's keys and values depend on what stands before it and on nothing that comes after. So
they never change once they are computed, and a new character needs its own query, key and value alone: a character
costs as much as the text is long, where reading all of it again costs the square. The price is memory: 2 * width
numbers for every position and block.

References
----------
R. Pope et al. (2023), Efficiently Scaling Transformer Inference, MLSys, section 2.
https://doi.org/10.48550/arXiv.2211.05102
N. Shazeer (2019), Fast Transformer Decoding, section 2.4 (incremental attention).
https://doi.org/10.48550/arXiv.1911.02150
"""

from __future__ import annotations

import numpy as np

from tinytorch_hf.compare.layers import forward
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation.network import Network, apply_to_rows, attend
from tinytorch_hf.milestones.optimisation.pieces import Pieces


class CachedAttention:
    """Causal attention that is given the new positions alone.

    Attributes
    ----------
    keys, values
        (batch, max_length, width) float32; the first ``length`` positions are in use.
    length
        Positions it has read.
    """

    def __init__(self, pieces: Pieces, n_heads: int, shape: tuple[int, int, int]) -> None:
        self._pieces = pieces
        self._n_heads = n_heads
        self.keys: Array = np.empty(shape, np.float32)
        self.values: Array = np.empty(shape, np.float32)
        self.length = 0

    def __call__(self, x: Array) -> Array:
        """Map the new positions (batch, new, width) to the same shape."""
        end = self.length + x.shape[1]
        q, k, v = (apply_to_rows(self._pieces[name], x) for name in ("q_proj", "k_proj", "v_proj"))
        self.keys[:, self.length : end] = k
        self.values[:, self.length : end] = v
        self.length = end
        attended = attend(q, self.keys[:, :end], self.values[:, :end], self._n_heads)
        return apply_to_rows(self._pieces["out_proj"], attended)


class CachedEmbeddings:
    """Token and position embeddings that count on from where they were."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._length = 0

    def __call__(self, ids: Array) -> Array:
        """Map the new ids (batch, new) to (batch, new, width)."""
        places = np.arange(self._length, self._length + ids.shape[1])
        self._length += ids.shape[1]
        return self._pieces["tokens"](ids) + self._pieces["positions"](places)


class CachedNetwork:
    """A GPT that remembers what it has read, for one text or for several of equal length.

    Parameters
    ----------
    network
        A GPT, whatever its pieces are.
    batch
        Texts at once.

    Attributes
    ----------
    length, max_length
        Positions it has read, and that it can read: the model has embeddings for no more.
    """

    def __init__(self, network: Network, batch: int = 1) -> None:
        self._network = network
        self._functions = dict(network.functions)
        self.length = 0
        for layer in network.layers:
            if layer.kind == "Embeddings":
                _, self.max_length, _ = layer.arguments
                self._functions[layer.name] = CachedEmbeddings(network.pieces[layer.name])
            if layer.kind == "CausalAttention":
                width, n_heads = layer.arguments
                shape = batch, self.max_length, width
                self._functions[layer.name] = CachedAttention(network.pieces[layer.name], n_heads, shape)

    def read(self, ids: Array) -> Array:
        """Map the next ids (batch, new) to their logits (batch * new, vocabulary).

        Raises
        ------
        InvalidArgumentError
            The text would be longer than the model's.
        """
        if self.length + ids.shape[1] > self.max_length:
            raise InvalidArgumentError(
                f"The model reads texts of up to {self.max_length} characters; it has read {self.length}, and "
                f"{ids.shape[1]} more are too many. Start again with the end of the text."
            )
        self.length += ids.shape[1]
        logits: Array = forward(self._network.parts, self._functions, ids, {})
        return logits

    def __call__(self, new: Array) -> Array:
        """Read the next ids (new,) of a single text; the logits (vocabulary,) of what follows."""
        last: Array = self.read(new[np.newaxis])[-1]
        return last
