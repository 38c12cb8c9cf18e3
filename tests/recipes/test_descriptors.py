"""Specification of recipes.descriptors."""

from __future__ import annotations

import numpy as np
import pytest
from recipes import descriptors


def photographs(*patterns: np.ndarray) -> np.ndarray:
    """Grey images (N, 3, 32, 32) uint8 of patterns in [0, 1]."""
    grey = np.stack(patterns)[:, None] * 255
    return np.repeat(grey, 3, axis=1).astype(np.uint8)


STEP = np.tile(np.arange(32) >= 14, (32, 1)) * 0.5 + 0.25


def test_there_are_as_many_numbers_as_documented() -> None:
    """Blocks of nine directions, added up or joined; six numbers of colour a tile."""
    images = photographs(STEP, STEP.T)

    assert descriptors.edge_directions(images).shape == (2, 7 * 7 * 9)
    assert descriptors.edge_directions(images, joined=True).shape == (2, 7 * 7 * 36)
    assert descriptors.colours(images).shape == (2, 4 * 4 * 6)
    assert descriptors.edge_directions(images).dtype == np.float32


def test_an_image_without_edges_has_none() -> None:
    """Whatever its brightness."""
    assert not descriptors.edge_directions(photographs(np.zeros((32, 32)), np.full((32, 32), 0.7))).any()


def test_an_edge_is_found_in_its_direction_and_where_it_is() -> None:
    """A change from left to right is the first direction, from top to bottom the middle ones."""
    upright, lying = descriptors.edge_directions(photographs(STEP, STEP.T)).reshape(2, 7, 7, 9)

    assert upright.any(axis=(0, 2)).tolist() == [False, False, True, True, False, False, False]
    assert lying.any(axis=(1, 2)).tolist() == [False, False, True, True, False, False, False]
    assert upright.sum(axis=(0, 1)).argmax() == 0
    assert set(np.flatnonzero(lying.sum(axis=(0, 1)))) == {4, 5}
    assert np.allclose(np.linalg.norm(upright[:, 2:4], axis=2), 1, atol=0.05)


def test_lighting_hardly_matters() -> None:
    """Half as much light moves the edges of a photograph far less than another photograph is away."""
    rng = np.random.default_rng(0)
    one, other = (rng.random((8, 8)).repeat(4, 0).repeat(4, 1) for _ in range(2))
    bright, dark, another = descriptors.edge_directions(photographs(one, one / 2, other))

    assert np.linalg.norm(bright - dark) < 0.1 * np.linalg.norm(bright - another)


def test_an_edge_in_one_colour_counts() -> None:
    """Even where brightness is the same on both sides."""
    image = photographs(np.full((32, 32), 0.5))
    image[0, 0, :, 16:], image[0, 2, :, 16:] = 200, 54

    assert descriptors.edge_directions(image).any()


def test_colours_are_means_and_deviations_of_tiles() -> None:
    """By colour, row and column."""
    image = np.zeros((1, 3, 32, 32), np.uint8)
    image[0, 1, :8, 24:] = 255
    image[0, 2, 0, 0] = 255

    means, deviations = descriptors.colours(image).reshape(2, 3, 4, 4)

    assert means[1, 0, 3] == 1
    assert means[1].sum() == 1
    assert means[2, 0, 0] == pytest.approx(1 / 64)
    assert deviations[2, 0, 0] == pytest.approx(np.sqrt(1 / 64 * 63 / 64))
    assert not means[0].any()
