"""The map: from a piece of a source to the facts of its samples, or to samples themselves. Nothing else reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from tinytorch_hf.curation import canonical
from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.facts import Facts, facts, merged
from tinytorch_hf.curation.likely import Likely
from tinytorch_hf.curation.lots import digests
from tinytorch_hf.curation.source import Kind, Piece, Source, place_of
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array

N_ROWS = 500
"""Rows that are in memory at once, unless told otherwise."""


@dataclass(frozen=True)
class Reading:
    """How a source is read: into images of ``size`` rows and columns, or texts, ``n_rows`` at a time."""

    source: Source
    size: int
    n_rows: int = N_ROWS

    @property
    def kind(self) -> Kind:
        """What comes out."""
        return self.source.kind


def facts_of(reading: Reading, piece: Piece, likely: Likely | None = None) -> Facts:
    """The facts of all samples of a piece.

    Parameters
    ----------
    reading, piece
        What is read, and how.
    likely
        Where samples are kept that will probably be candidates.

    Raises
    ------
    CorruptFileError
        A row has no label, or is no image or text: the message names the shard and the row, counted from 1.
    """
    return merged(_facts_of_batch(reading, piece.shard, batch, likely) for batch in _batches(reading, piece, None))


def samples_of(reading: Reading, piece: Piece, rows: Array) -> list[tuple[int, Any]]:
    """Some rows of a piece, each with its place: images as `canonical.image` makes them, or texts."""
    found: list[tuple[int, Any]] = []
    for batch in _batches(reading, piece, rows):
        found += zip(batch.rows.tolist(), _contents(reading, piece.shard, batch), strict=True)
    return found


def digests_of(samples: Sequence[Any]) -> Array:
    """What stands for each of some samples, (N, 2) uint64; as many images of one form as there are go faster together.

    Parameters
    ----------
    samples
        Images as `canonical.image` makes them, as a list or as one array, or texts.
    """
    if not isinstance(samples, np.ndarray):
        return digests(map(bytes_of, samples))
    n_bytes = 1 + prod(samples.shape[1:])
    content = np.full((len(samples), n_bytes), samples.ndim - 1, np.uint8)
    content[:, 1:] = samples.reshape(len(samples), -1)
    joined = memoryview(content.reshape(-1))
    return digests(joined[start : start + n_bytes] for start in range(0, len(joined), n_bytes))


def bytes_of(sample: Any) -> bytes:
    """What stands for a sample's content: of an image its levels, of a text its letters."""
    if isinstance(sample, str):
        return sample.encode("utf-8", "surrogatepass")
    # A coloured image and a grey one of three times the pixels are two.
    return bytes([sample.ndim]) + bytes(sample.tobytes())


def sample_of(reading: Reading, content: bytes) -> Any:
    """The sample that `bytes_of` was asked about."""
    if reading.kind == "texts":
        return content.decode("utf-8", "surrogatepass")
    shape = (reading.size, reading.size)
    return np.frombuffer(content, np.uint8, offset=1).reshape(shape if content[0] == len(shape) else (-1, *shape))


def _batches(reading: Reading, piece: Piece, rows: Array | None) -> Iterator[Batch]:
    for batch in reading.source.batches(piece, rows, reading.n_rows):
        if len(batch):
            yield batch


def _facts_of_batch(reading: Reading, shard: str, batch: Batch, likely: Likely | None) -> Facts:
    labels = [label for label in batch.labels if label is not None]
    if len(labels) < len(batch):
        row = batch.rows[list(batch.labels).index(None)]
        raise CorruptFileError(f"{_place(reading, shard, row)}: it has no label. Give it one, or leave it out.")
    contents = _contents(reading, shard, batch)
    found = facts(labels, shard, batch.rows, digests_of(contents))
    if likely is not None:
        for place in likely.places(found).tolist():
            likely.keep(found.digest[place], bytes_of(contents[place]))
    return found


def _contents(reading: Reading, shard: str, batch: Batch) -> Any:
    places = (_place(reading, shard, row) for row in batch.rows)
    if reading.kind == "images":
        return canonical.images(batch.samples, reading.size, places)
    return [_text(sample, place) for sample, place in zip(batch.samples, places, strict=True)]


def _text(sample: Any, place: str) -> str:
    if sample is None:
        raise CorruptFileError(f"{place}: it has no text. Give it one, or leave the row out.")
    if not isinstance(sample, str):
        raise CorruptFileError(f"{place}: it is a {type(sample).__name__}, not a text.")
    found = canonical.text(sample)
    if not found:
        raise CorruptFileError(f"{place}: its text is empty. Give it one, or leave the row out.")
    return found


def _place(reading: Reading, shard: str, row: Any) -> str:
    return place_of(reading.source, shard, int(row))
