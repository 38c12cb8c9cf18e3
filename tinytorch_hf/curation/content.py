"""The data files of a set: the chosen samples with what is known of each, as columns, and the facts beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.acquire import selection
from tinytorch_hf.acquire.selection import Row
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.catalog.facts import DIFFICULTIES
from tinytorch_hf.curation import canonical
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.data.register import write_dataset
from tinytorch_hf.formats.arrays import Array

SPLITS = ("train", "test")

_DESCRIPTIONS = {
    "images": "levels of each pixel, 0 dark to 255 bright",
    "text": "the text",
    "labels": "its class",
    "difficulty": "how hard it is for three classifiers that never saw it",
    "score": "1 minus the mean share that they give to the true class",
}


def written(
    folder: Path, kind: Kind, rows: Sequence[Row], samples: Mapping[str, Any], facts: Mapping[str, Any]
) -> DatasetInfo:
    """Write the data files and ``dataset.json`` into a folder, and register it.

    Parameters
    ----------
    folder
        Where.
    kind
        What the samples are.
    rows
        Of all splits, in the order of the files.
    samples
        Each row's sample by its digest: images as `canonical.image` makes them, or texts.
    facts
        Beside the columns, what `write_dataset` is told: name, summary, license, source, classes ...

    Raises
    ------
    InvalidArgumentError, DescriptionError, StorageError
        As for `write_dataset`.
    """
    splits = columns(kind, rows, samples, facts["classes"])
    names = {"difficulty": DIFFICULTIES}
    present = next(iter(splits.values()))
    descriptions = {name: text for name, text in _DESCRIPTIONS.items() if name in present}
    return write_dataset(folder, splits, descriptions=descriptions, names=names, **facts)


def columns(
    kind: Kind,
    rows: Sequence[Row],
    samples: Mapping[str, Any],
    classes: Sequence[str],
    source_index: Mapping[str, int] | None = None,
) -> dict[str, dict[str, Array]]:
    """The columns of each split that has rows.

    Parameters
    ----------
    kind, rows, samples
        As for `written`.
    classes, source_index
        As for `selection.columns`.
    """
    coloured = is_coloured(samples.values())
    splits = {}
    for split in SPLITS:
        some = [row for row in rows if row.split == split]
        if some:
            content = _content(kind, [samples[row.digest] for row in some], coloured)
            splits[split] = selection.columns(some, content, classes, source_index)
    return splits


def is_coloured(samples: Any) -> bool:
    """Whether any of some samples is an image in colour, whatever its shape: three equal colours are grey."""
    return any(getattr(sample, "ndim", 0) > 2 and bool((sample != sample[:1]).any()) for sample in samples)


def _content(kind: Kind, samples: Sequence[Any], coloured: bool) -> dict[str, Array]:
    if kind == "texts":
        return {"text": np.array(samples)}
    if coloured:
        return {"images": np.stack([canonical.in_colour(one) for one in samples])}
    return {"images": np.stack([one[0] if one.ndim > 2 else one for one in samples])}
