"""TinyTorch's tiny datasets, curated once and served losslessly to NumPy, PyTorch, Hugging Face and TinyTorch.

Nothing is imported until it is used: ``import tinytorch_hf`` costs neither torch nor datasets nor NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinytorch_hf._version import __version__

if TYPE_CHECKING:
    from tinytorch_hf import as_hf, as_tinytorch, as_torch, milestones, reference
    from tinytorch_hf.as_torch import (
        CIFAR10,
        MNIST,
        DataLoader,
        Digits8x8,
        TinyCIFAR,
        TinyDigits,
        TinyMNIST,
        TinyPy,
        TinyTalks,
        by_difficulty,
        stratified_split,
        subset,
    )
    from tinytorch_hf.catalog import info, names
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
    from tinytorch_hf.data.text_loaders import load_tinypy, load_tinytalks
    from tinytorch_hf.errors import TinyTorchHFError
    from tinytorch_hf.files.splits import Split
    from tinytorch_hf.health.verification import verify

_MODULES = ("as_hf", "as_tinytorch", "as_torch", "milestones", "reference")
_HOMES = {
    "CIFAR10": "as_torch",
    "MNIST": "as_torch",
    "DataLoader": "as_torch",
    "Digits8x8": "as_torch",
    "TinyCIFAR": "as_torch",
    "TinyDigits": "as_torch",
    "TinyMNIST": "as_torch",
    "TinyPy": "as_torch",
    "TinyTalks": "as_torch",
    "by_difficulty": "as_torch",
    "stratified_split": "as_torch",
    "subset": "as_torch",
    "info": "catalog",
    "names": "catalog",
    "fingerprint": "data.content_hash",
    "TinyTorchHFError": "errors",
    "Split": "files.splits",
    "download": "data.loaders",
    "load": "data.loaders",
    "register": "data.register",
    "write_dataset": "data.register",
    "load_cifar10": "data.lessons",
    "load_digits_8x8": "data.lessons",
    "load_mnist": "data.lessons",
    "load_tinycifar": "data.lessons",
    "load_tinydigits": "data.lessons",
    "load_tinymnist": "data.lessons",
    "load_tinypy": "data.text_loaders",
    "load_tinytalks": "data.text_loaders",
    "verify": "health.verification",
}

__all__ = [
    "CIFAR10",
    "MNIST",
    "DataLoader",
    "Digits8x8",
    "Split",
    "TinyCIFAR",
    "TinyDigits",
    "TinyMNIST",
    "TinyPy",
    "TinyTalks",
    "TinyTorchHFError",
    "__version__",
    "as_hf",
    "as_tinytorch",
    "as_torch",
    "by_difficulty",
    "download",
    "fingerprint",
    "info",
    "load",
    "load_cifar10",
    "load_digits_8x8",
    "load_mnist",
    "load_tinycifar",
    "load_tinydigits",
    "load_tinymnist",
    "load_tinypy",
    "load_tinytalks",
    "milestones",
    "names",
    "reference",
    "register",
    "stratified_split",
    "subset",
    "verify",
    "write_dataset",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
