"""Specification of tinytorch_hf.judging.quotients: slopes from values in float32, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch_hf.judging.quotients import STEPS, Slope, distances, slope

POINT = np.random.default_rng(0).standard_normal(50).astype(np.float32)
ALONG = np.random.default_rng(1).standard_normal(50)
UPSTREAM = np.random.default_rng(2).standard_normal(50)


def measured(function: Callable[[Any], Any], step: float = STEPS[0]) -> Slope:
    """The slope of a function at the point, from float32."""
    values = [function((POINT + distance * ALONG).astype(np.float32)) for distance in distances(step)]
    found = slope(np.stack(values).astype(np.float32), UPSTREAM, step)
    assert found is not None
    return found


@pytest.mark.parametrize(("function", "derivative"), [(np.sin, np.cos), (np.tanh, lambda x: 1 - np.tanh(x) ** 2)])
def test_a_smooth_function_has_its_slope_to_a_thousandth(function: Any, derivative: Any) -> None:
    """In float32, at the largest distance; and both sides agree."""
    right = float((derivative(POINT.astype(float)) * ALONG * UPSTREAM).sum())

    found = measured(function)

    assert abs(found.central - right) < 1e-3 * abs(right)
    assert found.is_smooth(abs(right))


def test_a_kink_at_the_point_shows_in_the_sides() -> None:
    """Each side has its own slope, and the centre is in the middle."""
    found = measured(lambda x: np.maximum(x - POINT, 0))

    assert found.right == pytest.approx(float((np.maximum(ALONG, 0) * UPSTREAM).sum()), rel=1e-3)
    assert found.left == pytest.approx(float((np.minimum(ALONG, 0) * UPSTREAM).sum()), rel=1e-3)
    assert not found.is_smooth(1.0)


def test_what_does_not_change_has_no_slope_and_no_noise() -> None:
    """So that a gradient of zero fits exactly, however large the values are."""
    found = measured(lambda x: np.full_like(x, 1e6))

    assert (found.central, found.noise, found.unsure) == (0.0, 0.0, 0.0)


def test_another_result_in_each_run_is_no_smooth_function() -> None:
    """As with dropout."""
    rng = np.random.default_rng(3)

    assert not measured(lambda x: x * rng.random(50)).is_smooth(10.0)


def test_what_is_not_finite_has_no_slope() -> None:
    """A logarithm of what was moved below zero is none."""
    assert slope(np.array([[1.0], [np.nan], *[[1.0]] * 5]), np.ones(1), STEPS[0]) is None
