"""Datasets for Hugging Face: a `DatasetDict` in memory, and the exact arrays back from any of them.

``layout``       which configurations a dataset has, and their columns: all of it follows from the facts
``encoding``     features, and a split's columns as they are on the Hub
``decoding``     tables back to the exact columns
``from_facts``   the builder that writes Arrow and Parquet
``conversion``   `load`, `to_numpy` and what goes with them
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of
from tinytorch_hf.as_hf.conversion import config_names, features, fingerprints, load, to_numpy

__all__ = ["config_names", "features", "fingerprints", "load", "to_numpy"]

__dir__ = directory_of(__name__)
