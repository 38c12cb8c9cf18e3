"""Transformers: attention and perceptrons in turn, up to a GPT."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tinytorch_hf.reference.activations import GELU
from tinytorch_hf.reference.attention import MultiHeadAttention
from tinytorch_hf.reference.checks import check_length
from tinytorch_hf.reference.embeddings import Embedding
from tinytorch_hf.reference.layers import Layer, Linear, parameters_of
from tinytorch_hf.reference.normalization import LayerNorm
from tinytorch_hf.reference.tensor import Tensor, as_tensor


def create_causal_mask(seq_len: int) -> Tensor:
    """(1, seq_len, seq_len) with ones on and below the diagonal: a position may attend to itself and what precedes."""
    return Tensor(np.tril(np.ones((1, seq_len, seq_len))))


class MLP(Layer):
    """Two affine maps with GELU between them, for every position by itself.

    Parameters
    ----------
    embed_dim
        Features of a position.
    hidden_dim
        Features between the maps; None for 4 * embed_dim.

    Attributes
    ----------
    linear1, linear2
        Linear(embed_dim, hidden_dim) and Linear(hidden_dim, embed_dim).

    References
    ----------
    A. Vaswani et al. (2017), Attention Is All You Need, section 3.3. https://doi.org/10.48550/arXiv.1706.03762
    """

    def __init__(self, embed_dim: int, hidden_dim: int | None = None) -> None:
        hidden_dim = 4 * embed_dim if hidden_dim is None else hidden_dim
        self.linear1 = Linear(embed_dim, hidden_dim)
        self.gelu = GELU()
        self.linear2 = Linear(hidden_dim, embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (..., embed_dim); the shape stays."""
        return self.linear2(self.gelu(self.linear1(x)))

    def parameters(self) -> list[Tensor]:
        """Those of both maps."""
        return parameters_of(self.linear1, self.linear2)


class TransformerBlock(Layer):
    """x + attention(normalized x), then x + mlp(normalized x).

    Parameters
    ----------
    embed_dim
        Features of a position.
    num_heads
        Heads of the attention.
    mlp_ratio
        Hidden features of the MLP, as a multiple of embed_dim.

    Attributes
    ----------
    attention, ln1, ln2, mlp
        The layers.

    References
    ----------
    R. Xiong et al. (2020), On Layer Normalization in the Transformer Architecture, figure 1(b).
    https://doi.org/10.48550/arXiv.2002.04745
    """

    def __init__(self, embed_dim: int, num_heads: int, mlp_ratio: int = 4) -> None:
        self.attention = MultiHeadAttention(embed_dim, num_heads)
        self.ln1 = LayerNorm(embed_dim)
        self.ln2 = LayerNorm(embed_dim)
        self.mlp = MLP(embed_dim, mlp_ratio * embed_dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Apply to (batch, seq, embed_dim); the shape stays."""
        x = x + self.attention(self.ln1(x), mask)
        return x + self.mlp(self.ln2(x))

    def parameters(self) -> list[Tensor]:
        """Those of attention, both normalizations and MLP."""
        return parameters_of(self.attention, self.ln1, self.ln2, self.mlp)


class GPT(Layer):
    """A language model: from every token and those before it, the logits of the next.

    To train it, join batch and sequence, as CrossEntropyLoss takes one row for each prediction:
    ``loss(logits.reshape(batch * seq, vocab_size), next_tokens.reshape(batch * seq))``.

    Parameters
    ----------
    vocab_size
        Number of tokens.
    embed_dim
        Features of a position.
    num_layers
        Number of transformer blocks.
    num_heads
        Heads of each attention.
    max_seq_len
        The longest sequence it takes.

    Attributes
    ----------
    token_embedding, position_embedding
        Embedding(vocab_size, embed_dim) and Embedding(max_seq_len, embed_dim).
    blocks
        List of TransformerBlock.
    ln_f
        The last LayerNorm.
    lm_head
        Linear(embed_dim, vocab_size) without bias.

    Raises
    ------
    ValueError
        The tokens do not fit.

    References
    ----------
    A. Radford, J. Wu, R. Child, D. Luan, D. Amodei and I. Sutskever (2019), Language Models are Unsupervised
    Multitask Learners, section 2.3.
    https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf
    """

    def __init__(
        self, vocab_size: int, embed_dim: int, num_layers: int, num_heads: int, max_seq_len: int = 1024
    ) -> None:
        self.vocab_size = vocab_size
        self.max_seq_len = max_seq_len
        self.token_embedding = Embedding(vocab_size, embed_dim)
        self.position_embedding = Embedding(max_seq_len, embed_dim)
        self.blocks = [TransformerBlock(embed_dim, num_heads) for _ in range(num_layers)]
        self.ln_f = LayerNorm(embed_dim)
        self.lm_head = Linear(embed_dim, vocab_size, bias=False)

    def forward(self, tokens: Tensor | ArrayLike) -> Tensor:
        """Map ids (batch, seq) to logits (batch, seq, vocab_size)."""
        tokens = as_tensor(tokens)
        if tokens.data.ndim != 2:
            raise ValueError(f"GPT takes tokens (batch, seq), got {tokens.shape}.")
        seq = tokens.shape[1]
        check_length("GPT", seq, self.max_seq_len)
        x = self.token_embedding(tokens) + self.position_embedding(Tensor(np.arange(seq)))
        mask = create_causal_mask(seq)
        for block in self.blocks:
            x = block(x, mask)
        return self.lm_head(self.ln_f(x))

    def parameters(self) -> list[Tensor]:
        """Those of all layers, from the embeddings to the head."""
        return parameters_of(self.token_embedding, self.position_embedding, *self.blocks, self.ln_f, self.lm_head)
