"""What arrives behind PyTorch's classes, as a dataset's columns again, to be compared with the curated files."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.as_torch.functions import TinyPy
from tinytorch_hf.as_torch.plain import tensors
from tinytorch_hf.as_torch.talks import TinyTalks
from tinytorch_hf.data.loaders import as_stored
from tinytorch_hf.files.splits import Split


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
    if name == catalog.TINYTALKS.name:
        questions, answers = zip(*TinyTalks(split=split_name), strict=True)
        return Split(split_name, {"question": np.array(questions), "answer": np.array(answers)})
    if name == catalog.TINYPY.name:
        _heads, bodies = zip(*TinyPy(split=split_name), strict=True)
        return Split(split_name, {"body": np.array(bodies)})
    images, labels = zip(*_image_dataset(name, split_name), strict=True)
    pixels = np.stack([*map(np.asarray, images)])
    if pixels.ndim == 4:
        pixels = pixels.transpose(0, 3, 1, 2)
    return Split(split_name, {"images": pixels, "labels": np.array(labels, np.int64)})


def _image_dataset(name: str, split_name: str) -> Any:
    from tinytorch_hf.as_torch import images

    dataset_class: Any = getattr(images, catalog.info(name).title)
    return dataset_class() if split_name == "full" else dataset_class(train=split_name == "train")
