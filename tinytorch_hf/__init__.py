"""TinyTorch's tiny datasets, curated once and served losslessly to NumPy, PyTorch, Hugging Face and TinyTorch.

Nothing is imported until it is used: ``import tinytorch_hf`` costs neither torch nor datasets nor NumPy. What needs a
library that is not installed is not listed; asked for, it says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinytorch_hf import _lazy
from tinytorch_hf._version import __version__

_HOMES = {
    "CIFAR10": "as_torch",
    "DataLoader": "as_torch",
    "DatasetInfo": "catalog",
    "Digits8x8": "as_torch",
    "MNIST": "as_torch",
    "Shakespeare": "as_torch",
    "Split": "files.splits",
    "TinyCIFAR": "as_torch",
    "TinyDigits": "as_torch",
    "TinyMNIST": "as_torch",
    "TinyPy": "as_torch",
    "TinyShakespeare": "as_torch",
    "TinyTalks": "as_torch",
    "TinyTorchHFError": "errors",
    "__version__": "_version",
    "as_hf": "",
    "as_tinytorch": "",
    "as_torch": "",
    "by_difficulty": "as_torch",
    "check_package": "check.package",
    "compare_training": "compare.calling",
    "dataset_class": "as_torch",
    "download": "data.loaders",
    "fingerprint": "data.content_hash",
    "grade_submissions": "grading.grade",
    "info": "catalog",
    "load": "data.loaders",
    "load_cifar10": "data.lessons",
    "load_digits_8x8": "data.lessons",
    "load_mnist": "data.lessons",
    "load_shakespeare": "data.text_loaders",
    "load_tinycifar": "data.lessons",
    "load_tinydigits": "data.lessons",
    "load_tinymnist": "data.lessons",
    "load_tinypy": "data.text_loaders",
    "load_tinyshakespeare": "data.text_loaders",
    "load_tinytalks": "data.text_loaders",
    "milestones": "",
    "names": "catalog",
    "reference": "",
    "register": "data.register",
    "stratified_split": "as_torch",
    "subset": "as_torch",
    "tinify": "curation.interface",
    "verify": "health.verification",
    "write_dataset": "data.register",
}
# What not everyone can import, and the distribution that is needed for it.
_EXTRAS = {"as_torch": "torch", "as_hf": "datasets"}

if TYPE_CHECKING:
    from tinytorch_hf import as_hf, as_tinytorch, as_torch, milestones, reference
    from tinytorch_hf.as_torch import (
        CIFAR10,
        MNIST,
        DataLoader,
        Digits8x8,
        Shakespeare,
        TinyCIFAR,
        TinyDigits,
        TinyMNIST,
        TinyPy,
        TinyShakespeare,
        TinyTalks,
        by_difficulty,
        dataset_class,
        stratified_split,
        subset,
    )
    from tinytorch_hf.catalog import DatasetInfo, info, names
    from tinytorch_hf.check.package import check_package
    from tinytorch_hf.compare.calling import compare_training
    from tinytorch_hf.curation.interface import tinify
    from tinytorch_hf.data.content_hash import fingerprint
    from tinytorch_hf.data.lessons import (
        load_cifar10,
        load_digits_8x8,
        load_mnist,
        load_tinycifar,
        load_tinydigits,
        load_tinymnist,
    )
    from tinytorch_hf.data.loaders import download, load
    from tinytorch_hf.data.register import register, write_dataset
    from tinytorch_hf.data.text_loaders import load_shakespeare, load_tinypy, load_tinyshakespeare, load_tinytalks
    from tinytorch_hf.errors import TinyTorchHFError
    from tinytorch_hf.files.splits import Split
    from tinytorch_hf.grading.grade import grade_submissions
    from tinytorch_hf.health.verification import verify

    __all__ = [
        "CIFAR10",
        "MNIST",
        "DataLoader",
        "DatasetInfo",
        "Digits8x8",
        "Shakespeare",
        "Split",
        "TinyCIFAR",
        "TinyDigits",
        "TinyMNIST",
        "TinyPy",
        "TinyShakespeare",
        "TinyTalks",
        "TinyTorchHFError",
        "__version__",
        "as_hf",
        "as_tinytorch",
        "as_torch",
        "by_difficulty",
        "check_package",
        "compare_training",
        "dataset_class",
        "download",
        "fingerprint",
        "grade_submissions",
        "info",
        "load",
        "load_cifar10",
        "load_digits_8x8",
        "load_mnist",
        "load_shakespeare",
        "load_tinycifar",
        "load_tinydigits",
        "load_tinymnist",
        "load_tinypy",
        "load_tinyshakespeare",
        "load_tinytalks",
        "milestones",
        "names",
        "reference",
        "register",
        "stratified_split",
        "subset",
        "tinify",
        "verify",
        "write_dataset",
    ]

__getattr__, __dir__ = _lazy.attach(__name__, _HOMES, _EXTRAS)
