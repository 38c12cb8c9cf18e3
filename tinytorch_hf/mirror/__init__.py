"""A read-only Hub for a classroom: what Hugging Face's clients ask for, and pages for people."""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of

__dir__ = directory_of(__name__)
