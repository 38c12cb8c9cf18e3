"""What a dataset's splits look like in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinytorch_hf.catalog import KINDS, kind_of
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

_IMAGES_AT_ONCE = 1000


def statistics(splits: Mapping[str, Split]) -> dict[str, dict[str, Any]]:
    """Measure each split.

    Returns
    -------
    dict
        For each split ``n_samples``. Of images: ``per_class``, the number of samples of each label; and of
        the pixels ``minimum``, ``maximum``, ``mean``, ``standard_deviation`` (of all pixels together, in the
        images' own unit), ``n_levels`` (distinct values) and ``share_of_zeros``. Of texts: ``n_characters``,
        ``alphabet_size``, the ``mean_`` and ``longest_`` of each column that is read as text, in characters, and how
        many samples there are of each value of the columns ``level``, ``n_lines`` or ``labels``, as ``per_level`` and
        so on. Plain Python numbers throughout.
    """
    return {
        name: _image_statistics(split) if kind_of(split) == "images" else _text_statistics(split)
        for name, split in splits.items()
    }


# By what samples of texts are counted, where they have it.
_COUNTED = ("level", "n_lines", "labels")


def _text_statistics(split: Split) -> dict[str, Any]:
    texts = {name: split[name].tolist() for name in KINDS[kind_of(split)].texts}
    together = "".join("".join(column) for column in texts.values())
    measured: dict[str, Any] = {"n_samples": len(split)}
    for group in (name for name in _COUNTED if name in split):
        values, counts = np.unique(split[group], return_counts=True)
        key = "per_class" if group == "labels" else f"per_{group}"
        measured[key] = {int(value): int(count) for value, count in zip(values, counts, strict=True)}
    measured.update(n_characters=len(together), alphabet_size=len(set(together)))
    for name, column in texts.items():
        lengths = [len(text) for text in column]
        measured[f"mean_{name}"] = sum(lengths) / len(lengths)
        measured[f"longest_{name}"] = max(lengths)
    return measured


def _image_statistics(split: Split) -> dict[str, Any]:
    levels, n_pixels = _pixel_counts(split["images"])
    labels, counts = np.unique(split["labels"], return_counts=True)
    mean = float(np.average(levels, weights=n_pixels))
    return {
        "n_samples": len(split),
        "per_class": {int(label): int(count) for label, count in zip(labels, counts, strict=True)},
        "minimum": float(levels[0]),
        "maximum": float(levels[-1]),
        "mean": mean,
        "standard_deviation": float(np.sqrt(np.average((levels - mean) ** 2, weights=n_pixels))),
        "n_levels": len(levels),
        "share_of_zeros": float(n_pixels[levels == 0].sum() / n_pixels.sum()),
    }


def _pixel_counts(images: Array) -> tuple[Array, Array]:
    """Each value that some pixel has, in float64, and how many have it."""
    if images.dtype != np.uint8:
        values, counts = np.unique(images.astype(np.float64), return_counts=True)
        return values, counts
    # Counted a part at a time: the pixels of CIFAR-10 in float64 would take more than a gigabyte.
    totals = np.zeros(256, np.int64)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        totals += np.bincount(images[start : start + _IMAGES_AT_ONCE].ravel(), minlength=256)
    occur = np.flatnonzero(totals)
    return occur.astype(np.float64), totals[occur]
