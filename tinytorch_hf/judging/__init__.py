"""What is right, and how sure that is: cases, results, rounding, and the likely cause of a difference."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
