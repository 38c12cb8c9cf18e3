"""The same model on the same batches in TinyTorch and in PyTorch, side by side."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
