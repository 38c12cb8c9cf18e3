"""Whether what was loaded has the shapes of a milestone's data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.catalog import TINYCIFAR, TINYMNIST, DatasetInfo
from tinytorch_hf.milestones.checkout.needs import Milestone


@dataclass(frozen=True)
class Loaded:
    """An array, or a text, that has as many characters as its shape says."""

    name: str
    shape: tuple[int, ...]
    is_text: bool = False
    is_finite: bool = True

    def __str__(self) -> str:
        return f"{self.name} {f'{self.shape[0]} characters' if self.is_text else self.shape}".strip()


def received(results: Mapping[str, Any]) -> list[Loaded]:
    """What a process says it has loaded; what is not told as it should be is left out."""
    found = []
    for name, entry in results.items():
        match entry:
            case ["text", int(length)]:
                found.append(Loaded(name, (length,), is_text=True))
            case ["array", bool(is_finite), str(), *shape] if all(type(size) is int for size in shape):
                found.append(Loaded(name, tuple(shape), is_finite=is_finite))
    return found


def datasets_of(milestone: Milestone) -> list[DatasetInfo]:
    """The datasets that its scripts may load, with those that stand in for large ones."""
    full = [] if milestone.full is None else [milestone.full, TINYMNIST, TINYCIFAR]
    return [*(need.dataset for need in milestone.needs), *full]


def wrong(loaded: Sequence[Loaded], datasets: Iterable[DatasetInfo], *, is_published: bool) -> str:
    """What is wrong with what was loaded; "" if nothing is.

    Parameters
    ----------
    loaded
        What was loaded together.
    datasets
        Which data it may be; if they have no images, arrays are only compared with one another.
    is_published
        Whether the files are the published ones, so that numbers of samples are known, too.
    """
    sizes = _sizes(datasets)
    for each in loaded:
        if 0 in each.shape:
            return f"{each} is empty"
        if not each.is_finite:
            return f"{each} has numbers that are not finite"
    arrays = [each for each in loaded if not each.is_text and each.shape]
    images = [each for each in arrays if math.prod(each.shape[1:]) > 1]
    for each in images if sizes else ():
        known = sizes.get(math.prod(each.shape[1:]))
        if known is None:
            return f"{each} are not images of {', '.join(map(str, sorted(sizes)))} numbers each"
        if is_published and each.shape[0] not in known:
            return f"{each} are none of {', '.join(map(str, sorted(known)))} images"
    lengths = {each.shape[0] for each in images}
    for each in arrays:
        if math.prod(each.shape[1:]) == 1 and images and each.shape[0] not in lengths:
            return f"{each} belong to none of {', '.join(map(str, images))}"
    return ""


def _sizes(datasets: Iterable[DatasetInfo]) -> dict[int, set[int]]:
    """Numbers of samples of each split, by how many numbers an image has."""
    found: dict[int, set[int]] = {}
    for dataset in datasets:
        if dataset.kind == "images":
            counts = [split.n_samples for split in dataset.splits]
            found.setdefault(math.prod(dataset.columns[0].shape), set()).update([*counts, sum(counts)])
    return found
