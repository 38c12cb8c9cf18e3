"""Facts on disk: a file for each piece, sorted by content, of which a part can be read without the rest."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tinytorch_hf.curation.facts import Facts, merged
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.files import store

ROW = np.dtype([("digest", "<u8", (2,)), ("label", "<i4"), ("shard", "<i4"), ("row", "<i8")])
"""What is kept of a sample: 32 bytes."""

HEAD = struct.Struct("<16sq")
"""What stands before a content that is kept: its digest, and how many bytes it has."""


@dataclass(frozen=True)
class Spill:
    """The folder in which the facts of a run are kept until the choice is made."""

    folder: Path

    def has(self, piece: Piece) -> bool:
        """Whether the facts of a piece are there, whole: what is half-written never has this name."""
        return self._names(piece).is_file()

    def write(self, piece: Piece, facts: Facts, contents: Mapping[bytes, bytes] = MappingProxyType({})) -> None:
        """Keep the facts of a piece, and the contents of some of its samples by their digest."""
        if contents:
            store.write(self._contents(piece), b"".join(_framed(contents)))
        facts = facts.in_order()
        rows = np.zeros(len(facts), ROW)
        for name in ("digest", "label", "shard", "row"):
            rows[name] = getattr(facts, name)
        store.write(self._rows(piece), rows.tobytes())
        # The names come last: they say that the rows are whole.
        names = {"classes": facts.classes, "shards": facts.shards, "n": len(facts)}
        store.write(self._names(piece), json.dumps(names).encode("utf-8"))

    def n_rows(self, pieces: Sequence[Piece]) -> int:
        """How many samples the pieces have."""
        return sum(int(json.loads(self._names(piece).read_text(encoding="utf-8"))["n"]) for piece in pieces)

    def read(self, pieces: Sequence[Piece], part: int, n_parts: int) -> Facts:
        """The facts of one of ``n_parts`` parts by content, of all pieces together."""
        return merged(self._part(piece, part, n_parts) for piece in pieces)

    def contents(self, piece: Piece, wanted: Container[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Those contents of a piece's samples that are kept and wanted, each after its digest."""
        path = self._contents(piece)
        if not path.is_file():
            return
        kept, at = path.read_bytes(), 0
        while at < len(kept):
            digest, n_bytes = HEAD.unpack_from(kept, at)
            at += HEAD.size + n_bytes
            if digest in wanted:
                yield digest, kept[at - n_bytes : at]

    def _part(self, piece: Piece, part: int, n_parts: int) -> Facts:
        names = json.loads(self._names(piece).read_text(encoding="utf-8"))
        rows = np.memmap(self._rows(piece), ROW, mode="r") if names["n"] else np.zeros(0, ROW)
        bounds = [np.uint64(-(-(number << 64) // n_parts)) for number in range(1, n_parts)]
        edges = [0, *np.searchsorted(rows["digest"][:, 0], bounds), len(rows)]
        some = np.array(rows[edges[part] : edges[part + 1]])
        return Facts(
            tuple(names["classes"]),
            tuple(names["shards"]),
            some["digest"].astype(np.uint64),
            some["label"].astype(np.int32),
            some["shard"].astype(np.int32),
            some["row"].astype(np.int64),
        )

    def _contents(self, piece: Piece) -> Path:
        return self._names(piece).with_suffix(".contents")

    def _rows(self, piece: Piece) -> Path:
        return self._names(piece).with_suffix(".rows")

    def _names(self, piece: Piece) -> Path:
        key = json.dumps([piece.shard, piece.start, piece.stop])
        return self.folder / f"{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"


def _framed(contents: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Each content after its digest and its length."""
    for digest, content in contents.items():
        yield HEAD.pack(digest, len(content))
        yield content
