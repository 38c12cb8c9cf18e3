"""Cards, pictures, Parquet files and their description for the Hub; publishing, a mirror, and its library's cache."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
