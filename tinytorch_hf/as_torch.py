"""Datasets for PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog, store
from tinytorch_hf.errors import MissingExtraError
from tinytorch_hf.loaders import Array, Split, load, unit_range

try:
    import torch
    from torch.utils.data import Dataset, TensorDataset
except ImportError as error:
    raise MissingExtraError("torch", "torch", error) from error


def tensors(name: str, split: str = "train", root: str | Path | None = None) -> TensorDataset:
    """One split as a TensorDataset, importing torch alone.

    Parameters
    ----------
    name
        A dataset's name.
    split
        "train" or "test".
    root
        None for the bundled files, or a folder in which ``<name>/`` is looked for.

    Returns
    -------
    torch.utils.data.TensorDataset
        Of images (N, 1, height, width) float32 in [0, 1], exact, and labels (N,) int64.

    Raises
    ------
    UnknownNameError
        No such dataset or split.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    catalog.info(name).split(split)
    chosen = load(name, root)[split]
    return TensorDataset(
        torch.from_numpy(unit_range(chosen["images"])).unsqueeze(1), torch.from_numpy(chosen["labels"])
    )


class TinyDigits(Dataset):
    """Handwritten digits in 8x8 pixels, with the interface of torchvision's MNIST.

    A sample is ``(image, label)``: a PIL image of mode "F", which keeps the pixels' exact multiples of 1/16 in
    [0, 1], and an int from 0 to 9. ``ToTensor()`` makes (1, 8, 8) float32 of it with the same values.

    Parameters
    ----------
    root
        None for the bundled files, or a folder in which ``tinydigits/`` is looked for.
    train
        The 1000 training samples, or the 200 test samples.
    transform
        Applied to the image.
    target_transform
        Applied to the label.
    download
        Put verified files under ``root`` first; needs no network. Good files are left alone.

    Attributes
    ----------
    data
        All images, (N, 8, 8) float32.
    targets
        All labels, (N,) int64.
    classes
        "0 - zero" to "9 - nine".

    Raises
    ------
    RuntimeError
        The files are not there and ``download`` is False, or they are damaged. All of this package's errors
        are RuntimeErrors.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        dataset = catalog.TINYDIGITS
        if download and root is not None:
            store.materialise(dataset, root)
        split = load(dataset.name, root)["train" if train else "test"]
        self.root = root
        self.train = train
        self.transform = transform
        self.target_transform = target_transform
        self.data = torch.from_numpy(split["images"])
        self.targets = torch.from_numpy(split["labels"])
        self.classes = list(dataset.classes)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image = _pil_image(self.data[index].numpy())
        label = int(self.targets[index])
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label


def _pil_image(pixels: Array) -> Any:
    """A PIL image of the same values; Pillow is not needed before the first sample is."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("PIL", "torch", error) from error

    return Image.fromarray(pixels)


def read_back(name: str) -> dict[str, Split]:
    """A dataset as `tensors` serves it, in the catalog's columns, for comparison."""
    splits = {}
    for split in catalog.info(name).splits:
        images, labels = tensors(name, split.name).tensors
        splits[split.name] = Split(split.name, {"images": images.squeeze(1).numpy(), "labels": labels.numpy()})
    return splits


def read_back_samples(name: str) -> dict[str, Split]:
    """A dataset as its torch class serves it sample by sample, in the catalog's columns, for comparison."""
    splits = {}
    for split in catalog.info(name).splits:
        samples = list(TinyDigits(train=split.name == "train"))
        images = np.stack([np.asarray(image) for image, _ in samples])
        labels = np.array([label for _, label in samples], dtype=np.int64)
        splits[split.name] = Split(split.name, {"images": images, "labels": labels})
    return splits
