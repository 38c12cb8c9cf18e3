"""Datasets of this package's catalogue, built-in or registered: a split is a shard."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.curation.batch import Batch, label_of, labels_of
from tinytorch_hf.curation.source import Kind, Piece, pieces_of
from tinytorch_hf.curation.sources.columns import Column, Roles
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

_PIECE = 10_000


@dataclass(frozen=True)
class Catalogued:
    """Splits of a dataset; each process reads them for itself.

    Attributes
    ----------
    name
        As of every source.
    dataset
        Its facts.
    root
        Where its files are; None for the cache.
    splits
        Which of its splits.
    roles
        The columns that are read.
    """

    name: str
    dataset: DatasetInfo
    root: Path | None
    splits: tuple[str, ...]
    roles: Roles

    @property
    def kind(self) -> Kind:
        """As of every source."""
        return self.roles.kind

    def shards(self) -> Sequence[str]:
        """As of every source."""
        return sorted(self.splits)

    def sha256(self, shard: str) -> str:
        """As of every source: over the columns that are read."""
        split = self._split(shard)
        return hash_of([split[name] for name in (self.roles.sample, self.roles.label)])

    def n_rows(self, shard: str) -> int | None:
        """As of every source."""
        return self.dataset.split(shard).n_samples

    def n_bytes(self, shard: str) -> int | None:
        """As of every source."""
        return sum(file.size_bytes for file in self.dataset.split(shard).files) or None

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        return pieces_of(shard, self.dataset.split(shard).n_samples, _PIECE)

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        split = self._split(piece.shard)
        for some in piece.runs(rows, len(split), n_rows):
            samples = split[self.roles.sample][some]
            labels = labels_of(split[self.roles.label][some].tolist(), self._label)
            yield Batch(samples.tolist() if self.kind == "texts" else samples, labels, some)

    def _split(self, name: str) -> Split:
        return _loaded(self.dataset, name, self.root)

    def _label(self, value: object) -> str | None:
        column = self.dataset.column(self.roles.label)
        names = column.names or (self.dataset.classes if column.name == "labels" else ())
        if names and isinstance(value, int):
            place = value - column.lowest
            return names[place] if 0 <= place < len(names) else None
        return label_of(value)


def hash_of(columns: Sequence[Array]) -> str:
    """SHA-256 of all that columns hold, whatever the order of the machine's bytes."""
    digest = hashlib.sha256()
    for values in columns:
        if values.dtype.kind in "OUT":
            for text in values.tolist():
                content = text.encode("utf-8", "surrogatepass")
                digest.update(b"%d " % len(content) + content)
        else:
            digest.update(f"{values.dtype.newbyteorder('<').str} {values.shape} ".encode())
            little = values.astype(values.dtype.newbyteorder("<"), copy=False)
            digest.update(np.ascontiguousarray(little).tobytes())
    return digest.hexdigest()


def columns_of(dataset: DatasetInfo) -> list[Column]:
    """The columns of a dataset, by what they hold."""
    return [Column(one.name, _holds(dataset, one.name)) for one in dataset.columns]


def _holds(dataset: DatasetInfo, name: str) -> str:
    column, first = dataset.column(name), dataset.columns[0]
    if column.dtype == "str":
        return "text"
    if name == first.name and column.shape:
        return "image"
    # Levels that were added to a dataset are not classes of its samples unless someone says so.
    return "class" if name in ("label", "labels") else "number" if not column.shape else "other"


@functools.lru_cache(maxsize=2)
def _loaded(dataset: DatasetInfo, split: str, root: Path | None) -> Split:
    return load_split(dataset, split, root)
