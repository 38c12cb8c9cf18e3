"""Datasets for TinyTorch: the student's own package when it is installed, the reference otherwise."""

from __future__ import annotations

import contextlib
import importlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.errors import StudentCodeError, TinyTorchHFError
from tinytorch_hf.loaders import Array, Split, load

# Where each name lives, below the package, in the three generations of TinyTorch; the top level comes first.
_HOMES: dict[str, tuple[str, ...]] = {
    "Tensor": ("core.tensor",),
    "Linear": ("core.layers",),
    "ReLU": ("core.activations",),
    "CrossEntropyLoss": ("core.losses",),
    "SGD": ("core.optimizers",),
    "Adam": ("core.optimizers",),
    "Dataset": ("core.dataloader", "data.loader"),
    "TensorDataset": ("core.dataloader", "data.loader"),
    "DataLoader": ("core.dataloader", "data.loader"),
}

BRIDGE_PARTS = ("Tensor", "TensorDataset", "DataLoader")


@dataclass(frozen=True)
class Framework:
    """A TinyTorch: the student's or the reference.

    Attributes
    ----------
    name
        "tinytorch" with its version, or "tinytorch_hf.reference".
    location
        Folder of the package.
    parts
        The classes that were asked for, by name; also reachable as attributes.
    note
        Why this one was taken.
    """

    name: str
    location: str
    parts: Mapping[str, Any]
    note: str

    def __str__(self) -> str:
        return f"{self.name} ({self.note})"

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["parts"][name]
        except KeyError:
            raise AttributeError(f"{self.__dict__.get('name')} was not asked for {name!r}") from None


def find_framework(needed: tuple[str, ...] = BRIDGE_PARTS, package: str = "tinytorch") -> Framework:
    """Find the student's TinyTorch, or give the reference if it is absent or lacks a needed part.

    The package is recognised by what it offers, not by its name: the package called ``tinytorch`` on the
    package index is another one. What it prints while it is imported is swallowed.

    Parameters
    ----------
    needed
        Names of the classes that will be used.
    package
        Import name of the student's package.
    """
    module, problem = _import(package)
    if module is None:
        return _reference(needed, problem)
    # In some generations tensors take gradients only once this module has been imported.
    _import(f"{package}.core.autograd")
    parts = {name: _find_part(module, name) for name in needed}
    missing = [name for name, part in parts.items() if part is None]
    location = _location(module)
    if missing:
        return _reference(needed, f"the package {package} at {location} has no {', '.join(missing)}")
    version = getattr(module, "__version__", None)
    return Framework(
        name=f"{package} {version}" if version else package,
        location=location,
        parts=parts,
        note=f"your own package at {location}",
    )


