"""Datasets as NumPy arrays and as texts, and what can be said of them: fingerprint, statistics, pictures."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
