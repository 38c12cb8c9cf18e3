"""What a case raises instead of numbers, and why."""

from __future__ import annotations

from typing import Any


class UnbuiltError(Exception):
    """A part that a case needs is not there yet."""


class DiffersError(Exception):
    """Something is not as it should be that no comparison of numbers would show; the message says what."""


class ParameterShapeError(DiffersError):
    """A parameter has another shape than TinyTorch's; ``layer`` is what it belongs to."""

    def __init__(self, layer: Any, message: str) -> None:
        super().__init__(message)
        self.layer = layer


class UntriedError(Exception):
    """What is asked for cannot be tried with this package, though it may be right; the message says why."""
