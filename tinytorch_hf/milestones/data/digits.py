"""TinyDigits as one of TinyTorch's milestones imports them."""

from __future__ import annotations

from pathlib import Path

from tinytorch_hf.data import loaders
from tinytorch_hf.formats.arrays import Array


class TinyDigits:
    """TinyDigits as ``tinytorch.datasets`` gives it to the milestones.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinydigits/`` is looked for.
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = root

    def get_train_data(self) -> tuple[Array, Array]:
        """1000 images, float32 (1000, 8, 8) in [0, 1], and their labels, int64 (1000,)."""
        return loaders.load_images("tinydigits", "train", self.root)

    def get_test_data(self) -> tuple[Array, Array]:
        """200 images, float32 (200, 8, 8) in [0, 1], and their labels, int64 (200,)."""
        return loaders.load_images("tinydigits", "test", self.root)
