"""What a source of samples has to offer; `tinytorch_hf.curation.sources` has those that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.errors import printable
from tinytorch_hf.formats.arrays import Array

Kind = Literal["images", "texts"]


@dataclass(frozen=True)
class Piece:
    """Rows of one shard that are read together.

    Attributes
    ----------
    shard
        The shard's name: a file's path below the source, with forward slashes.
    start, stop
        The first row, and the one after the last; None for all that follow.
    """

    shard: str
    start: int = 0
    stop: int | None = None

    def inside(self, rows: Array) -> Array:
        """Those of some rows of the shard that are the piece's."""
        is_inside = rows >= self.start if self.stop is None else (rows >= self.start) & (rows < self.stop)
        some: Array = rows[is_inside]
        return some

    def runs(self, rows: Array | None, n_in_shard: int, n_rows: int) -> Iterator[Array]:
        """The places of the piece's rows, or those that are given, at most ``n_rows`` at a time."""
        wanted = np.arange(self.start, n_in_shard if self.stop is None else self.stop) if rows is None else rows
        for start in range(0, len(wanted), n_rows):
            yield wanted[start : start + n_rows]


def pieces_of(shard: str, n: int, size: int) -> list[Piece]:
    """The pieces of a shard of ``n`` rows, each of ``size`` rows but the last."""
    return [Piece(shard, start, min(start + size, n)) for start in range(0, n, size)]


class Source(Protocol):
    """Where samples are; it can be pickled, so that another process or machine reads a piece of it.

    Attributes
    ----------
    name
        As the user gave it, for messages and the recipe.
    kind
        What its samples are.
    """

    @property
    def name(self) -> str:
        """The attribute."""
        ...

    @property
    def kind(self) -> Kind:
        """The attribute."""
        ...

    def shards(self) -> Sequence[str]:
        """The names of its shards, sorted."""
        ...

    def sha256(self, shard: str) -> str:
        """A hash of all that a shard holds, 64 digits."""
        ...

    def n_rows(self, shard: str) -> int | None:
        """How many rows a shard has; None where that is not known before all is read."""
        ...

    def n_bytes(self, shard: str) -> int | None:
        """How large a shard is; None where nobody says so."""
        ...

    def pieces(self, shard: str) -> Sequence[Piece]:
        """The pieces in which a shard is read; together they are all its rows, once each."""
        ...

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """The rows of a piece, or those at the given places, ascending, in batches of at most ``n_rows``."""
        ...


@runtime_checkable
class OfFiles(Protocol):
    """A source of which each row is a file."""

    def file_of(self, shard: str, row: int) -> str:
        """The path of a row's file below the source, with forward slashes."""
        ...


def place_of(source: Source, shard: str, row: int) -> str:
    """Where a row is, for messages: its file, where each row is one; else its shard and its number, from 1 on."""
    if isinstance(source, OfFiles):
        return f"{source.name}, {printable(source.file_of(shard, row))}"
    return f"{source.name}, {shard}, row {row + 1}"
