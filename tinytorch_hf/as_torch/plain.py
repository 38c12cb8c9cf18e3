"""A split as plain tensors, for those who need no PIL images; torchvision is not imported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.utils.data import TensorDataset

from tinytorch_hf.data.loaders import load_images


def tensors(name: str, split: str = "train", root: str | Path | None = None) -> TensorDataset:
    """One split as a TensorDataset, importing torch alone.

    Parameters
    ----------
    name
        A dataset's name.
    split
        "train" or "test"; of digits_8x8 "full".
    root
        None for the bundled files, or for those in the cache; or a folder in which they are looked for.

    Returns
    -------
    torch.utils.data.TensorDataset
        Of images (N, channels, height, width) float32 in [0, 1], exact, and labels (N,) int64.

    Raises
    ------
    UnknownNameError
        No such dataset or split.
    InvalidArgumentError
        The dataset holds texts.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    images, labels = load_images(name, split, root)
    stacked = images[:, np.newaxis] if images.ndim == 3 else images
    return TensorDataset(torch.from_numpy(stacked), torch.from_numpy(labels))
