"""PyTorch's side of the kinds of layers, made without touching torch's random state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tinytorch_hf.compare.layers import Layer


def build(layer: Layer) -> Any:
    """The torch module of a layer; the values of its parameters are still to be set."""
    return _BUILDERS[layer.kind](*layer.arguments)


def _linear(n_in: int, n_out: int, bias: bool = True) -> Any:
    return nn.utils.skip_init(nn.Linear, n_in, n_out, bias=bias)


class GELU(nn.Module):
    """x times sigmoid(1.702 x), the approximation that TinyTorch teaches; torch's own are erf and tanh.

    References
    ----------
    D. Hendrycks and K. Gimpel (2016), Gaussian Error Linear Units, section 2, https://arxiv.org/abs/1606.08415
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply to every value."""
        return x * torch.sigmoid(1.702 * x)


class Embeddings(nn.Module):
    """Token embedding plus learned position embedding: ids (batch, length) to (batch, length, width)."""

    def __init__(self, vocab_size: int, max_length: int, width: int) -> None:
        super().__init__()
        self.tokens = nn.utils.skip_init(nn.Embedding, vocab_size, width)
        self.positions = nn.utils.skip_init(nn.Embedding, max_length, width)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look both up and add them."""
        places = torch.arange(ids.shape[1]).reshape(1, -1)
        return self.tokens(ids) + self.positions(places)


class CausalAttention(nn.Module):
    """Multi-head attention that sees what came before: (batch, length, width) to the same shape.

    References
    ----------
    A. Vaswani et al. (2017), Attention Is All You Need, section 3.2, https://arxiv.org/abs/1706.03762
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (_linear(width, width) for _ in range(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Attend, by torch's own attention."""
        queries, keys, values = (
            projection(x).unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        attended = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        return self.out_proj(attended.transpose(1, 2).flatten(2))


_BUILDERS: dict[str, Callable[..., Any]] = {
    "Linear": _linear,
    "LinearWithoutBias": lambda n_in, n_out: _linear(n_in, n_out, bias=False),
    "ReLU": nn.ReLU,
    "Sigmoid": nn.Sigmoid,
    "GELU": GELU,
    "Conv2d": lambda n_in, n_out, size: nn.utils.skip_init(nn.Conv2d, n_in, n_out, size),
    "MaxPool2d": nn.MaxPool2d,
    "Flatten": nn.Flatten,
    "Positions to rows": lambda: nn.Flatten(0, 1),
    "Embeddings": Embeddings,
    "LayerNorm": nn.LayerNorm,
    "CausalAttention": CausalAttention,
}
