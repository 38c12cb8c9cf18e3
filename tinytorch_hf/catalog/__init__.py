"""Every fact about a dataset, as data, and which datasets there are.

``kinds``        what datasets of one kind have in common
``providers``    how files come to be there
``trainings``    how models are trained on a dataset, as data
``facts``        the form in which a dataset's facts are stated
``shipped``, ``on_demand``   the built-in datasets
``generated``    points that are made, not stored
``description``  ``dataset.json``, the facts of a folder of the user's
``registry``     names to facts
``training_rules``   what is trained where the facts do not say it
"""

from __future__ import annotations

from tinytorch_hf._lazy import directory_of
from tinytorch_hf.catalog.facts import DIFFICULTIES, Column, DatasetInfo, Form, Release, SplitInfo
from tinytorch_hf.catalog.generated import GENERATED, PERCEPTRON, XOR, GeneratedInfo
from tinytorch_hf.catalog.kinds import DECODERS, KINDS, Kind, kind_of
from tinytorch_hf.catalog.on_demand import CIFAR10, MNIST, SHAKESPEARE, TINYCIFAR, TINYPY
from tinytorch_hf.catalog.providers import (
    DESCRIPTION,
    Archive,
    Built,
    CutFrom,
    DataFile,
    Downloaded,
    Folder,
    Provider,
    Shipped,
)
from tinytorch_hf.catalog.registry import (
    BuiltIn,
    Dataset,
    add,
    built_in_names,
    download_cost,
    forget,
    info,
    names,
    origin,
    shipped_names,
)
from tinytorch_hf.catalog.shipped import (
    DIGIT_CLASSES,
    DIGITS_8X8,
    TINYDIGITS,
    TINYMNIST,
    TINYSHAKESPEARE,
    TINYTALKS,
)

__all__ = [
    "CIFAR10",
    "DECODERS",
    "DESCRIPTION",
    "DIFFICULTIES",
    "DIGITS_8X8",
    "DIGIT_CLASSES",
    "GENERATED",
    "KINDS",
    "MNIST",
    "PERCEPTRON",
    "SHAKESPEARE",
    "TINYCIFAR",
    "TINYDIGITS",
    "TINYMNIST",
    "TINYPY",
    "TINYSHAKESPEARE",
    "TINYTALKS",
    "XOR",
    "Archive",
    "Built",
    "BuiltIn",
    "Column",
    "CutFrom",
    "DataFile",
    "Dataset",
    "DatasetInfo",
    "Downloaded",
    "Folder",
    "Form",
    "GeneratedInfo",
    "Kind",
    "Provider",
    "Release",
    "Shipped",
    "SplitInfo",
    "add",
    "built_in_names",
    "download_cost",
    "forget",
    "info",
    "kind_of",
    "names",
    "origin",
    "shipped_names",
]

__dir__ = directory_of(__name__)
