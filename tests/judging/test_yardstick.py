"""Specification of tinytorch_hf.judging.rounding and .divergence: rounding is not a difference, anything else is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch_hf.compare.divergence import look_at
from tinytorch_hf.judging.rounding import FACTOR, HALF_UNIT, measure

EXACT = np.array([0.1, -0.7, 1.0])
ROUNDED = EXACT.astype(np.float32)


def test_an_error_is_allowed_that_is_a_multiple_of_pytorchs_own() -> None:
    """Where PyTorch itself is far from the truth, another may be, too."""
    inexact = ROUNDED + np.float32(1e-3)

    assert measure(ROUNDED + np.float32(0.9e-3 * FACTOR), inexact, EXACT).agrees
    assert not measure(ROUNDED + np.float32(1.1e-3 * FACTOR), inexact, EXACT).agrees


def test_a_lucky_pytorch_does_not_make_rounding_a_fault() -> None:
    """A few units in the last place of the largest value are rounding in any case."""
    lucky = EXACT.astype(np.float32).astype(np.float64)

    assert measure(ROUNDED + np.float32(0.9 * FACTOR * HALF_UNIT), ROUNDED, lucky).agrees
    assert not measure(ROUNDED + np.float32(1.2 * FACTOR * HALF_UNIT), ROUNDED, lucky).agrees
    assert measure(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0)).agrees


def test_a_sum_that_cancels_is_judged_beside_what_was_added_up() -> None:
    """Its own size says nothing about its rounding."""
    tiny = np.array([1e-9])

    assert not measure(tiny.astype(np.float32) + np.float32(4e-8), tiny.astype(np.float32), tiny).agrees
    assert measure(tiny.astype(np.float32) + np.float32(4e-8), tiny.astype(np.float32), tiny, beside=0.1).agrees


def test_an_update_is_judged_by_the_size_of_the_step() -> None:
    """A step of 1e-3 that is 1 % too long is wrong, though the parameter itself is off by little."""
    before = np.ones(3)
    after = before - 1e-3
    wrong = (before - 1.01e-3).astype(np.float32)

    assert measure(wrong, after.astype(np.float32), after).allowed < measure(ROUNDED, ROUNDED, EXACT).allowed * 10
    assert not measure(wrong, after.astype(np.float32), after, before).agrees
    assert measure(after.astype(np.float32), after.astype(np.float32), after, before).agrees


@pytest.mark.parametrize(
    ("value", "kind", "detail"),
    [
        (None, "missing", "there is none"),
        (ROUNDED[:2], "shape", "its shape is (2,) instead of (3,)"),
        (EXACT, "dtype", "its dtype is float64 instead of float32"),
        (np.array([0.1, np.nan, np.inf], np.float32), "not a number", "2 of 3 values are nan or infinite"),
        (ROUNDED + np.array([0, 0.5, 0], np.float32), "wrong", "1 of 3 values are wrong, by up to 0.5"),
    ],
)
def test_a_value_is_wrong_in_one_of_five_ways(value: Any, kind: str, detail: str) -> None:
    """Each with a sentence of its own."""
    finding = look_at(value, ROUNDED, EXACT)

    assert finding is not None
    assert finding.kind == kind
    assert finding.detail.startswith(detail)


def test_a_right_value_may_be_an_array_or_a_view() -> None:
    """As students' frameworks have them."""
    for value in (ROUNDED, ROUNDED[::-1][::-1]):
        assert look_at(value, ROUNDED, EXACT) is None
