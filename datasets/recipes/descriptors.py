"""What a photograph looks like, in a few hundred numbers: directions of edges, and colours by place.

Classifiers that learn little from pixels learn from these, so that what is hard for all of them is hard for a reason.
"""

from __future__ import annotations

import numpy as np

from tinytorch_hf.formats.arrays import Array

_N_DIRECTIONS = 9
_CELL = 4
_TILES = 4
# Edges weaker than this are noise; it keeps empty sky from being blown up to full contrast.
_FAINT = 1e-2


def edge_directions(images: Array, *, joined: bool = False) -> Array:
    """How strong edges of each of nine directions are in each part of an image, whatever its lighting.

    Parameters
    ----------
    images
        (N, 3, height, width) uint8; height and width are multiples of 4.
    joined
        A part is a block of 2x2 cells of 4x4 pixels, half of which it shares with the next. Its four histograms are
        added up, or joined, which tells more of where an edge is.

    Returns
    -------
    ndarray
        (N, F) float32, each block's numbers of length about 1. For 32x32 pixels, F is 441, or 1764 if joined.

    References
    ----------
    N. Dalal, B. Triggs (2005), Histograms of Oriented Gradients for Human Detection, Computer Vision and Pattern
    Recognition.
    """
    cells = _cell_histograms(images)
    corners = (cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, :-1, 1:], cells[:, 1:, 1:])
    blocks: Array = np.concatenate(corners, axis=3) if joined else np.sum(corners, axis=0)
    described: Array = blocks / np.sqrt((blocks**2).sum(axis=3, keepdims=True) + _FAINT)
    return described.reshape(len(images), -1)


def _cell_histograms(images: Array) -> Array:
    """Strength of each direction in each cell, (N, rows, columns, directions) float32."""
    # The square root evens out bright and dark.
    light = np.sqrt(images.astype(np.float32) / np.float32(255))
    down, right = np.zeros_like(light), np.zeros_like(light)
    down[:, :, 1:-1] = light[:, :, 2:] - light[:, :, :-2]
    right[:, :, :, 1:-1] = light[:, :, :, 2:] - light[:, :, :, :-2]
    # Of the three colours, the one in which the edge is strongest.
    strongest = np.hypot(down, right).argmax(axis=1)[:, None]
    down, right = (np.take_along_axis(edge, strongest, axis=1)[:, 0] for edge in (down, right))
    strength = np.hypot(down, right)
    # A direction between two of the nine counts for both.
    direction = np.arctan2(down, right) % np.pi / np.pi * _N_DIRECTIONS
    lower = np.floor(direction)
    histograms = np.zeros((*strength.shape, _N_DIRECTIONS), np.float32)
    for bin_number, share in ((lower, 1 - (direction - lower)), (lower + 1, direction - lower)):
        where = (bin_number.astype(np.int64) % _N_DIRECTIONS)[..., None]
        np.put_along_axis(histograms, where, (strength * share)[..., None], axis=3)
    n, height, width = strength.shape
    rows, columns = height // _CELL, width // _CELL
    cells: Array = histograms.reshape(n, rows, _CELL, columns, _CELL, _N_DIRECTIONS).sum(axis=(2, 4))
    return cells


def colours(images: Array) -> Array:
    """Mean and standard deviation of red, green and blue in each of 4x4 tiles.

    Parameters
    ----------
    images
        (N, 3, height, width) uint8; height and width are multiples of 4.

    Returns
    -------
    ndarray
        (N, 96) float32 in [0, 1].

    References
    ----------
    M. Stricker, M. Orengo (1995), Similarity of Color Images, Storage and Retrieval for Image and Video Databases III,
    SPIE 2420.
    """
    n, n_colours, height, width = images.shape
    unit = images.astype(np.float32) / np.float32(255)
    tiles = unit.reshape(n, n_colours, _TILES, height // _TILES, _TILES, width // _TILES)
    return np.hstack([tiles.mean(axis=(3, 5)).reshape(n, -1), tiles.std(axis=(3, 5)).reshape(n, -1)])
