"""Specification of tinytorch_hf.milestones.data.digits: TinyDigits as a milestone takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import load_tinydigits
from tinytorch_hf.errors import GitLFSPointerError
from tinytorch_hf.milestones import TinyDigits


def test_it_gives_the_two_splits(root: Path) -> None:
    """The numbers of `load_tinydigits`, from the installation and from a root alike."""
    X_train, y_train, X_test, y_test = load_tinydigits()
    for place in (None, root):
        digits = TinyDigits(place)
        for given, expected in zip(
            (*digits.get_train_data(), *digits.get_test_data()), (X_train, y_train, X_test, y_test), strict=True
        ):
            assert np.array_equal(given, expected) and given.dtype == expected.dtype


def test_a_damaged_root_is_an_error(root: Path) -> None:
    """What is read was verified."""
    (root / "tinydigits" / "test.pkl").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")

    with pytest.raises(GitLFSPointerError):
        TinyDigits(root).get_test_data()
