"""What a sample looks like, in a few whole numbers: tiles of an image, letters of a text."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from tinytorch_hf.formats.arrays import Array

_TILES = 8
_STEPS = 16
_SLOTS = 512
_LONGEST_GRAM = 4
_LENGTH = 256


def of_images(images: Array) -> Array:
    """The mean of each of 8x8 tiles of each colour, in sixteenths of a level.

    Parameters
    ----------
    images
        (N, height, width) or (N, 3, height, width) uint8.

    Returns
    -------
    ndarray
        (N, F) float64 that are whole numbers from 0 to 4080; F is 64 or 192, less where an image has less than 8 rows
        or columns.
    """
    height, width = images.shape[-2:]
    edges = [np.unique(np.arange(_TILES) * length // _TILES) for length in (height, width)]
    sums = np.add.reduceat(images.astype(np.int64), edges[0], axis=-2)
    sums = np.add.reduceat(sums, edges[1], axis=-1)
    rows, columns = (np.diff(np.append(edge, length)) for edge, length in zip(edges, (height, width), strict=True))
    means = _STEPS * sums // (rows[:, None] * columns)
    flat: Array = means.reshape(len(images), -1).astype(np.float64)
    return flat


def of_texts(texts: Sequence[str]) -> Array:
    """How often runs of one to four letters occur in each text, each run counted in one of 512 places by its CRC.

    Returns
    -------
    ndarray
        (N, 512) float64 that are whole numbers; each row has a length of about 256.

    References
    ----------
    K. Weinberger et al. (2009), Feature Hashing for Large Scale Multitask Learning, International Conference on Machine
    Learning.
    """
    counts = np.zeros((len(texts), _SLOTS))
    for row, text in zip(counts, texts, strict=True):
        for gram in grams(text):
            row[zlib.crc32(gram.encode("utf-8", "surrogatepass")) % _SLOTS] += 1
    lengths = np.sqrt((counts * counts).sum(axis=1, keepdims=True))
    # Square root and division are rounded alike everywhere (IEEE 754).
    whole: Array = np.rint(_LENGTH * counts / np.where(lengths > 0, lengths, 1.0))
    return whole


def grams(text: str) -> list[str]:
    """Runs of one to four letters of a text, in small letters, with a space at both ends and single ones between."""
    padded = f" {' '.join(text.lower().split())} "
    return [padded[at : at + n] for n in range(1, _LONGEST_GRAM + 1) for at in range(len(padded) - n + 1)]
