"""Specification of what goes over the wire: every number bit by bit, and no damage is taken for data."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinytorch_hf.student.wire import WireError, decode, encode

ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_, np.dtype(">f4")]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
# What JSON can say.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(array=ARRAYS)
def test_an_array_survives_bit_by_bit(array: Any) -> None:
    """Also infinities and what is not a number, which JSON has no words for."""
    found = decode(json.loads(json.dumps(encode({"x": array}), allow_nan=False)))["x"]

    assert (found.shape, found.dtype) == (array.shape, array.dtype.newbyteorder("<"))
    assert found.tobytes() == array.astype(found.dtype).tobytes()


def test_plain_values_pass_through() -> None:
    """Statements, texts, whole numbers, and a gradient that never arrived."""
    values = {"a": True, "b": "text", "c": 3, "d": None, "e": ["x", "y"]}

    assert decode(json.loads(json.dumps(encode(values)))) == values


def test_what_is_no_array_of_numbers_becomes_its_description() -> None:
    """Objects never travel."""
    assert encode({"x": np.array([object()])})["x"] == "an array of object and shape (1,)"


@given(value=VALUES)
def test_damage_is_refused_and_never_crashes(value: Any) -> None:
    """Whatever JSON arrives."""
    for damaged in (value, {"x": {"dtype": value, "shape": [1], "base64": "AAAA"}}, {"x": value}):
        try:
            decode(damaged)
        except WireError:
            continue


@pytest.mark.parametrize(
    "damaged",
    [
        {"dtype": "<f4", "shape": [2], "base64": "AAAAAA=="},
        {"dtype": "<f4", "shape": [-1, -1], "base64": "AAAAAA=="},
        {"dtype": "O", "shape": [1], "base64": "AAAAAAAAAAA="},
        {"dtype": "<f4", "shape": [1], "base64": "A"},
        {"dtype": "<f4", "shape": [1]},
        {"dtype": "<f4", "shape": 5, "base64": "AAAAAA=="},
    ],
)
def test_an_array_whose_parts_do_not_fit_is_refused(damaged: Any) -> None:
    """Objects, wrong sizes, no base64, parts that are missing."""
    with pytest.raises(WireError):
        decode({"x": damaged})
