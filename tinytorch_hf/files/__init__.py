"""A dataset's files: where they are, verified on every read, and how they become columns."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
