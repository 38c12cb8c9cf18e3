"""Which samples of a source a set is made of, as its folder says it, and the columns that come of them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError, MissingFileError, StorageError
from tinytorch_hf.files import folders
from tinytorch_hf.files.opening import read_file
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats import npz
from tinytorch_hf.formats.arrays import Array

SELECTION, PLACES = "selection.csv", "places.csv"
"""The files: which samples, and where these lie in the source."""

SELECTION_FIELDS = ("digest", "label", "split", "difficulty", "score")
PLACES_FIELDS = ("digest", "shard", "row")

MOST_BYTES = 2**30
"""How large a file of these may be: they have a line for each sample."""


@dataclass(frozen=True)
class Row:
    """One sample of a set: what stands for its content, its class and split, and how hard it is."""

    digest: str
    label: str
    split: str
    difficulty: int
    score: float


class Place(NamedTuple):
    """Where a sample lies: its digest, the shard of the source (a split, where there are such), and its row in it."""

    digest: str
    shard: str
    row: int


def folder_of(dataset: DatasetInfo) -> Path:
    """Where the choice of samples is written down; it is part of the installation."""
    return folders.shipped("datasets") / dataset.folder_name


def read_selection(folder: Path) -> list[Row]:
    """The rows of ``selection.csv``, in the order of the files.

    Raises
    ------
    MissingFileError, CorruptFileError
        There is none, or it is damaged.
    """
    path = folder / SELECTION
    try:
        return [
            Row(one["digest"], one["label"], one["split"], _level(one["difficulty"]), _finite(one["score"]))
            for one in _rows(path, SELECTION_FIELDS)
        ]
    except ValueError as error:
        raise CorruptFileError(f"{path} is damaged: {error}.") from None


def read_places(folder: Path) -> list[Place]:
    """The rows of ``places.csv``, in the order of the files.

    Raises
    ------
    MissingFileError, CorruptFileError
        There is none, or it is damaged.
    """
    path = folder / PLACES
    try:
        return [Place(one["digest"], one["shard"], _whole(one["row"])) for one in _rows(path, PLACES_FIELDS)]
    except ValueError as error:
        raise CorruptFileError(f"{path} is damaged: {error}.") from None


def read(path: Path) -> bytes:
    """A file of a set's folder; MissingFileError where there is none."""
    try:
        return read_file(path, MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        advice = (
            "Reinstall tinytorch-hf."
            if folders.shipped("datasets") in path.parents
            else "Give the folder that `tinytorch-hf tinify` made."
        )
        raise MissingFileError(f"{path} is not there. {advice}") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error


def columns(
    rows: Sequence[Row],
    samples: Mapping[str, Array],
    classes: Sequence[str],
    source_index: Mapping[str, int] | None = None,
) -> dict[str, Array]:
    """The columns of one split.

    Parameters
    ----------
    rows
        Of the split, in the order of the file.
    samples
        The columns that hold the samples themselves, such as images, with as many rows.
    classes
        What a label counts.
    source_index
        The row of each sample in the source, by its digest; without it there is no such column.
    """
    code = {name: number for number, name in enumerate(classes)}
    found = {
        **samples,
        "labels": np.array([code[row.label] for row in rows], dtype=np.int64),
        "difficulty": np.array([row.difficulty for row in rows], dtype=np.int64),
        "score": np.array([row.score for row in rows], dtype=np.float32),
    }
    if source_index is not None:
        found["source_index"] = np.array([source_index[row.digest] for row in rows], dtype=np.int64)
    return found


def cut(dataset: DatasetInfo, source: Mapping[str, Split], chosen: Iterable[Row] | None = None) -> dict[str, bytes]:
    """Content of each of a dataset's files, by file name; the same bytes on every machine.

    Parameters
    ----------
    dataset
        Facts of the dataset that is cut out.
    source
        The splits of the dataset that it is cut from, with ``images`` and ``labels``.
    chosen
        Which samples; by default those of ``selection.csv``.

    Raises
    ------
    MissingFileError, CorruptFileError
        The selection is not there or damaged, or a sample has another label in the source than in the selection.
    """
    folder = folder_of(dataset)
    rows = read_selection(folder) if chosen is None else list(chosen)
    places = {place.digest: place for place in read_places(folder)}
    unplaced = [row.digest for row in rows if row.digest not in places]
    if unplaced:
        raise CorruptFileError(f"{folder / PLACES} does not say where the sample {unplaced[0][:64]} is.")
    contents = {}
    for split in dataset.splits:
        (file,) = split.files
        of_split = [row for row in rows if row.split == split.name]
        found = [places[row.digest] for row in of_split]
        images: list[Any] = []
        for row, place in zip(of_split, found, strict=True):
            if dataset.classes[source[place.shard]["labels"][place.row]] != row.label:
                title = catalog.origin(dataset).title
                raise CorruptFileError(
                    f"{folder / SELECTION} and {title}'s {place.shard} split disagree about a label."
                )
            images.append(source[place.shard]["images"][place.row])
        index = {place.digest: place.row for place in found}
        arrays = columns(of_split, {"images": np.stack(images)}, dataset.classes, index)
        contents[file.name] = npz.write_npz(arrays, packed=False)
    return contents


def _whole(text: str) -> int:
    # Long ones take Python long.
    if len(text) > 40:
        raise ValueError(f"{text[:20]!r}... is a number of {len(text)} digits")
    return int(text)


def _level(text: str) -> int:
    number = _whole(text)
    if not 0 <= number < 2**31:
        raise ValueError(f"{text[:40]!r} is no difficulty")
    return number


def _finite(text: str) -> float:
    number = float(text[:40])
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]!r} is no number")
    return number


def _rows(path: Path, fields: Sequence[str]) -> list[dict[str, str]]:
    text = read(path).decode("utf-8", "surrogatepass")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(f"it is no CSV ({error})") from None
    if any(tuple(row) != tuple(fields) or None in row.values() for row in rows):
        raise CorruptFileError(f"{path} does not have the columns {', '.join(fields)}.")
    return rows
