"""Mistakes that convolution and pooling have in common, as both go over windows of images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.operation import InTorch
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.judge import Judge


def last_missing(compute: InTorch) -> InTorch:
    """Windows in the last row and in the last column are left out."""
    return lambda judge, v: compute(judge, v)[:, :, :-1, :-1]


def padded_at_the_end(compute: InTorch, padding: int, value: float = 0.0) -> InTorch:
    """All padding stands below and on the right; ``compute`` does not pad."""

    def run(judge: Judge, v: Mapping[str, Any]) -> Any:
        return compute(judge, {**v, "x": judge.F.pad(v["x"], (0, 2 * padding, 0, 2 * padding), value=value)})

    return run


def overwritten(judge: Judge, x: Any, kernel: tuple[int, int], stride: int) -> Any:
    """Windows (batch, channels, pixels of a window, windows) of which each pixel passes back but the last gradient."""
    batch, channels, height, width = x.shape
    windows = judge.F.unfold(x, kernel, stride=stride).reshape(batch, channels, kernel[0] * kernel[1], -1)
    pixels = judge.torch.arange(height * width, dtype=judge.dtype).reshape(1, 1, height, width)
    kept = judge.torch.tensor(_last_places(judge.F.unfold(pixels, kernel, stride=stride)[0].long().numpy()))
    return judge.torch.where(kept, windows, windows.detach())


def _last_places(pixels: Array) -> Array:
    """For (pixels of a window, windows), where a pixel of the image is in its last window."""
    last = np.full(int(pixels.max()) + 1, -1)
    for number, window in enumerate(pixels.T):
        last[window] = number
    kept: Array = last[pixels] == np.arange(pixels.shape[1])
    return kept
