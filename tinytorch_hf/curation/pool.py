"""The candidates themselves: what is chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.curation import features
from tinytorch_hf.curation.lots import by_lot
from tinytorch_hf.formats.arrays import Array

_DIGITS = 9
_GREY = 3


@dataclass(frozen=True)
class Pool:
    """N candidates, in the order of their lots.

    Attributes
    ----------
    classes
        What ``label`` counts: 0, 1, 2 ... 10 where they are numbers, else by the alphabet.
    digest, label
        (N, 2) uint64 and (N,) int64.
    images
        (N, height, width) or (N, 3, height, width) uint8; None where they are texts.
    texts
        Where they are texts.
    """

    classes: tuple[str, ...]
    digest: Array
    label: Array
    images: Array | None = None
    texts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.label)

    @property
    def kind(self) -> str:
        """What they are: a key of `near.USUAL`."""
        if self.images is None:
            return "texts"
        return "grey images" if self.images.ndim == _GREY else "images in colour"

    def take(self, positions: Array) -> Pool:
        """Some of the candidates."""
        return Pool(
            self.classes,
            self.digest[positions],
            self.label[positions],
            None if self.images is None else self.images[positions],
            tuple(self.texts[position] for position in positions) if self.texts else (),
        )

    def features(self) -> Array:
        """(N, F) whole numbers."""
        return features.of_texts(self.texts) if self.images is None else features.of_images(self.images)

    def mirrored_features(self) -> Array:
        """The same of the images in a mirror; InvalidArgumentError for texts."""
        assert self.images is not None  # noqa: S101 -- nobody mirrors texts
        return features.of_images(self.images[..., ::-1])


def pool_of(
    classes: Sequence[str],
    digest: Array,
    label: Array,
    seed: int,
    images: Array | None = None,
    texts: Sequence[str] = (),
) -> Pool:
    """Candidates in any order, put into that of their lots, and the classes into the order in which people count."""
    names = sorted(classes, key=_as_counted)
    place = np.array([names.index(name) for name in classes], dtype=np.int64)
    pool = Pool(tuple(names), digest, place[label] if len(place) else label.astype(np.int64), images, tuple(texts))
    return pool.take(by_lot(digest, seed))


def _as_counted(name: str) -> tuple[int, str]:
    """Where a class stands: numbers by their value, before all others."""
    is_number = name.isascii() and name.isdigit() and len(name) <= _DIGITS
    return (int(name), name) if is_number else (10**_DIGITS, name)
