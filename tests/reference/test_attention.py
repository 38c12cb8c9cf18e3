"""Specification of reference.attention: torch's, with and without masks, blind to the future behind a causal one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays, with_parameters
from torch.nn import functional

from tinytorch_hf.reference import Linear, MultiHeadAttention, Tensor, create_causal_mask, scaled_dot_product_attention


@given(
    leading=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    queries=st.integers(1, 4),
    keys=st.integers(1, 4),
    d=st.integers(1, 4),
    n_values=st.integers(1, 4),
)
def test_attention(leading: tuple[int, ...], queries: int, keys: int, d: int, n_values: int) -> None:
    """Of as many queries, keys and values as there are."""
    agrees_with_torch(
        lambda q, k, v: scaled_dot_product_attention(q, k, v)[0],
        functional.scaled_dot_product_attention,
        arrays((*leading, queries, d), (*leading, keys, d), (*leading, keys, n_values)),
    )


@given(batch=st.integers(1, 3), seq=st.integers(1, 5))
def test_attention_behind_a_causal_mask(batch: int, seq: int) -> None:
    """Weights above the diagonal are exactly 0, and rows add up to 1."""
    inputs = arrays((batch, seq, 3), (batch, seq, 3), (batch, seq, 3))
    mask = create_causal_mask(seq)

    agrees_with_torch(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, mask)[0],
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        inputs,
    )
    _, weights = scaled_dot_product_attention(*map(Tensor, inputs), mask)
    assert not np.triu(weights.data, 1).any()
    np.testing.assert_allclose(weights.data.sum(axis=-1), 1, rtol=1e-6)


def test_attention_refuses_shapes_that_do_not_belong_together() -> None:
    """The message names all three."""
    q, k, v = (Tensor(np.zeros(shape)) for shape in ((2, 3, 4), (2, 5, 4), (2, 6, 4)))

    with pytest.raises(ValueError, match=r"got \(2, 3, 4\), \(2, 5, 4\) and \(2, 6, 4\)"):
        scaled_dot_product_attention(q, k, v)
    with pytest.raises(ValueError, match="d\\), K"):
        scaled_dot_product_attention(Tensor(np.zeros((2, 3, 5))), k, k)


NAMES = ("q_proj", "k_proj", "v_proj", "out_proj")


@pytest.mark.parametrize("mask_kind", ["none", "causal", "of each sample"])
@pytest.mark.parametrize(("embed_dim", "num_heads"), [(4, 1), (6, 2), (6, 3), (4, 4)])
def test_multi_head_attention_is_torchs(mask_kind: str, embed_dim: int, num_heads: int) -> None:
    """Forward, and the gradients of input and of all eight parameters, against torch.nn.MultiheadAttention."""
    batch, seq = 3, 5
    mask = {
        "none": None,
        "causal": create_causal_mask(seq),
        "of each sample": Tensor(np.random.default_rng(0).integers(0, 2, (batch, seq, seq)) | np.eye(seq, dtype=int)),
    }[mask_kind]
    square, vector = (embed_dim, embed_dim), (embed_dim,)
    x, *parameters = arrays((batch, seq, embed_dim), *[square, vector] * 4)
    # Moderate scores: a softmax that is all but 0 and 1 would hide mistakes.
    parameters = [0.3 * parameter for parameter in parameters]

    def ours(x: Tensor, *parameters: Tensor) -> Tensor:
        layer = MultiHeadAttention(embed_dim, num_heads)
        for name, weight, bias in zip(NAMES, parameters[::2], parameters[1::2], strict=True):
            with_parameters(getattr(layer, name), weight=weight, bias=bias)
        return layer(x, mask)

    def theirs(x: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        weights, biases = [weight.T for weight in parameters[::2]], parameters[1::2]
        forbidden: Any = None
        if mask is not None:
            forbidden = torch.tensor(mask.data == 0).expand(batch, seq, seq).repeat_interleave(num_heads, 0)
        y, _ = functional.multi_head_attention_forward(
            *[x.transpose(0, 1)] * 3,
            embed_dim,
            num_heads,
            torch.cat(weights[:3]),
            torch.cat(biases[:3]),
            None,
            None,
            False,
            0.0,
            weights[3],
            biases[3],
            attn_mask=forbidden,
            need_weights=False,
        )
        return y.transpose(0, 1)

    agrees_with_torch(ours, theirs, [x, *parameters])


@given(position=st.integers(1, 5))
def test_a_later_token_changes_nothing_before_it(position: int) -> None:
    """To the last bit, in the output and in the gradient."""
    layer, mask = MultiHeadAttention(4, 2), create_causal_mask(6)
    (values,) = arrays((2, 6, 4))
    changed = values.copy()
    changed[:, position:] += 100.0
    before, after = Tensor(values, requires_grad=True), Tensor(changed)

    output = layer(before, mask)
    output[:, :position].sum().backward()

    assert np.array_equal(output.data[:, :position], layer(after, mask).data[:, :position])
    assert not np.array_equal(output.data[:, position:], layer(after, mask).data[:, position:])
    assert before.grad is not None and not before.grad[:, position:].any()


def test_multi_head_attention_has_the_conventions_of_tinytorch() -> None:
    """Four square Linears with bias, in the order query, key, value, output."""
    layer = MultiHeadAttention(6, 2)

    projections = [getattr(layer, name) for name in NAMES]
    assert all(isinstance(projection, Linear) for projection in projections)
    assert layer.parameters() == [p for projection in projections for p in (projection.weight, projection.bias)]
    assert layer.head_dim == 3


def test_multi_head_attention_says_what_it_takes() -> None:
    """Heads that divide the features, sequences of those features, masks of those sequences."""
    for num_heads in (4, 0, -2):
        with pytest.raises(ValueError, match=f"num_heads must divide embed_dim, got {num_heads} and 6"):
            MultiHeadAttention(6, num_heads)
    with pytest.raises(ValueError, match=r"\(batch, sequence, 6\), got \(5, 6\)"):
        MultiHeadAttention(6, 2)(Tensor(np.zeros((5, 6))))
    with pytest.raises(ValueError, match=r"must be \(2 or 1, 5, 5\), got \(1, 4, 4\)"):
        MultiHeadAttention(6, 2)(Tensor(np.zeros((2, 5, 6))), create_causal_mask(4))
