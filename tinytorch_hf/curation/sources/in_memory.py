"""Datasets that are in memory: splits of this package's catalogue, and any map-style dataset, such as torchvision's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.curation import canonical
from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece
from tinytorch_hf.formats.arrays import Array

_PIECE = 10_000
_ALL = "all"


@dataclass(frozen=True)
class InMemory:
    """Samples that can be asked for by their place, in one shard.

    Attributes
    ----------
    name, kind
        As of every source.
    samples
        An array, or a list.
    labels
        A text for each.
    """

    name: str
    kind: Kind
    samples: Any
    labels: Sequence[str]

    def shards(self) -> Sequence[str]:
        """As of every source."""
        return [_ALL]

    def sha256(self, shard: str) -> str:
        """As of every source: over samples and labels."""
        digest = hashlib.sha256(shard.encode())
        for sample, label in zip(self.samples, self.labels, strict=True):
            content = sample.encode("utf-8", "surrogatepass") if isinstance(sample, str) else bytes(sample)
            digest.update(b"%d %d " % (len(label), len(content)) + label.encode("utf-8", "surrogatepass") + content)
        return digest.hexdigest()

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        n = len(self.labels)
        return [Piece(shard, start, min(start + _PIECE, n)) for start in range(0, n, _PIECE)]

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        stop = len(self.labels) if piece.stop is None else piece.stop
        wanted = np.arange(piece.start, stop) if rows is None else rows
        for start in range(0, len(wanted), n_rows):
            some = wanted[start : start + n_rows]
            chosen = self.samples[some] if isinstance(self.samples, np.ndarray) else [self.samples[i] for i in some]
            yield Batch(chosen, [self.labels[i] for i in some], some)


def of_map_style(dataset: Any, name: str) -> InMemory:
    """A dataset whose items are an image and a label, such as torchvision's: read whole.

    Parameters
    ----------
    dataset
        It has a length and gives ``(image, label)`` for each place; the image is an array, a tensor or Pillow's.
        ``classes``, if it has them, name the labels.
    name
        For messages and the recipe.
    """
    classes = getattr(dataset, "classes", None)
    samples, labels = [], []
    for number in range(len(dataset)):
        image, label = dataset[number]
        samples.append(np.asarray(image.numpy() if hasattr(image, "numpy") else image))
        labels.append(str(classes[int(label)] if classes else label))
    shapes = {(sample.shape, sample.dtype) for sample in samples}
    return InMemory(name, "images", np.stack(samples) if len(shapes) == 1 else samples, labels)


def size_of(samples: Any) -> int:
    """The size that images become by default: their own where they are square and at most 64, else 32."""
    first = canonical.image(samples[0], 32, "the first sample") if isinstance(samples[0], bytes) else samples[0]
    shape = np.asarray(first).shape
    sides = shape[:2] if shape[-1] in (1, 3) or len(shape) == 2 else shape[1:]
    return sides[0] if len(set(sides)) == 1 and sides[0] <= 64 else 32
