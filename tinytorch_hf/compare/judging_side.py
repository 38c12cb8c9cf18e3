"""The judge's side of a comparison, by the judge that was chosen."""

from __future__ import annotations

from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import Side
from tinytorch_hf.judging.judges import chosen


def side_of(settings: Settings, model: Model, weights: Weights, dtype: str = "float32") -> Side:
    """The side of the judge that was chosen: PyTorch's own, or what is computed in its place with NumPy alone."""
    if chosen() == "torch":
        from tinytorch_hf.compare.pytorch_side import PyTorchSide

        return PyTorchSide(settings, model, weights, dtype)
    from tinytorch_hf.compare.numpy_side import NumPySide

    return NumPySide(settings, model, weights, dtype)
