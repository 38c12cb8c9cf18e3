"""What sources have in common whose shards are files with named columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinytorch_hf.curation.source import Kind, Piece
from tinytorch_hf.curation.sources.columns import Roles
from tinytorch_hf.curation.sources.files import Files


@dataclass(frozen=True)
class FileSource:
    """Files, each a shard; how many rows one has is not known before it is read, and it is read as one piece.

    Attributes
    ----------
    name
        As of every source.
    files
        Where they are.
    roles
        The columns that are read.
    """

    name: str
    files: Files
    roles: Roles

    @property
    def kind(self) -> Kind:
        """As of every source."""
        return self.roles.kind

    def shards(self) -> Sequence[str]:
        """As of every source."""
        return self.files.names()

    def sha256(self, shard: str) -> str:
        """As of every source."""
        return self.files.sha256(shard)

    def n_bytes(self, shard: str) -> int | None:
        """As of every source."""
        return self.files.n_bytes(shard)

    def n_rows(self, shard: str) -> int | None:  # noqa: ARG002
        """As of every source."""
        return None

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        return [Piece(shard)]
