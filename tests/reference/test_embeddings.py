"""Specification of reference.embeddings: rows of a table, and positions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from judging import agrees_with_torch, arrays, with_parameters

from tinytorch_hf.reference import Embedding, PositionalEncoding, Tensor, create_sinusoidal_embeddings


@given(shape=st.lists(st.integers(1, 4), max_size=3).map(tuple), seed=st.integers(0, 9))
def test_an_embedding_gives_rows_and_adds_up_their_gradients(shape: tuple[int, ...], seed: int) -> None:
    """Of ids of any shape; with five ids for up to 64 places, most are repeated."""
    ids = np.random.default_rng(seed).integers(0, 5, shape)

    agrees_with_torch(
        lambda weight: with_parameters(Embedding(5, 3), weight=weight)(Tensor(ids)),
        lambda weight: torch.nn.functional.embedding(torch.tensor(ids), weight),
        arrays((5, 3)),
    )


def test_an_embedding_has_the_conventions_of_tinytorch() -> None:
    """Weight (vocab_size, embed_dim), trained."""
    layer = Embedding(7, 4)

    assert layer.weight.shape == (7, 4)
    assert layer.parameters() == [layer.weight]
    assert layer.weight.requires_grad
    assert 0.5 < np.abs(Embedding(50, 50).weight.data).max() / np.sqrt(6 / 100) <= 1


@pytest.mark.parametrize("id_", [-1, 5, 1.5])
def test_an_embedding_refuses_what_is_no_id(id_: float) -> None:
    """NumPy would take -1 for the last row."""
    with pytest.raises(ValueError, match=f"from 0 to 4, got {id_:g}"):
        Embedding(5, 3)(Tensor([[0, id_]]))


@given(batch=st.integers(1, 3), length=st.integers(1, 4))
def test_positional_encoding_adds_its_first_rows(batch: int, length: int) -> None:
    """The gradient of a row is the sum over the batch; rows beyond the sequence get none."""
    agrees_with_torch(
        lambda x, rows: with_parameters(PositionalEncoding(4, 3), position_embeddings=rows)(x),
        lambda x, rows: x + rows[:length],
        arrays((batch, length, 3), (4, 3)),
    )


def test_positional_encoding_says_what_it_takes() -> None:
    """Sequences of its features, not longer than its table."""
    layer = PositionalEncoding(4, 3)

    assert layer.parameters() == [layer.position_embeddings]
    with pytest.raises(ValueError, match=r"at most 4 .*, got 5"):
        layer(Tensor(np.zeros((2, 5, 3))))
    with pytest.raises(ValueError, match=r"\(batch, sequence, 3\), got \(4, 3\)"):
        layer(Tensor(np.zeros((4, 3))))


@pytest.mark.parametrize("embed_dim", [1, 4, 7])
def test_sinusoidal_embeddings_follow_the_papers_formula(embed_dim: int) -> None:
    """Sines in even columns, cosines in odd ones, pairs sharing a wavelength."""
    table = create_sinusoidal_embeddings(50, embed_dim)

    expected = [
        [
            (np.sin if column % 2 == 0 else np.cos)(position / 10000 ** ((column - column % 2) / embed_dim))
            for column in range(embed_dim)
        ]
        for position in range(50)
    ]
    np.testing.assert_allclose(table.data, expected, rtol=1e-5, atol=1e-6)
    assert not table.requires_grad
