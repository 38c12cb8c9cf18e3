"""What a source of samples has to offer; `tinytorch_hf.curation.sources` has those that there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tinytorch_hf.curation.batch import Batch
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
