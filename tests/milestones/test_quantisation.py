"""Specification of milestones.optimisation.quantisation: whole numbers, and how far they may be off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from small_networks import MODELS, network, weights_of

from tinytorch_hf.milestones.optimisation.network import network_of
from tinytorch_hf.milestones.optimisation.pieces import Affine, Norm
from tinytorch_hf.milestones.optimisation.quantisation import (
    QuantisedAffine,
    QuantisedTable,
    calibrate,
    integer_product,
    quantise,
    quantised,
    scale_for,
)

FLOATS = npst.arrays(
    np.float32,
    npst.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.floats(-(2.0**60), 2.0**60, width=32),
)


@given(FLOATS, st.sampled_from([None, 0, 1]))
def test_a_number_comes_back_within_half_a_step(values: np.ndarray, axis: int | None) -> None:
    """Of its own scale; whole numbers from -127 to 127, and zero stays zero."""
    scale = scale_for(values, axis)
    if axis is not None:
        scale = np.expand_dims(scale, axis)

    integers = quantise(values, scale)

    assert integers.dtype == np.int8
    assert integers.min() >= -127
    assert not integers[values == 0].any()
    error = np.abs(integers.astype(np.float64) * scale - values)
    assert (error <= scale.astype(np.float64) * (0.5 + 1e-4)).all()


@given(FLOATS)
def test_the_largest_value_of_each_column_is_127(values: np.ndarray) -> None:
    """So no part of the range is unused; a column of zeros has the scale 1."""
    scale = scale_for(values, axis=0)
    largest = np.abs(quantise(values, scale)).max(axis=0)

    is_normal = np.abs(values).max(axis=0) > 127 * np.finfo(np.float32).tiny
    assert (largest[is_normal] == 127).all()
    assert (scale[~values.any(axis=0)] == 1).all()


def test_what_lies_outside_the_calibrated_range_becomes_its_end() -> None:
    """An activation larger than all that were seen does not wrap around."""
    assert quantise(np.array([1e9, -1e9, 127.4, -127.6], np.float32), np.float32(1)).tolist() == [127, -127, 127, -127]


@given(st.integers(1, 5), st.integers(1, 300), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_product_of_integers_is_exact(n: int, k: int, m: int, seed: int) -> None:
    """It equals that of int64, and is added up in int32."""
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-127, 128, shape).astype(np.int8) for shape in ((n, k), (k, m)))

    product = integer_product(a, b)

    assert product.dtype == np.int32
    assert np.array_equal(product, a.astype(np.int64) @ b.astype(np.int64))


def test_the_longest_product_does_not_overflow() -> None:
    """133144 times 127 * 127 is the last that fits into int32; NumPy would add int8 up in int8."""
    a = np.full((1, 133_144), 127, np.int8)

    assert integer_product(a, a.T).item() == 133_144 * 127 * 127


def test_a_map_is_off_by_no_more_than_its_steps() -> None:
    """Of the inputs and of the weights, for every output; the bias is kept."""
    rng = np.random.default_rng(0)
    x, weight = (rng.standard_normal(shape).astype(np.float32) for shape in ((20, 30), (30, 10)))
    bias = rng.standard_normal(10).astype(np.float32)
    input_scale, weight_scale = scale_for(x), scale_for(weight, axis=0)
    piece = QuantisedAffine(quantise(weight, weight_scale), weight_scale, input_scale, bias)

    # (x + e)(w + f) - x w = x f + e w + e f with |e| and |f| at most half a step.
    bound = (
        np.abs(x).sum(axis=1, keepdims=True) * weight_scale / 2
        + np.abs(weight).sum(axis=0) * input_scale / 2
        + 30 * weight_scale * input_scale / 4
    )
    error = np.abs(piece(x) - Affine(weight, bias)(x))

    assert (error <= bound * 1.01).all()
    assert 0 < error.mean() < 0.05


def test_scales_are_calibrated_on_what_each_map_is_given() -> None:
    """The first one sees the images themselves."""
    batch = MODELS["mlp"][1]

    scales = calibrate(network("mlp"), batch)

    assert list(scales) == [("linear 1", "map"), ("linear 2", "map"), ("linear 3", "map")]
    assert scales["linear 1", "map"] == pytest.approx(np.abs(batch).max() / 127)


@pytest.mark.parametrize("name", MODELS)
def test_every_map_and_table_is_int8_and_the_results_are_close(name: str) -> None:
    """Norms alone stay float32; outputs are within 5 % of the largest."""
    before, batch = network(name), MODELS[name][1]

    after = quantised(before, batch)

    pieces = [piece for pieces in after.pieces.values() for piece in pieces.values()]
    assert all(isinstance(piece, QuantisedAffine | QuantisedTable | Norm) for piece in pieces)
    assert all(piece.weight.dtype == np.int8 for piece in pieces if not isinstance(piece, Norm))
    error = np.abs(after(batch) - before(batch)).max()
    assert 0 < error < 0.05 * np.abs(before(batch)).max()


def test_every_output_and_every_row_has_a_scale_of_its_own() -> None:
    """However small its weights are beside the others', all of int8's range is in use."""
    model, batch = MODELS["gpt"]
    weights = weights_of(model)
    tokens, head = weights[0][0], weights[-2][0]
    tokens[3] *= 1e-3
    head[:, 3] *= 1e-3

    pieces = quantised(network_of(model, weights), batch).pieces

    assert (np.abs(pieces["embeddings"]["tokens"].weight).max(axis=1) == 127).all()
    assert (np.abs(pieces["head"]["map"].weight).max(axis=0) == 127).all()


def test_the_size_counts_scales_and_biases() -> None:
    """Of 6-5-4-3: a byte a weight, four a bias and a scale of an output, four for the scale of each input."""
    assert quantised(network("mlp"), MODELS["mlp"][1]).size_bytes == (30 + 20 + 12) + 4 * 12 + 4 * 12 + 4 * 3
