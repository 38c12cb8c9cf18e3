"""What a run would do, found out without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tinytorch_hf.curation.licences import may_be_packed
from tinytorch_hf.curation.proof import N_RANDOM
from tinytorch_hf.curation.sources.opening import Opened
from tinytorch_hf.curation.wish import Wish

N_HELD_OUT = 200
"""Samples of each class that the proof asks about, and nothing is chosen from."""


@dataclass(frozen=True)
class Shard:
    """A shard of a source; None for what is not known before it is read."""

    name: str
    n_rows: int | None
    n_bytes: int | None


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes
    ----------
    opened
        What is read.
    out
        The folder that comes to be.
    wish
        What is asked for.
    facts
        What is said of the set.
    """

    opened: Opened
    out: Path
    wish: Wish
    facts: Mapping[str, Any]

    @property
    def is_packed(self) -> bool:
        """Whether the licence lets content be written."""
        return may_be_packed(str(self.facts["license"]))

    def shards(self) -> list[Shard]:
        """What is read, shard by shard."""
        source = self.opened.source
        return [Shard(name, source.n_rows(name), source.n_bytes(name)) for name in source.shards()]

    def as_dict(self) -> dict[str, Any]:
        """The plan for a program."""
        shards = self.shards()
        rows = [shard.n_rows for shard in shards]
        is_images = self.opened.source.kind == "images"
        return {
            "source": self.opened.source.name,
            "kind": self.opened.source.kind,
            "columns": dict(self.opened.columns),
            "shards": [asdict(shard) for shard in shards],
            "n_rows": None if None in rows else sum(one for one in rows if one is not None),
            "size": self.wish.size if is_images else None,
            "per_class": {"train": self.wish.n_train, "test": self.wish.n_test},
            "looked_at_per_class": {
                "candidates": self.wish.candidates,
                "held_out": N_HELD_OUT if self.wish.is_proven else 0,
            },
            "near": self.wish.min_cosine,
            "seed": self.wish.seed,
            "proof": {"random_subsets": N_RANDOM} if self.wish.is_proven else None,
            "name": self.facts["name"],
            "license": self.facts["license"],
            "is_packed": self.is_packed,
            "folder": str(self.out),
        }
