"""A source of arrays in memory, cut into shards and pieces as a test wants it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece


@dataclass(frozen=True)
class ArraySource:
    """Samples and labels by the name of their shard."""

    content: dict[str, tuple[Any, Sequence[str | None]]]
    kind: Kind = "images"
    n_rows_a_piece: int = 10**9
    name: str = "arrays"

    def shards(self) -> Sequence[str]:
        """As every source has it."""
        return sorted(self.content)

    def sha256(self, shard: str) -> str:
        """As every source has it."""
        return sha256(repr(self.content[shard]).encode()).hexdigest()

    def n_rows(self, shard: str) -> int | None:
        """As every source has it."""
        return len(self.content[shard][1])

    def n_bytes(self, shard: str) -> int | None:
        """As every source has it."""
        return None

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As every source has it."""
        n = len(self.content[shard][1])
        starts = range(0, n, self.n_rows_a_piece)
        return [Piece(shard, start, min(start + self.n_rows_a_piece, n)) for start in starts]

    def batches(self, piece: Piece, rows: np.ndarray | None, n_rows: int) -> Iterator[Batch]:
        """As every source has it."""
        samples, labels = self.content[piece.shard]
        wanted = np.arange(piece.start, len(labels) if piece.stop is None else piece.stop) if rows is None else rows
        for start in range(0, len(wanted), n_rows):
            some = wanted[start : start + n_rows]
            yield Batch(
                samples[some] if isinstance(samples, np.ndarray) else [samples[row] for row in some],
                [labels[row] for row in some],
                some,
            )


def cut(samples: Any, labels: Sequence[str], n_shards: int, order: Sequence[int] | None = None) -> ArraySource:
    """Samples in so many shards, in some order."""
    places = np.arange(len(labels)) if order is None else np.asarray(order)
    content = {}
    for number, part in enumerate(np.array_split(places, n_shards)):
        some = samples[part] if isinstance(samples, np.ndarray) else [samples[place] for place in part]
        content[f"{number:03}"] = (some, [labels[place] for place in part])
    return ArraySource(content)
