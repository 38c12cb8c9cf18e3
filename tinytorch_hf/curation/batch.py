"""What a source gives: some of its rows, as they are there, with their labels and places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.formats.arrays import Array


@dataclass(frozen=True)
class Batch:
    """N rows of one shard.

    Attributes
    ----------
    samples
        Images: an array (N, height, width), (N, height, width, 3) or (N, 3, height, width), or a list of arrays or of
        the bytes of image files. Texts: a list of str.
    labels
        The label of each, as text; None where a row has none.
    rows
        (N,) the places of the rows in the shard, from 0.
    """

    samples: Any
    labels: Sequence[str | None]
    rows: Array

    def __len__(self) -> int:
        return len(self.labels)
