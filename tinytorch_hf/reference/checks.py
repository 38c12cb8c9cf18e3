"""What layers and losses say when they are given something of the wrong shape or range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinytorch_hf.reference.tensor import Tensor


def check_last_axis(who: str, x: Tensor, length: int) -> None:
    """Raise ValueError unless the last axis of ``x`` has this length."""
    if x.shape[-1:] != (length,):
        raise ValueError(f"{who} takes (..., {length}), got {x.shape}; reshape it so that the last axis is {length}.")


def check_sequences(who: str, x: Tensor, length: int) -> None:
    """Raise ValueError unless ``x`` is (batch, sequence, ``length``)."""
    if x.data.ndim != 3 or x.shape[-1] != length:
        raise ValueError(f"{who} takes (batch, sequence, {length}), got {x.shape}.")


def check_length(who: str, length: int, longest: int) -> None:
    """Raise ValueError if a sequence has more positions than there are vectors for."""
    if length > longest:
        raise ValueError(f"{who} takes sequences of at most {longest} (its max_seq_len), got {length}.")


def check_images(who: str, x: Tensor, channels: int | None = None) -> None:
    """Raise ValueError unless ``x`` is (batch, channels, height, width)."""
    if x.data.ndim == 4 and channels in (None, x.shape[1]):
        return
    expected = "channels" if channels is None else channels
    hint = ""
    if x.data.ndim == 3:
        n, height, width = x.shape
        hint = f" Images without an axis of channels get one with x.reshape({n}, 1, {height}, {width})."
    raise ValueError(f"{who} takes images (batch, {expected}, height, width), got {x.shape}.{hint}")


def check_same_shape(who: str, predictions: Tensor, targets: Tensor) -> None:
    """Raise ValueError unless both have one shape; others would broadcast to a wrong loss without a word."""
    if predictions.shape != targets.shape:
        raise ValueError(
            f"{who} takes predictions and targets of one shape, got {predictions.shape} and {targets.shape}."
        )


def whole_numbers(who: str, x: Tensor, n: int) -> NDArray[np.int64]:
    """The values as int64; raise ValueError unless they are whole numbers from 0 to ``n`` - 1."""
    with np.errstate(invalid="ignore"):
        numbers = x.data.astype(np.int64)
    wrong = x.data[(numbers != x.data) | (numbers < 0) | (numbers >= n)]
    if wrong.size:
        raise ValueError(f"{who} takes whole numbers from 0 to {n - 1}, got {wrong[0]:g}.")
    return numbers
