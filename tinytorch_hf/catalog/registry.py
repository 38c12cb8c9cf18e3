"""Which datasets there are: the built-in ones, those that were registered, and those that other packages bring."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from tinytorch_hf.catalog.facts import DatasetInfo
from tinytorch_hf.catalog.generated import GENERATED
from tinytorch_hf.catalog.on_demand import CIFAR10, MNIST, SHAKESPEARE, TINYCIFAR, TINYPY
from tinytorch_hf.catalog.providers import DESCRIPTION, Folder
from tinytorch_hf.catalog.shipped import DIGITS_8X8, TINYDIGITS, TINYMNIST, TINYSHAKESPEARE, TINYTALKS
from tinytorch_hf.errors import DescriptionError, InvalidArgumentError, UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BuiltIn: TypeAlias = Literal[
    "tinydigits",
    "digits_8x8",
    "tinymnist",
    "tinytalks",
    "tinyshakespeare",
    "mnist",
    "cifar10",
    "tinycifar",
    "tinypy",
    "shakespeare",
]
"""Names of the built-in datasets, for type checkers."""

Dataset: TypeAlias = BuiltIn | DatasetInfo | os.PathLike[str]
"""What stands for a dataset where one is asked for: a built-in name, its facts, or the path of its folder.

At run time any str will do: a name that was registered, or a path with a separator in it.
"""

ENTRY_POINTS = "tinytorch_hf.datasets"
"""The group of entry points in which packages bring datasets: each gives a `DatasetInfo`, or a folder's path."""

_SHIPPED = (TINYDIGITS, DIGITS_8X8, TINYMNIST, TINYTALKS, TINYSHAKESPEARE)
_BUILT_IN = {d.name: d for d in (*_SHIPPED, MNIST, CIFAR10, TINYCIFAR, TINYPY, SHAKESPEARE)}
_registered: dict[str, DatasetInfo] = {}
# What packages brought, once it was asked for; what is registered under the same name comes first.
_brought: dict[str, DatasetInfo] = {}


def built_in_names() -> tuple[str, ...]:
    """Names of the datasets that this package knows by itself."""
    return tuple(_BUILT_IN)


def shipped_names() -> tuple[str, ...]:
    """Names of the datasets whose files are part of the installation."""
    return tuple(name for name, dataset in _BUILT_IN.items() if dataset.is_shipped)


def names() -> tuple[str, ...]:
    """Names of every dataset: built-in, registered, and brought by other packages."""
    return tuple(dict.fromkeys([*_BUILT_IN, *_registered, *_entry_points()]))


def info(name: Dataset | str) -> DatasetInfo:
    """Facts of one dataset.

    Parameters
    ----------
    name
        A name from `names`; the path of a folder with ``dataset.json``, as `pathlib.Path` or as a str with a separator
        such as ``"./mine"``; or facts, which are given back.

    Raises
    ------
    UnknownNameError
        No dataset has this name; close matches are suggested.
    InvalidArgumentError
        The dataset is generated, so nothing is stored that could be loaded, shown or checked.
    DescriptionError
        The folder's ``dataset.json`` is missing or bad: the message names the field and what to write.
    """
    if isinstance(name, DatasetInfo):
        return name
    if isinstance(name, str) and not _is_path(name):
        found = _BUILT_IN.get(name) or _registered.get(name) or _from_entry_point(name)
        if found is None and name in GENERATED:
            raise InvalidArgumentError(
                f"{name} is generated, not stored: it is for `tinytorch-hf compare {name}`, and "
                f"`tinytorch-hf info {name}` describes it."
            )
        if found is None:
            raise UnknownNameError("dataset", name, names(), hint_at_folder(name))
        return found
    if isinstance(name, (str, os.PathLike)):
        return _in_folder(name)
    raise UnknownNameError("dataset", name, names())


MEGABITS_A_SECOND = 10
"""The connection for which messages say how long a download takes."""


def origin(dataset: DatasetInfo) -> DatasetInfo:
    """The dataset whose archives are downloaded for this one: the one it is cut from, else itself."""
    return info(dataset.cut_from) if dataset.cut_from else dataset


