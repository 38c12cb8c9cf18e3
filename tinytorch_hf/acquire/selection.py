"""Datasets that are cut from another one on the user's machine: which samples, and the files they make."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError, MissingFileError
from tinytorch_hf.files import folders
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats import npz
from tinytorch_hf.formats.arrays import Array

FIELDS = ("split", "source_index", "label", "difficulty", "score")

Row = dict[str, str]


def selection_path(dataset: DatasetInfo) -> Path:
    """Where the choice of samples is written down; it is part of the installation."""
    return folders.shipped("datasets") / dataset.folder_name / "selection.csv"


def read_selection(dataset: DatasetInfo) -> list[Row]:
    """Rows of ``selection.csv``, in the order of the files: which sample, with its label, difficulty and score.

    Raises
    ------
    MissingFileError, CorruptFileError
        The file is missing from the installation, or does not have these columns.
    """
    path = selection_path(dataset)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except FileNotFoundError:
        raise MissingFileError(f"{path} is missing from the installation. Reinstall tinytorch-hf.") from None
    if any(tuple(row) != FIELDS for row in rows):
        raise CorruptFileError(f"{path} does not have the columns {', '.join(FIELDS)}. {REPAIR_ADVICE}")
    return rows


def cut(dataset: DatasetInfo, source: Mapping[str, Split], rows: list[Row] | None = None) -> dict[str, bytes]:
    """Content of each of a dataset's files, by file name; the same bytes on every machine.

    Parameters
    ----------
    dataset
        Facts of the dataset that is cut out.
    source
        The splits of the dataset that it is cut from, with ``images`` and ``labels``.
    rows
        Which samples; by default those of ``selection.csv``.

    Raises
    ------
    CorruptFileError
        A sample has another label in the source than in the selection.
    """
    chosen = read_selection(dataset) if rows is None else rows
    contents = {}
    for split in dataset.splits:
        (file,) = split.files
        of_split = [row for row in chosen if row["split"] == split.name]
        contents[file.name] = npz.write_npz(_columns(dataset, source[split.name], of_split), packed=False)
    return contents


def _columns(dataset: DatasetInfo, split: Split, rows: list[Row]) -> dict[str, Array]:
    positions = np.array([int(row["source_index"]) for row in rows], dtype=np.int64)
    labels = np.array([int(row["label"]) for row in rows], dtype=np.int64)
    if (split["labels"][positions] != labels).any():
        source = catalog.origin(dataset).title
        raise CorruptFileError(f"{selection_path(dataset)} and {source}'s {split.name} split disagree about a label.")
    return {
        "images": split["images"][positions],
        "labels": labels,
        "difficulty": np.array([int(row["difficulty"]) for row in rows], dtype=np.int64),
        "score": np.array([float(row["score"]) for row in rows], dtype=np.float32),
        "source_index": positions,
    }
