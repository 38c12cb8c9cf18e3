"""The class of any dataset: the built-in one of its title, or one that is made from its facts."""

from __future__ import annotations

import copyreg
import functools
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.as_torch.functions import TinyPy
from tinytorch_hf.as_torch.image_dataset import ImageDataset, OneSplitImages, SplitImages, TrainTestImages
from tinytorch_hf.as_torch.images import CIFAR10, MNIST, Digits8x8, TinyCIFAR, TinyDigits, TinyMNIST
from tinytorch_hf.as_torch.plays import Shakespeare, TinyShakespeare
from tinytorch_hf.as_torch.talks import TinyTalks
from tinytorch_hf.as_torch.texts import TextDataset
from tinytorch_hf.catalog import Dataset, DatasetInfo

_OF_IMAGES = (TinyDigits, TinyMNIST, Digits8x8, MNIST, CIFAR10, TinyCIFAR)
_NAMED = (*_OF_IMAGES, TinyTalks, TinyPy, TinyShakespeare, Shakespeare)


def dataset_class(name: Dataset | str) -> type[Any]:
    """The PyTorch class of a dataset, with the interface of torchvision's datasets.

    Parameters
    ----------
    name
        As for `tinytorch_hf.load`: a name, the path of a dataset's folder, or what `tinytorch_hf.register` gave.

    Returns
    -------
    type
        `tinytorch_hf.TinyDigits` for "tinydigits", and so on. For a dataset of your own a class of its title, which is
        made once:

        ======================  ===========================================================================
        images, train and test  ``(root=None, train=True, transform, target_transform, download)``
        images, one split       ``(root=None, transform, target_transform, download)``
        images, other splits    ``(root=None, split=<the first>, transform, target_transform, download)``
        texts                   ``(root=None, split=<the first>, block_size, transform, target_transform, download)``
        ======================  ===========================================================================

    Raises
    ------
    UnknownNameError, DescriptionError
        There is no such dataset, or its description is bad.
    """
    dataset = catalog.info(name)
    for named in _NAMED:
        if catalog.info(named.dataset_name) is dataset:
            return named
    return _made(dataset)


class _Made(type):
    """The type of classes that are made here; it lets them be pickled, as their dataset."""

    dataset_name: DatasetInfo


def _reduced(made: _Made) -> tuple[Any, ...]:
    return dataset_class, (made.dataset_name,)


copyreg.pickle(_Made, _reduced)


@functools.cache
def _made(dataset: DatasetInfo) -> type[Any]:
    base = _images(dataset) if dataset.kind == "images" else TextDataset
    attributes = {
        "__doc__": f"{dataset.summary}\n\nLicence: {dataset.license}. Source: {dataset.source}.",
        "__module__": __name__,
        "dataset_name": dataset,
        "classes": list(dataset.classes),
    }
    return _Made(dataset.title, (base,), attributes)


def _images(dataset: DatasetInfo) -> type[ImageDataset]:
    splits = {split.name for split in dataset.splits}
    if len(splits) == 1:
        return OneSplitImages
    return TrainTestImages if splits == {"train", "test"} else SplitImages
