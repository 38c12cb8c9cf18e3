"""Which reader a file needs: bytes to NumPy, admitting nothing but arrays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.cifar import read_cifar_batch
from tinytorch_hf.idx import read_idx
from tinytorch_hf.npz import read_npz
from tinytorch_hf.pickles import read_pickle

__all__ = ["BY_SUFFIX", "read_cifar_batch", "read_idx", "read_npz", "read_pickle"]

# How a file is read is told by the last part of its name.
BY_SUFFIX: dict[str, Callable[[bytes, Path], dict[str, np.ndarray[Any, Any]]]] = {
    ".pkl": read_pickle,
    ".npz": read_npz,
}
