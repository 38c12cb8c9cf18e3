"""Datasets for PyTorch: classes with torchvision's interface, plain tensors, and a DataLoader that gathers batches.

``contract.py``    what torchvision's classes promise, for use without torchvision
``images.py``      TinyDigits, TinyMNIST, Digits8x8, MNIST, CIFAR10, TinyCIFAR
``image_dataset.py``  what these share
``unit_image.py``  a PIL image of floats in [0, 1], exact and to be looked at
``torchvision_kernels.py``  torchvision's transforms, taught to know it
``texts.py``       texts, or blocks of their characters
``talks.py``       TinyTalks
``functions.py``   TinyPy
``plays.py``       TinyShakespeare, Shakespeare
``classes.py``     the class of any dataset, also of one's own
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

from typing import TYPE_CHECKING

from tinytorch_hf import _lazy
from tinytorch_hf.errors import MissingExtraError

try:
    import torch  # noqa: F401 -- every module of this room needs it
except ImportError as error:
    raise MissingExtraError("torch", "torch", error) from error

# The image classes derive from torchvision's, whose import takes seconds; nothing else here needs it.
_HOMES = {
    "CIFAR10": "images",
    "DataLoader": "loader",
    "Digits8x8": "images",
    "MNIST": "images",
    "Shakespeare": "plays",
    "TinyCIFAR": "images",
    "TinyDigits": "images",
    "TinyMNIST": "images",
    "TinyPy": "functions",
    "TinyShakespeare": "plays",
    "TinyTalks": "talks",
    "by_difficulty": "subsets",
    "dataset_class": "classes",
    "stratified_split": "subsets",
    "subset": "subsets",
    "tensors": "plain",
}

if TYPE_CHECKING:
    from tinytorch_hf.as_torch.classes import dataset_class
    from tinytorch_hf.as_torch.functions import TinyPy
    from tinytorch_hf.as_torch.images import CIFAR10, MNIST, Digits8x8, TinyCIFAR, TinyDigits, TinyMNIST
    from tinytorch_hf.as_torch.loader import DataLoader
    from tinytorch_hf.as_torch.plain import tensors
    from tinytorch_hf.as_torch.plays import Shakespeare, TinyShakespeare
    from tinytorch_hf.as_torch.subsets import by_difficulty, stratified_split, subset
    from tinytorch_hf.as_torch.talks import TinyTalks

    __all__ = [
        "CIFAR10",
        "MNIST",
        "DataLoader",
        "Digits8x8",
        "Shakespeare",
        "TinyCIFAR",
        "TinyDigits",
        "TinyMNIST",
        "TinyPy",
        "TinyShakespeare",
        "TinyTalks",
        "by_difficulty",
        "dataset_class",
        "stratified_split",
        "subset",
        "tensors",
    ]

__getattr__, __dir__ = _lazy.attach(__name__, _HOMES, {})
