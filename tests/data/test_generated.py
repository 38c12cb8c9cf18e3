"""Specification of tinytorch_hf.data.generated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinytorch_hf import catalog
from tinytorch_hf.data import generated
from tinytorch_hf.data.generated import perceptron, xor
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array

EVERY = pytest.mark.parametrize("make", [xor, perceptron])


@EVERY
def test_they_give_points_and_labels(make: Callable[..., tuple[Array, Array]], same_random_state: None) -> None:
    """Float32 in the unit square, int64, as many of each class; the same for the same seed."""
    X, y = make(100, seed=3)

    assert (X.shape, X.dtype, y.shape, y.dtype) == ((100, 2), np.float32, (100,), np.int64)
    assert 0 <= X.min() <= X.max() <= 1
    assert np.bincount(y).tolist() == [50, 50]
    assert all(map(np.array_equal, make(100, seed=3), (X, y)))
    assert not np.array_equal(make(100, seed=4)[0], X)


@given(n_samples=st.integers(1, 300), seed=st.integers(0, 1000))
def test_labels_say_where_the_points_are(n_samples: int, seed: int) -> None:
    """XOR of the halves, with a gap between the classes; the side of the diagonal, with a gap as well."""
    X, y = xor(n_samples, seed)
    assert np.array_equal((X[:, 0] > 0.5) != (X[:, 1] > 0.5), y == 1)
    assert np.abs(X - 0.5).min() > 0.049

    X, y = perceptron(n_samples, seed)
    assert np.array_equal(X.sum(axis=1) > 1, y == 1)
    assert np.abs(X.sum(axis=1) - 1).min() > 0.2


@pytest.mark.parametrize("facts", catalog.GENERATED.values(), ids=catalog.GENERATED)
def test_the_catalog_states_what_they_are(facts: catalog.GeneratedInfo) -> None:
    """The function of that name gives as many points, in these columns and range, of these classes, cited alike."""
    make = getattr(generated, facts.name)

    arrays = make()

    assert [(c.name, c.dtype, c.shape) for c in facts.columns] == [
        (name, str(array.dtype), array.shape[1:]) for name, array in zip(("X", "y"), arrays, strict=True)
    ]
    X, y = arrays
    assert len(X) == len(y) == facts.n_samples
    assert facts.value_range[0] <= X.min() <= X.max() <= facts.value_range[1]
    assert np.unique(y).tolist() == list(range(len(facts.classes)))
    assert facts.citation in " ".join(make.__doc__.split())


@EVERY
def test_no_points_are_refused(make: Callable[..., tuple[Array, Array]]) -> None:
    """There is nothing to learn from."""
    with pytest.raises(InvalidArgumentError, match="at least 1"):
        make(0)


@EVERY
@pytest.mark.parametrize("arguments", [(1.5,), (float("nan"),), ("9",), (None,), (9, -1), (9, 0.5)])
def test_numbers_that_are_not_whole_are_refused(
    make: Callable[..., tuple[Array, Array]], arguments: tuple[object, ...]
) -> None:
    """Of points and seeds."""
    with pytest.raises(InvalidArgumentError, match="must be a whole number"):
        make(*arguments)
