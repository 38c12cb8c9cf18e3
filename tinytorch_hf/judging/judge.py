"""What a judge is: that which computes what is right, in a precision of one's choice; `judges` has those there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Inputs


class Judge:
    """What `Case.right` computes with.

    Attributes
    ----------
    torch, F
        torch and torch.nn.functional, or what stands for them.
    precision, dtype
        "float64" or "float32", and the same as a type of ``torch``.
    version
        The version of what computes.
    """

    torch: Any
    F: Any
    precision: str
    dtype: Any
    version: str

    def tensor(self, values: Array, gradient: bool = False) -> Any:
        """A tensor of these values: floats in the judge's precision, whole numbers as int64."""
        raise NotImplementedError

    def tensors(self, inputs: Inputs, leaves: tuple[str, ...]) -> dict[str, Any]:
        """All arrays among the inputs as tensors; those named as leaves receive gradients."""
        return {
            name: self.tensor(values, name in leaves) if isinstance(values, np.ndarray) else values
            for name, values in inputs.items()
        }

    def array(self, tensor: Any) -> Array:
        """Values of a tensor in float64, whatever the precision they were computed in."""
        raise NotImplementedError
