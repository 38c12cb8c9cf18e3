"""The judge that computes with NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.by_numpy import functional, functions
from tinytorch_hf.judging.by_numpy.tensor import Tensor
from tinytorch_hf.judging.judge import Judge


class NumPyJudge(Judge):
    """What `Case.right` computes with where PyTorch is not there."""

    def __init__(self, precision: str) -> None:
        self.torch = functions
        self.F = functional
        self.precision = precision
        self.dtype = np.dtype(precision)
        self.version = f"NumPy {np.__version__}"

    def tensor(self, values: Array, gradient: bool = False) -> Tensor:
        """A tensor of these values: floats in the judge's precision, whole numbers as int64."""
        if values.dtype.kind in "iu":
            return Tensor(values.astype(np.int64))
        return Tensor(values.astype(self.dtype), gradient)

    def array(self, tensor: Any) -> Array:
        """Values of a tensor in float64, whatever the precision they were computed in."""
        values: Array = tensor.data.astype(np.float64)
        return values
