"""Attention: every position gathers from others, by how well its query fits their keys."""

from __future__ import annotations

import numpy as np

from tinytorch_hf.reference.activations import Softmax
from tinytorch_hf.reference.checks import check_sequences
from tinytorch_hf.reference.layers import Layer, Linear, parameters_of
from tinytorch_hf.reference.tensor import Tensor

# Added to scores that may not count: their exponentials are exactly 0 in float32.
MASKED = -1e9


def scaled_dot_product_attention(
    Q: Tensor,
    K: Tensor,
    V: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """softmax(Q K^T / sqrt(d)) V, and the softmax.

    Parameters
    ----------
    Q, K
        (..., queries, d) and (..., keys, d).
    V
        (..., keys, values).
    mask
        Broadcasts to (..., queries, keys): 1 where a query may attend to a key, 0 where not. A fully masked query
        attends to all alike. None: all may.

    Returns
    -------
    tuple of Tensor
        The output (..., queries, values), and the weights (..., queries, keys), which add up to 1 over the keys.

    Raises
    ------
    ValueError
        The shapes do not belong together.

    References
    ----------
    A. Vaswani et al. (2017), Attention Is All You Need, equation 1. https://doi.org/10.48550/arXiv.1706.03762
    """
    if Q.shape[-1] != K.shape[-1] or K.shape[-2] != V.shape[-2]:
        raise ValueError(
            f"Attention takes Q (..., queries, d), K (..., keys, d) and V (..., keys, values), "
            f"got {Q.shape}, {K.shape} and {V.shape}."
        )
    scores = Q.matmul(K.transpose()) * (1 / np.sqrt(Q.shape[-1]))
    if mask is not None:
        scores = scores + (1 - mask.data) * np.float32(MASKED)
    weights = Softmax()(scores)
    return weights.matmul(V), weights


class MultiHeadAttention(Layer):
    """Attention of a sequence to itself in several subspaces at once.

    Parameters
    ----------
    embed_dim
        Features of a position.
    num_heads
        Number of subspaces, which must divide embed_dim.

    Attributes
    ----------
    q_proj, k_proj, v_proj, out_proj
        Linear(embed_dim, embed_dim). Head h works on the features from h * head_dim on.

    Raises
    ------
    ValueError
        ``num_heads`` does not divide ``embed_dim``, or sequences or mask do not fit.

    References
    ----------
    A. Vaswani et al. (2017), Attention Is All You Need, section 3.2.2. https://doi.org/10.48550/arXiv.1706.03762
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        if num_heads < 1 or embed_dim % num_heads:
            raise ValueError(f"num_heads must divide embed_dim, got {num_heads} and {embed_dim}.")
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.q_proj = Linear(embed_dim, embed_dim)
        self.k_proj = Linear(embed_dim, embed_dim)
        self.v_proj = Linear(embed_dim, embed_dim)
        self.out_proj = Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Map (batch, seq, embed_dim) to the same shape; the mask is (batch or 1, seq, seq), 1 for "may attend"."""
        check_sequences(f"MultiHeadAttention({self.embed_dim}, {self.num_heads})", x, self.embed_dim)
        batch, seq, _ = x.shape
        if mask is not None:
            if mask.shape not in ((batch, seq, seq), (1, seq, seq)):
                raise ValueError(f"The mask must be ({batch} or 1, {seq}, {seq}), got {mask.shape}.")
            mask = mask.reshape(mask.shape[0], 1, seq, seq)
        q, k, v = (self._split_heads(projection(x)) for projection in (self.q_proj, self.k_proj, self.v_proj))
        attended, _ = scaled_dot_product_attention(q, k, v, mask)
        return self.out_proj(attended.transpose(1, 2).reshape(batch, seq, self.embed_dim))

    def _split_heads(self, x: Tensor) -> Tensor:
        """(batch, seq, embed_dim) as (batch, heads, seq, head_dim)."""
        batch, seq, _ = x.shape
        return x.reshape(batch, seq, self.num_heads, self.head_dim).transpose(1, 2)

    def parameters(self) -> list[Tensor]:
        """Those of the projections of queries, keys, values and output."""
        return parameters_of(self.q_proj, self.k_proj, self.v_proj, self.out_proj)
