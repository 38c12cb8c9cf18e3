"""Specification of milestones.optimisation.kv_cache: reading once is as good as reading again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_networks import MODELS, network

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.milestones.generation import rereading
from tinytorch_hf.milestones.optimisation.kv_cache import CachedNetwork
from tinytorch_hf.milestones.optimisation.levels import greedy
from tinytorch_hf.milestones.optimisation.quantisation import quantised

LENGTH, VOCABULARY = 6, 11
IDS = MODELS["gpt"][1]


@given(st.lists(st.integers(1, LENGTH), min_size=1).filter(lambda steps: sum(steps) <= LENGTH), st.integers(1, 3))
def test_logits_are_those_of_the_full_forward_pass(steps: list[int], batch: int) -> None:
    """At every position, in whatever steps the text is read."""
    n_read = sum(steps)
    ids = IDS[:batch, :n_read]
    cached = CachedNetwork(network("gpt"), batch)

    ends = np.cumsum(steps)
    logits = [cached.read(ids[:, end - n : end]).reshape(batch, n, -1) for end, n in zip(ends, steps, strict=True)]

    expected = network("gpt")(ids).reshape(batch, n_read, -1)
    np.testing.assert_allclose(np.concatenate(logits, axis=1), expected, rtol=1e-5, atol=1e-6)
    assert cached.length == n_read


def test_int8_pieces_can_be_cached_too() -> None:
    """Scales are fixed beforehand, so a step sees what the full pass sees."""
    gpt = quantised(network("gpt"), IDS)
    cached = CachedNetwork(gpt)

    logits = [cached(IDS[0, place : place + 1]) for place in range(LENGTH)]

    np.testing.assert_allclose(np.stack(logits), gpt(IDS[:1]), rtol=1e-4, atol=1e-5)


def test_each_attention_computes_keys_of_new_positions_alone() -> None:
    """The projections are given every position once."""
    rows = []

    def exchange(layer, name, piece):
        def counted(x):
            rows.append(len(x))
            return piece(x)

        return counted if (layer, name) == ("block 2 attention", "k_proj") else piece

    read = CachedNetwork(network("gpt").exchanged(exchange))
    greedy(read, IDS[0, :3], 4)

    assert rows == [3, 1, 1, 1]


def test_a_text_longer_than_the_models_is_refused() -> None:
    """Before anything is read, with what to do; the cache stays as it was."""
    cached = CachedNetwork(network("gpt"))
    cached(IDS[0, :5])

    with pytest.raises(InvalidArgumentError, match="up to 6 characters; it has read 5, and 2 more are too many"):
        cached(IDS[0, :2])

    np.testing.assert_allclose(cached(IDS[0, 5:6]), network("gpt")(IDS[:1])[-1], rtol=1e-5, atol=1e-6)


def test_two_texts_do_not_share_a_cache() -> None:
    """Each starts again, though the network is one."""
    gpt = network("gpt")
    first = CachedNetwork(gpt)
    first(IDS[0])

    assert np.array_equal(CachedNetwork(gpt)(IDS[1]), CachedNetwork(network("gpt"))(IDS[1]))


@given(st.integers(0, VOCABULARY - 1))
def test_the_same_text_is_written(first: int) -> None:
    """Whether everything is read again or not."""
    gpt, prompt = network("gpt"), np.array([first])

    written = greedy(CachedNetwork(gpt), prompt, LENGTH)

    assert np.array_equal(written, greedy(rereading(gpt), prompt, LENGTH))
    assert written.dtype == np.int64
