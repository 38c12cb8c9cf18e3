"""What stands for a sample, and its lot: both hang on its content and the seed alone, never on where it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from tinytorch_hf.formats.arrays import Array

_WORDS = 2


def digests(contents: Iterable[bytes | memoryview]) -> Array:
    """BLAKE2b of each content, (N, 2) uint64: 128 bits, so that no two of 1e9 samples share one by chance."""
    joined = b"".join([hashlib.blake2b(content, digest_size=8 * _WORDS).digest() for content in contents])
    return np.frombuffer(joined, "<u8").reshape(-1, _WORDS).astype(np.uint64)


def hexadecimal(digest: Array) -> str:
    """A digest (2,) as 32 digits."""
    return digest.astype("<u8").tobytes().hex()


def lots(digest: Array, seed: int) -> Array:
    """The lot of each sample, (N,) uint64 from its digest (N, 2): as good as drawn, and the same for equal samples.

    References
    ----------
    The finaliser of SplitMix64: G. Steele, D. Lea, C. Flood (2014), Fast Splittable Pseudorandom Number Generators,
    Object-Oriented Programming, Systems, Languages and Applications.
    """
    start = np.uint64(0x9E3779B97F4A7C15 * (seed + 1) % 2**64)
    with np.errstate(over="ignore"):
        mixed = digest[:, 0] + start
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        drawn: Array = mixed ^ (mixed >> np.uint64(31))
    return drawn


def by_lot(digest: Array, seed: int) -> Array:
    """Positions in the order of the lots; equal lots in the order of the digests."""
    return np.lexsort((digest[:, 1], digest[:, 0], lots(digest, seed)))
