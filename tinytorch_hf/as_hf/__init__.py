"""Datasets for Hugging Face: in-process `DatasetDict`s, and the exact arrays back from any of them."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of
from tinytorch_hf.as_hf.conversion import builder_class, config_names, load, loading_script, to_numpy

__all__ = ["builder_class", "config_names", "load", "loading_script", "to_numpy"]

__dir__ = directory_of(__name__)