def download_cost(dataset: DatasetInfo) -> str:
    """How large the download of a dataset is and how long it takes, as "170 MB, 2-3 min at 10 Mbit/s".

    What is cut from another dataset costs that one's download. "" where nothing is downloaded.
    """
    source = origin(dataset)
    if not source.archives:
        return ""
    seconds = source.download_bytes * 8 / (MEGABITS_A_SECOND * 1e6)
    minutes = int(seconds // 60)
    time = f"{minutes}-{minutes + 1} min" if minutes else f"{math.ceil(seconds)} s"
    return f"{source.download_size}, {time} at {MEGABITS_A_SECOND} Mbit/s"


def add(dataset: DatasetInfo) -> DatasetInfo:
    """Let `info` and `names` know a dataset by its name from now on; gives it back.

    A folder that is registered again replaces what was registered from it.

    Raises
    ------
    InvalidArgumentError
        A built-in dataset, or another registered one that is still there, has this name.
    """
    if dataset.name in _BUILT_IN or dataset.name in GENERATED:
        raise InvalidArgumentError(f"{dataset.name} is the name of a built-in dataset. Choose another name.")
    present = _registered.get(dataset.name)
    if present is not None and present != dataset and not _is_replaced(present, dataset):
        place = f", from {present.provider.path}" if isinstance(present.provider, Folder) else ""
        raise InvalidArgumentError(f"Another dataset is registered as {dataset.name}{place}. Choose another name.")
    _registered[dataset.name] = dataset
    return dataset


def _is_replaced(present: DatasetInfo, dataset: DatasetInfo) -> bool:
    """Whether a dataset may take the place of one: both are of one folder, or the other's folder is gone."""
    if not isinstance(present.provider, Folder):
        return False
    if not Path(present.provider.path).exists():
        return True
    return isinstance(dataset.provider, Folder) and os.path.realpath(present.provider.path) == os.path.realpath(
        dataset.provider.path
    )


def forget(name: str) -> None:
    """Undo `add`; a name that was not registered is none the worse for it."""
    _registered.pop(name, None)
    _brought.pop(name, None)


def _in_folder(path: str | os.PathLike[str]) -> DatasetInfo:
    from tinytorch_hf.catalog.description import read_description

    if "\0" in str(path):
        raise InvalidArgumentError(f"No folder is called {str(path)!r}: there is a NUL in it.")
    try:
        folder = Path(path).expanduser()
    except RuntimeError:
        raise InvalidArgumentError(
            f"{path} begins with a home folder that is not known here. Write it in full."
        ) from None
    dataset = read_description(folder)
    if dataset.name in _BUILT_IN:
        problem = f"{dataset.name} is the name of a built-in dataset. Write another name."
        raise DescriptionError(folder.absolute() / DESCRIPTION, "name", problem)
    return dataset


def _is_path(name: str) -> bool:
    return any(separator in name for separator in (os.sep, os.altsep) if separator)


def hint_at_folder(name: str) -> str:
    """What to write if a folder of the user's was meant."""
    is_folder = name.isprintable() and (Path(name) / DESCRIPTION).is_file()
    return f"For the folder of this name, write {f'{os.curdir}{os.sep}{name}'!r}." if is_folder else ""


def _entry_points(name: str = "") -> dict[str, list[EntryPoint]]:
    """Entry points of our group by name, all or those of one name."""
    # Takes longer than all of ours beyond NumPy, so it is looked at only where no other name fits.
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=ENTRY_POINTS):
        if name in ("", point.name):
            found.setdefault(point.name, []).append(point)
    return found


def _from_entry_point(name: str) -> DatasetInfo | None:
    if name in _brought:
        return _brought[name]
    points = _entry_points(name).get(name, [])
    if not points:
        return None
    packages = _packages(points)
    if len({point.value for point in points}) > 1:
        raise InvalidArgumentError(f"Several packages bring a dataset {name}: {packages}. Uninstall all but one.")
    try:
        given = points[0].load()
        dataset = _brought_facts(given() if callable(given) else given)
    except Exception as error:
        raise InvalidArgumentError(
            f"The package {packages} brings the dataset {name}, but it cannot be used: {type(error).__name__}: {error}"
        ) from error
    if dataset.name != name:
        raise InvalidArgumentError(
            f"The package {packages} brings {name}, but the dataset is called {dataset.name}. Both must be the same: "
            "change the entry point."
        )
    _brought[name] = dataset
    return dataset


def _brought_facts(given: object) -> DatasetInfo:
    """The facts that an entry point gives, checked as those of a user's."""
    from tinytorch_hf.catalog.description import checked

    if isinstance(given, DatasetInfo):
        return checked(given)
    if isinstance(given, (str, os.PathLike)):
        # A str is a path here, too: as a name it could stand for this very dataset.
        return _in_folder(given)
    raise TypeError(f"an entry point gives a DatasetInfo or a folder's path, not {type(given).__name__}")


def _packages(points: Iterable[EntryPoint]) -> str:
    return ", ".join(sorted({point.dist.name if point.dist else point.value for point in points}))
