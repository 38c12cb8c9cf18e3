"""Whether what was loaded has the shapes of a milestone's data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.milestones.checkout.needs import TINY, Milestone


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
    full = [] if milestone.full is None else [milestone.full, TINY[milestone.full.name]]
    return [*(need.dataset for need in milestone.needs), *full]


def wrong(loaded: Sequence[Loaded], datasets: Sequence[DatasetInfo]) -> str:
    """What is wrong with what was loaded, whatever it is; "" if nothing is.

    Parameters
    ----------
    loaded
        What was loaded by one script.
    datasets
        Which data it may be.
    """
    for each in loaded:
        if 0 in each.shape:
            return f"{each} is empty"
        if not each.is_finite:
            return f"{each} has numbers that are not finite"
    images, labels = _images(loaded, datasets), _labels(loaded, datasets)
    for each in images:
        most = max(n for numbers, n in _sizes(datasets) if numbers == math.prod(each.shape[1:]))
        if each.shape[0] > most:
            return f"{each} are more than the {most} images that there are"
        if labels and each.shape[0] not in {label.shape[0] for label in labels}:
            return f"{each} have no labels: there are {', '.join(map(str, labels))}"
    return ""


def unknown(loaded: Sequence[Loaded], datasets: Sequence[DatasetInfo]) -> str:
    """Why it cannot be told whether this is what a milestone needs; "" if it can."""
    if not loaded:
        return "neither arrays nor texts came of it"
    sizes = sorted({numbers for numbers, _ in _sizes(datasets)})
    is_text = any(each.is_text for each in loaded)
    if sizes and not is_text and not _images(loaded, datasets):
        known = " or ".join(map(str, sizes))
        return f"no images of {known} numbers each are among what came of it: {', '.join(map(str, loaded[:4]))}"
    return ""


def _images(loaded: Sequence[Loaded], datasets: Sequence[DatasetInfo]) -> list[Loaded]:
    """Arrays whose samples have as many numbers as an image, in whatever way they are laid out."""
    sizes = {numbers for numbers, _ in _sizes(datasets)}
    return [each for each in loaded if not each.is_text and each.shape and math.prod(each.shape[1:]) in sizes]


def _labels(loaded: Sequence[Loaded], datasets: Sequence[DatasetInfo]) -> list[Loaded]:
    """Arrays with one number for each sample, or one for each class."""
    widths = {1, *(len(dataset.classes) for dataset in datasets)}
    return [each for each in loaded if not each.is_text and each.shape and math.prod(each.shape[1:]) in widths]


def _sizes(datasets: Sequence[DatasetInfo]) -> list[tuple[int, int]]:
    """Of each dataset with images, how many numbers an image has, and how many there are in all splits."""
    return [
        (math.prod(dataset.columns[0].shape), sum(split.n_samples for split in dataset.splits))
        for dataset in datasets
        if dataset.kind == "images"
    ]
