"""Every dataset's facts: one table, in `shipped` and `on_demand`; and in `generated` those of points without files."""

from __future__ import annotations

from tinytorch_hf.catalog.facts import Archive, Column, DataFile, DatasetInfo, SplitInfo
from tinytorch_hf.catalog.generated import GENERATED, PERCEPTRON, XOR, GeneratedInfo
from tinytorch_hf.catalog.on_demand import CIFAR10, MNIST, TINYCIFAR, TINYPY
from tinytorch_hf.catalog.shipped import DIGIT_CLASSES, DIGITS_8X8, TINYDIGITS, TINYMNIST, TINYTALKS
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError

__all__ = [
    "CIFAR10",
    "DIGITS_8X8",
    "DIGIT_CLASSES",
    "GENERATED",
    "MNIST",
    "PERCEPTRON",
    "TINYCIFAR",
    "TINYDIGITS",
    "TINYMNIST",
    "TINYPY",
    "TINYTALKS",
    "XOR",
    "Archive",
    "Column",
    "DataFile",
    "DatasetInfo",
    "GeneratedInfo",
    "SplitInfo",
    "info",
    "names",
    "origin",
    "shipped_names",
]

_SHIPPED = (TINYDIGITS, DIGITS_8X8, TINYMNIST, TINYTALKS)
_ON_DEMAND = (MNIST, CIFAR10, TINYCIFAR, TINYPY)
_CATALOG = {dataset.name: dataset for dataset in (*_SHIPPED, *_ON_DEMAND)}


def names() -> tuple[str, ...]:
    """Names of every dataset in the catalog."""
    return tuple(_CATALOG)


def shipped_names() -> tuple[str, ...]:
    """Names of the datasets whose files are part of the installation."""
    return tuple(name for name, dataset in _CATALOG.items() if dataset.is_shipped)


def info(name: str) -> DatasetInfo:
    """Facts of one dataset.

    Raises
    ------
    UnknownNameError
        No dataset has this name; close matches are suggested.
    InvalidArgumentError
        The dataset is generated, so nothing is stored that could be loaded, shown or checked.
    """
    try:
        return _CATALOG[name]
    except (KeyError, TypeError):
        if isinstance(name, str) and name in GENERATED:
            raise InvalidArgumentError(
                f"{name} is generated, not stored: it is for `tinytorch-hf compare {name}`, and "
                f"`tinytorch-hf info {name}` describes it."
            ) from None
        raise UnknownNameError("dataset", name, _CATALOG) from None


def origin(dataset: DatasetInfo) -> DatasetInfo:
    """The dataset whose archives are downloaded for this one: the one it is cut from, else itself."""
    return info(dataset.cut_from) if dataset.cut_from else dataset
