"""What is kept of every sample of a source: what stands for its content, its label, and where it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.formats.arrays import Array


@dataclass(frozen=True)
class Facts:
    """Facts of N samples; as a set, the order means nothing.

    Attributes
    ----------
    classes, shards
        The names that ``label`` and ``shard`` count, sorted.
    digest
        (N, 2) uint64, of the content.
    label, shard
        (N,) int32, positions in the names.
    row
        (N,) int64, the sample's place in its shard, from 0.
    """

    classes: tuple[str, ...]
    shards: tuple[str, ...]
    digest: Array
    label: Array
    shard: Array
    row: Array

    def __len__(self) -> int:
        return len(self.label)

    def take(self, positions: Array) -> Facts:
        """The facts of some of the samples."""
        return Facts(
            self.classes,
            self.shards,
            self.digest[positions],
            self.label[positions],
            self.shard[positions],
            self.row[positions],
        )

    def in_order(self) -> Facts:
        """The same in an order that hangs on the samples alone: by content, label, and place."""
        keys = (self.row, self.shard, self.label, self.digest[:, 1], self.digest[:, 0])
        return self.take(np.lexsort(keys))


def facts(labels: Sequence[str], shard: str, rows: Array, digest: Array) -> Facts:
    """The facts of a batch that lies in one shard.

    Parameters
    ----------
    labels
        The label of each sample, as text.
    shard
        The shard's name.
    rows
        (N,) the samples' places in it.
    digest
        (N, 2) uint64, of their contents.
    """
    classes = tuple(sorted(set(labels)))
    code = {name: number for number, name in enumerate(classes)}
    label = np.fromiter(map(code.__getitem__, labels), np.int32, len(labels))
    return Facts(classes, (shard,), digest, label, np.zeros(len(labels), np.int32), rows.astype(np.int64))


def merged(parts: Iterable[Facts]) -> Facts:
    """All facts together; the same for every order and every bracketing of the parts, once they are `in_order`."""
    parts = list(parts)
    classes = tuple(sorted({name for part in parts for name in part.classes}))
    shards = tuple(sorted({name for part in parts for name in part.shards}))
    return Facts(
        classes,
        shards,
        np.concatenate([part.digest for part in parts] or [np.zeros((0, 2), np.uint64)]),
        np.concatenate([_recoded(part.label, part.classes, classes) for part in parts] or [np.zeros(0, np.int32)]),
        np.concatenate([_recoded(part.shard, part.shards, shards) for part in parts] or [np.zeros(0, np.int32)]),
        np.concatenate([part.row for part in parts] or [np.zeros(0, np.int64)]),
    )


def _recoded(codes: Array, names: Sequence[str], among: Sequence[str]) -> Array:
    """Positions in one list of names as positions in another, which has all of them."""
    places = np.searchsorted(np.array(among, dtype=object), np.array(names, dtype=object)).astype(np.int32)
    recoded: Array = places[codes] if len(places) else codes
    return recoded
