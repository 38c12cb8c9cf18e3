"""PyTorch as the judge, in a precision of one's choice."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.errors import MissingExtraError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Inputs


class Judge:
    """What `Case.right` computes with.

    Attributes
    ----------
    torch, F
        torch and torch.nn.functional.
    dtype
        torch.float32 or torch.float64.

    Raises
    ------
    MissingExtraError
        torch is not installed.
    """

    def __init__(self, precision: str) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("torch", "compare", error) from error
        self.torch = torch
        self.F = torch.nn.functional
        self.dtype = getattr(torch, precision)

    def tensor(self, values: Array, gradient: bool = False) -> Any:
        """A tensor of these values: floats in the judge's precision, whole numbers as int64."""
        if np.issubdtype(values.dtype, np.integer):
            return self.torch.tensor(values, dtype=self.torch.int64)
        return self.torch.tensor(values, dtype=self.dtype, requires_grad=gradient)

    def tensors(self, inputs: Inputs, leaves: tuple[str, ...]) -> dict[str, Any]:
        """All arrays among the inputs as tensors; those named as leaves receive gradients."""
        return {
            name: self.tensor(values, name in leaves) if isinstance(values, np.ndarray) else values
            for name, values in inputs.items()
        }

    def array(self, tensor: Any) -> Array:
        """Values of a tensor in float64, whatever the precision they were computed in."""
        values: Array = tensor.detach().to(self.torch.float64).numpy()
        return values
