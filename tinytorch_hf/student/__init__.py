"""A framework that someone wrote: finding it, reading it through a map, and a view of it for the judge."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
