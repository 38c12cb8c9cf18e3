"""Embeddings: vectors for tokens and for positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tinytorch_hf.reference.checks import check_length, check_sequences, whole_numbers
from tinytorch_hf.reference.layers import Layer, generator
from tinytorch_hf.reference.tensor import Tensor, as_tensor


class Embedding(Layer):
    """A table with one row for each id.

    Parameters
    ----------
    vocab_size
        Number of ids.
    embed_dim
        Length of a row.

    Attributes
    ----------
    weight
        (vocab_size, embed_dim), drawn uniformly from ±sqrt(6 / (vocab_size + embed_dim)).

    Raises
    ------
    ValueError
        An id is out of range.

    References
    ----------
    Y. Bengio, R. Ducharme, P. Vincent and C. Jauvin (2003), A Neural Probabilistic Language Model, Journal of
    Machine Learning Research 3. https://jmlr.org/papers/v3/bengio03a.html
    X. Glorot and Y. Bengio (2010), Understanding the difficulty of training deep feedforward neural networks,
    AISTATS (initial weights). https://proceedings.mlr.press/v9/glorot10a.html
    """

    def __init__(self, vocab_size: int, embed_dim: int) -> None:
        self.vocab_size = vocab_size
        self.embed_dim = embed_dim
        limit = np.sqrt(6.0 / (vocab_size + embed_dim))
        self.weight = Tensor(generator.uniform(-limit, limit, (vocab_size, embed_dim)), requires_grad=True)

    def forward(self, indices: Tensor | ArrayLike) -> Tensor:
        """Give the rows of ids of any shape: (...) becomes (..., embed_dim)."""
        ids = whole_numbers(f"Embedding({self.vocab_size}, {self.embed_dim})", as_tensor(indices), self.vocab_size)
        return self.weight[ids]

    def parameters(self) -> list[Tensor]:
        """The table."""
        return [self.weight]


class PositionalEncoding(Layer):
    """Add a learned vector for each position.

    Parameters
    ----------
    max_seq_len
        Number of positions.
    embed_dim
        Length of a vector.

    Attributes
    ----------
    position_embeddings
        (max_seq_len, embed_dim), drawn uniformly from ±sqrt(2 / embed_dim).

    Raises
    ------
    ValueError
        The sequences are too long, or of another kind.

    References
    ----------
    J. Gehring, M. Auli, D. Grangier, D. Yarats and Y. N. Dauphin (2017), Convolutional Sequence to Sequence
    Learning, section 3.1. https://doi.org/10.48550/arXiv.1705.03122
    """

    def __init__(self, max_seq_len: int, embed_dim: int) -> None:
        self.max_seq_len = max_seq_len
        self.embed_dim = embed_dim
        limit = np.sqrt(2.0 / embed_dim)
        self.position_embeddings = Tensor(
            generator.uniform(-limit, limit, (max_seq_len, embed_dim)), requires_grad=True
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (batch, sequence, embed_dim); the shape stays."""
        check_sequences("PositionalEncoding", x, self.embed_dim)
        length = x.shape[1]
        check_length("PositionalEncoding", length, self.max_seq_len)
        return x + self.position_embeddings[:length]

    def parameters(self) -> list[Tensor]:
        """The vectors."""
        return [self.position_embeddings]


def create_sinusoidal_embeddings(max_seq_len: int, embed_dim: int) -> Tensor:
    """Fixed vectors for positions: sines and cosines whose wavelengths grow from 2π to 10000·2π.

    Returns
    -------
    Tensor
        (max_seq_len, embed_dim); column 2i is sin(position / 10000^(2i / embed_dim)), column 2i + 1 its cosine.

    References
    ----------
    A. Vaswani et al. (2017), Attention Is All You Need, section 3.5. https://doi.org/10.48550/arXiv.1706.03762
    """
    positions = np.arange(max_seq_len)[:, np.newaxis]
    angles = positions / 10000.0 ** (np.arange(0, embed_dim, 2) / embed_dim)
    table = np.empty((max_seq_len, embed_dim))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : embed_dim // 2])
    return Tensor(table)
