"""Datasets for PyTorch: classes with torchvision's interface, plain tensors, and a DataLoader that gathers batches.

``contract.py``    what torchvision's classes promise, for use without torchvision
``images.py``      TinyDigits, TinyMNIST, Digits8x8, MNIST, CIFAR10, TinyCIFAR
``image_dataset.py``  what these share
``unit_image.py``  a PIL image of floats in [0, 1], exact and to be looked at
``torchvision_kernels.py``  torchvision's transforms, taught to know it
``texts.py``       blocks of characters, for the two that follow
``talks.py``       TinyTalks
``functions.py``   TinyPy
``plain.py``       a split as a TensorDataset
``transforms.py``  transforms that give the same numbers on all images at once
``indices.py``     indices as rows, of which nothing but whole numbers are
``gather.py``      a batch as rows of whole tensors
``order.py``       which rows make up each batch
``loader.py``      the DataLoader
``subsets.py``     parts of a dataset: stratified, balanced, by difficulty
``pickling.py``    a dataset pickled as the place of its files
``read_back.py``   what all of these serve, for `tinytorch-hf verify`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinytorch_hf.errors import MissingExtraError

try:
    import torch  # noqa: F401 -- every module of this room needs it
except ImportError as error:
    raise MissingExtraError("torch", "torch", error) from error

from tinytorch_hf.as_torch.functions import TinyPy
from tinytorch_hf.as_torch.loader import DataLoader
from tinytorch_hf.as_torch.plain import tensors
from tinytorch_hf.as_torch.subsets import by_difficulty, stratified_split, subset
from tinytorch_hf.as_torch.talks import TinyTalks

if TYPE_CHECKING:
    from tinytorch_hf.as_torch.images import CIFAR10, MNIST, Digits8x8, TinyCIFAR, TinyDigits, TinyMNIST

_IMAGES = ("CIFAR10", "MNIST", "Digits8x8", "TinyCIFAR", "TinyDigits", "TinyMNIST")

__all__ = [
    "CIFAR10",
    "MNIST",
    "DataLoader",
    "Digits8x8",
    "TinyCIFAR",
    "TinyDigits",
    "TinyMNIST",
    "TinyPy",
    "TinyTalks",
    "by_difficulty",
    "stratified_split",
    "subset",
    "tensors",
]


def __getattr__(name: str) -> Any:
    # The image classes derive from torchvision's, whose import takes seconds; nothing else here needs it.
    if name in _IMAGES:
        from tinytorch_hf.as_torch import images

        return getattr(images, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
