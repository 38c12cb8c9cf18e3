"""Specification of tinytorch_hf.student.layouts: which shapes hold the same numbers in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch_hf.student.layouts import holds_the_same


@pytest.mark.parametrize(
    ("shape", "other", "same"),
    [
        ((5,), (1, 5), True),
        ((1, 5, 1), (5,), True),
        ((2, 12), (2, 3, 2, 2), True),
        ((2, 3, 2, 2), (2, 12), True),
        ((12, 2), (2, 3, 2, 2), False),
        ((3, 5), (5, 3), False),
        ((15,), (3, 5), False),
        ((6, 2), (6, 1, 2), True),
    ],
)
def test_two_shapes_hold_the_same_where_the_order_is_sure(
    shape: tuple[int, ...], other: tuple[int, ...], same: bool
) -> None:
    """Axes of length 1, and rows that are flattened; a transposed matrix is another one."""
    assert holds_the_same(shape, other) is same
    assert np.prod(shape) == np.prod(other)
