"""TinyCIFAR, cut from CIFAR-10 on the user's machine: which images, and the files they make."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.errors import REPAIR_ADVICE, CorruptFileError, MissingFileError
from tinytorch_hf.files import store
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats import npz
from tinytorch_hf.formats.arrays import Array

FIELDS = ("split", "source_index", "label", "difficulty", "score")

Row = dict[str, str]


def selection_path() -> Path:
    """Where the choice of images is written down; it is part of the installation."""
    return store.shipped("datasets") / catalog.TINYCIFAR.folder_name / "selection.csv"


def read_selection() -> list[Row]:
    """Rows of ``selection.csv``, in the order of the files: which image, with its label, difficulty and score.

    Raises
    ------
    MissingFileError, CorruptFileError
        The file is missing from the installation, or does not have these columns.
    """
    path = selection_path()
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except FileNotFoundError:
        raise MissingFileError(f"{path} is missing from the installation. Reinstall tinytorch-hf.") from None
    if any(tuple(row) != FIELDS for row in rows):
        raise CorruptFileError(f"{path} does not have the columns {', '.join(FIELDS)}. {REPAIR_ADVICE}")
    return rows


def build(source: Mapping[str, Split], rows: list[Row] | None = None) -> dict[str, bytes]:
    """Content of each of TinyCIFAR's files, by file name; the same bytes on every machine.

    Parameters
    ----------
    source
        CIFAR-10: "train" and "test", with ``images`` (N, 3, 32, 32) uint8 and ``labels``.
    rows
        Which images; by default those of ``selection.csv``.

    Raises
    ------
    CorruptFileError
        An image has another label in CIFAR-10 than in the selection.
    """
    chosen = read_selection() if rows is None else rows
    return {
        f"{name}.npz": npz.write_npz(_columns(split, [row for row in chosen if row["split"] == name]), packed=False)
        for name, split in source.items()
    }


def _columns(split: Split, rows: list[Row]) -> dict[str, Array]:
    positions = np.array([int(row["source_index"]) for row in rows], dtype=np.int64)
    labels = np.array([int(row["label"]) for row in rows], dtype=np.int64)
    if (split["labels"][positions] != labels).any():
        raise CorruptFileError(f"{selection_path()} and CIFAR-10's {split.name} split disagree about a label.")
    return {
        "images": split["images"][positions],
        "labels": labels,
        "difficulty": np.array([int(row["difficulty"]) for row in rows], dtype=np.int64),
        "score": np.array([float(row["score"]) for row in rows], dtype=np.float32),
        "source_index": positions,
    }
