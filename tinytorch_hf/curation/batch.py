"""What a source gives: some of its rows, as they are there, with their labels and places."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
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


def label_of(value: Any) -> str | None:
    """A label as text; None for what is none: nothing, not a number, an empty text.

    A whole number is written alike whatever type holds it, so that it means the same in every shard: a column of
    numbers of which one is missing is a column of floats in many formats.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    text = "" if value is None else str(value).strip()
    return text or None


def labels_of(values: Sequence[Hashable], label: Callable[[Any], str | None] = label_of) -> list[str | None]:
    """Many labels as text, each as `label_of` or another function has it: a function is asked once for equal values."""
    known = {value: label(value) for value in set(values)}
    return [known[value] for value in values]
