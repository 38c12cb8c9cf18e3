"""What arrives behind PyTorch's classes, as a dataset's columns again, to be compared with the curated files."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.as_torch.plain import tensors
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.loaders import as_stored
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array


def from_tensors(name: str) -> dict[str, Split]:
    """Images and labels as `tensors` serves them, in the catalog's dtypes."""
    splits = {}
    for split in catalog.info(name).splits:
        images, labels = tensors(name, split.name).tensors
        splits[split.name] = as_stored(catalog.info(name), split.name, images.squeeze(1).numpy(), labels.numpy())
    return splits


def from_class(name: str) -> dict[str, Split]:
    """Images and labels, questions and answers, or the bodies of functions, as a class serves them one by one."""
    return {split.name: _from_samples(name, split.name) for split in catalog.info(name).splits}


def _from_samples(name: str, split_name: str) -> Split:
    dataset = catalog.info(name)
    samples = _dataset(dataset, split_name)
    if dataset.kind != "images":
        return Split(split_name, _text_columns(dataset, [samples[index] for index in range(len(samples))]))
    images, labels = zip(*samples, strict=True)
    pixels = np.stack([*map(np.asarray, images)])
    if pixels.ndim == 4:
        pixels = pixels.transpose(0, 3, 1, 2)
    return Split(split_name, {"images": pixels, "labels": np.array(labels, np.int64)})


def _text_columns(dataset: DatasetInfo, samples: list[Any]) -> dict[str, Array]:
    """Questions and answers, the bodies of functions, or texts with their labels."""
    if isinstance(samples[0], str):
        return {"text": np.array(samples)}
    first, second = zip(*samples, strict=True)
    if dataset.kind == "source text":
        return {"body": np.array(second)}
    names = ("question", "answer") if dataset.kind == "pairs" else ("text", "labels")
    return dict(zip(names, (np.array(first), np.array(second)), strict=True))


def _dataset(dataset: DatasetInfo, split_name: str) -> Any:
    """One split as its class serves it, whatever the class calls the choice of a split."""
    # The classes of images derive from torchvision's, whose import takes seconds; tensors need none of it.
    from tinytorch_hf.as_torch.classes import dataset_class
    from tinytorch_hf.as_torch.image_dataset import OneSplitImages, TrainTestImages

    made = dataset_class(dataset)
    if issubclass(made, TrainTestImages):
        return made(train=split_name == "train")
    return made() if issubclass(made, OneSplitImages) else made(split=split_name)