def _import(name: str) -> tuple[ModuleType | None, str]:
    """Import a module quietly; in its place None and the reason why not."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module(name), ""
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None, f"no package {name} is installed"
        return None, f"importing {name} failed: {error}"
    except Exception as error:
        # A student's module may raise anything while it is imported.
        return None, f"importing {name} failed: {type(error).__name__}: {error}"


def _find_part(package: ModuleType, name: str) -> Any:
    """The class called ``name``, or None: unbuilt modules are absent, and unbuilt names may be None."""
    part = getattr(package, name, None)
    for home in _HOMES[name]:
        if part is None:
            module, _ = _import(f"{package.__name__}.{home}")
            part = getattr(module, name, None)
    return part


def _location(module: ModuleType) -> str:
    if module.__file__:
        return str(Path(module.__file__).parent)
    return str(next(iter(module.__path__), "?"))


def _reference(needed: tuple[str, ...], why: str) -> Framework:
    from tinytorch_hf import reference

    return Framework(
        name="tinytorch_hf.reference",
        location=_location(reference),
        parts={name: getattr(reference, name) for name in needed},
        note=why,
    )


@contextlib.contextmanager
def blaming(framework: Framework, doing: str) -> Iterator[None]:
    """Turn whatever the framework raises into a StudentCodeError that says what was being done."""
    try:
        yield
    except TinyTorchHFError:
        raise
    except Exception as error:
        raise StudentCodeError(
            f"{framework.name} raised an error while {doing}: {type(error).__name__}: {error}\n"
            f"The package is at {framework.location}."
        ) from error


def epoch_order(n_samples: int, seed: int, epoch: int) -> Array:
    """Order of the samples in one epoch: a permutation of ``range(n_samples)``, int64, the same everywhere."""
    return np.random.default_rng([seed, epoch]).permutation(n_samples)


class SeededDataLoader:
    """A framework's own DataLoader, with an order that can be repeated.

    TinyTorch's DataLoader has no seed. Here each pass lays the samples out in the order of that epoch
    (see `epoch_order`) and lets the framework's DataLoader walk through them without shuffling.

    Attributes
    ----------
    epoch
        Number of the next pass, from 0; it may be set.
    """

    def __init__(self, framework: Framework, split: Split, batch_size: int, seed: int) -> None:
        self.epoch = 0
        self._framework = framework
        self._split = split
        self._batch_size = batch_size
        self._seed = seed

    def __len__(self) -> int:
        return math.ceil(len(self._split) / self._batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = epoch_order(len(self._split), self._seed, self.epoch)
        self.epoch += 1
        dataset = _tensor_dataset(self._framework, self._split, order)
        return iter(self._framework.DataLoader(dataset, batch_size=self._batch_size, shuffle=False))


def _tensor_dataset(framework: Framework, split: Split, order: Array | slice = slice(None)) -> Any:
    return framework.TensorDataset(framework.Tensor(split["images"][order]), framework.Tensor(split["labels"][order]))


def dataset(
    name: str, split: str = "train", *, root: str | Path | None = None, framework: Framework | None = None
) -> Any:
    """One split as TinyTorch's TensorDataset of images and labels.

    Parameters
    ----------
    name
        A dataset's name.
    split
        "train" or "test".
    root
        None for the bundled files, or a folder in which ``<name>/`` is looked for.
    framework
        What `find_framework` gave; by default it is found now.

    Returns
    -------
    TensorDataset
        Of the framework found: (images, labels), float32 both, as every tensor of TinyTorch. Pixels are
        exact; labels are whole numbers.

    Raises
    ------
    UnknownNameError
        No such dataset or split.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    framework = framework or find_framework()
    return _tensor_dataset(framework, _one_split(name, split, root))


def dataloader(
    name: str,
    split: str = "train",
    batch_size: int = 32,
    shuffle: bool = False,
    seed: int | None = None,
    *,
    root: str | Path | None = None,
    framework: Framework | None = None,
) -> Any:
    """One split as TinyTorch's DataLoader, optionally in an order that can be repeated.

    Parameters
    ----------
    name, split, root, framework
        As for `dataset`.
    batch_size
        Samples in a batch; the last batch may be smaller.
    shuffle
        Whether each pass takes the samples in a new order.
    seed
        With ``shuffle``: the order of every epoch follows from it, without touching any global random state.
        Without it, TinyTorch's own shuffling is used, which has no seed.

    Returns
    -------
    iterable of (images, labels)
        With ``len()``; tensors of the framework found.

    Raises
    ------
    ValueError
        ``batch_size`` is not positive, or there is a seed without shuffling.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    if seed is not None and not shuffle:
        raise ValueError("A seed has no effect without shuffle=True.")
    framework = framework or find_framework()
    chosen = _one_split(name, split, root)
    if shuffle and seed is not None:
        return SeededDataLoader(framework, chosen, batch_size, seed)
    return framework.DataLoader(_tensor_dataset(framework, chosen), batch_size=batch_size, shuffle=shuffle)


def _one_split(name: str, split: str, root: str | Path | None) -> Split:
    catalog.info(name).split(split)
    return load(name, root)[split]


def read_back(name: str, framework: Framework | None = None) -> dict[str, Split]:
    """A dataset as it arrives behind TinyTorch's DataLoader, in the catalog's dtypes, for comparison.

    Raises
    ------
    StudentCodeError
        The framework's own code failed.
    """
    framework = framework or find_framework()
    return {split.name: _read_back(name, split.name, framework) for split in catalog.info(name).splits}


def _read_back(name: str, split: str, framework: Framework) -> Split:
    with blaming(framework, f"reading {name}'s {split} split through its DataLoader"):
        batches = list(dataloader(name, split, batch_size=100, framework=framework))
        images = np.concatenate([np.asarray(images.data) for images, _ in batches])
        labels = np.concatenate([np.asarray(labels.data) for _, labels in batches])
    columns = {"images": images, "labels": labels}
    return Split(split, {c.name: columns[c.name].astype(c.dtype) for c in catalog.info(name).columns})
