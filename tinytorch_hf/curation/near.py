"""Look-alikes among candidates: proposed by their features, verified by an exact distance of all that they are.

Every pair is proposed on, a block of rows at a time; so nothing hangs on an order of insertion, and nothing is missed
but what the features themselves hide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.curation.features import grams
from tinytorch_hf.formats.arrays import Array

USUAL: Mapping[str, float] = {"grey images": 0.985, "images in colour": 0.92, "texts": 0.9}
"""From which cosine on samples are look-alikes, by default; docs/explanations/tinify_proof.md has why."""

# Two samples are compared exactly where the cosine of their features is less than this below what is asked for.
_SLACK = 0.06
_BLOCK_BYTES = 1 << 24
_STEPS = 16
# So many pairs are compared exactly at a time.
_N_AT_ONCE = 256


@dataclass(frozen=True)
class Pair:
    """Two look-alikes, by their positions; ``cosine`` is exact, of the second one's mirror image if ``is_mirrored``."""

    first: int
    second: int
    cosine: float
    is_mirrored: bool = False


def usual() -> str:
    """`USUAL` in words."""
    return ", ".join(f"{cosine} for {kind}" for kind, cosine in USUAL.items())


def look_alikes_of_images(images: Array, features: Array, mirrored: Array, min_cosine: float) -> list[Pair]:
    """Pairs of images whose pixels, each less the image's mean, have at least this cosine, as they are or in a mirror.

    Parameters
    ----------
    images
        (N, height, width) or (N, 3, height, width) uint8.
    features, mirrored
        (N, F) of the images, and of the images in a mirror.
    min_cosine
        From which on two images are look-alikes. Images of one level alone are none.

    References
    ----------
    B. Barz, J. Denzler (2020), Do We Train on Test Data? Purging CIFAR of Near-Duplicates, Journal of Imaging 6(6),
    https://doi.org/10.3390/jimaging6060041
    """

    def straight(first: Array, second: Array) -> Array:
        return _cosines_of_images(images[first], images[second])

    def reflected(first: Array, second: Array) -> Array:
        return _cosines_of_images(images[first], images[second][..., ::-1])

    found = {}
    for pair in _verified(features, features, min_cosine, straight):
        found[pair.first, pair.second] = pair
    for pair in _verified(features, mirrored, min_cosine, reflected):
        key = min(pair.first, pair.second), max(pair.first, pair.second)
        if key not in found:
            found[key] = Pair(*key, pair.cosine, is_mirrored=True)
    return [found[key] for key in sorted(found)]


def look_alikes_of_texts(texts: Sequence[str], features: Array, min_cosine: float) -> list[Pair]:
    """Pairs of texts whose counts of runs of letters have at least this cosine."""
    counted: dict[int, Counter[str]] = {}

    def counts(position: int) -> Counter[str]:
        if position not in counted:
            counted[position] = Counter(grams(texts[position]))
        return counted[position]

    def cosine(first: int, second: int) -> float:
        one, other = counts(first), counts(second)
        shared = sum(n * other[gram] for gram, n in one.items())
        return shared / float(np.sqrt(float(_square(one) * _square(other))))

    def cosines(first: Array, second: Array) -> Array:
        return np.array([cosine(*pair) for pair in zip(first.tolist(), second.tolist(), strict=True)])

    return list(_verified(features, features, min_cosine, cosines, is_centred=False))


def first_of_each(n: int, pairs: Sequence[Pair]) -> Array:
    """Which of ``n`` samples stay, (n,) bool: of those that look alike, also by way of others, the first one."""
    home = list(range(n))

    def root(position: int) -> int:
        while home[position] != position:
            home[position] = home[home[position]]
            position = home[position]
        return position

    for pair in pairs:
        low, high = sorted((root(pair.first), root(pair.second)))
        home[high] = low
    return np.array([root(position) == position for position in range(n)], dtype=bool)


def _verified(
    features: Array,
    others: Array,
    min_cosine: float,
    exact: Callable[[Array, Array], Array],
    is_centred: bool = True,
) -> Iterator[Pair]:
    for firsts, seconds in _proposed(features, others, min_cosine - _SLACK, is_centred):
        for start in range(0, len(firsts), _N_AT_ONCE):
            some = slice(start, start + _N_AT_ONCE)
            cosines = exact(firsts[some], seconds[some])
            for place in np.flatnonzero(cosines >= min_cosine):
                yield Pair(int(firsts[some][place]), int(seconds[some][place]), float(cosines[place]))


def _proposed(features: Array, others: Array, min_cosine: float, is_centred: bool) -> Iterator[tuple[Array, Array]]:
    """The positions of pairs, the first below the second, of some rows at a time."""
    units = [_units(part, is_centred) for part in (features, others)]
    n_rows = max(1, _BLOCK_BYTES // (4 * max(len(others), 1)))
    for start in range(0, len(features), n_rows):
        # What stands before these rows has been paired with them.
        cosines = units[0][start : start + n_rows] @ units[1][start:].T
        rows, columns = np.divmod(np.flatnonzero(cosines >= min_cosine), max(cosines.shape[1], 1))
        is_pair = rows < columns
        yield start + rows[is_pair], start + columns[is_pair]


def _units(features: Array, is_centred: bool) -> Array:
    moved = features - features.mean(axis=1, keepdims=True) if is_centred else features
    lengths = np.sqrt((moved * moved).sum(axis=1, keepdims=True))
    units: Array = (moved / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return units


def _cosines_of_images(some: Array, others: Array) -> Array:
    """The cosine of each of some images and the other at its place, each less its mean; 0 where one has one level."""
    left, right = (_centred(images) for images in (some, others))
    square = _products(left, left) * _products(right, right)
    cosines: Array = np.where(square > 0, _products(left, right) / np.sqrt(np.where(square > 0, square, 1.0)), 0.0)
    return cosines


def _products(some: Array, others: Array) -> Array:
    """Sums of whole numbers, exact below 2^53."""
    sums: Array = np.einsum("ij,ij->i", some, others)
    return sums


def _centred(images: Array) -> Array:
    levels = _STEPS * images.reshape(len(images), -1).astype(np.int64)
    centred: Array = (levels - levels.sum(axis=1, keepdims=True) // levels.shape[1]).astype(np.float64)
    return centred


def _square(counts: Counter[str]) -> int:
    return sum(n * n for n in counts.values())
