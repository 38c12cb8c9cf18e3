"""Specification of tinytorch_hf.hub.pictures: every dataset has something to look at."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tinytorch_hf import catalog, load
from tinytorch_hf.data.pictures import contact_sheet
from tinytorch_hf.hub import pictures


@pytest.mark.parametrize("name", catalog.shipped_names())
def test_a_picture_is_a_small_png_with_ink_and_ground(name: str) -> None:
    """Wide enough to see, small enough for a phone."""
    data = pictures.samples_png(name)
    picture = Image.open(io.BytesIO(data))

    assert (picture.format, picture.mode) == ("PNG", "L")
    assert 300 < picture.width < 800 and 300 < picture.height < 800
    assert len(data) < 50_000
    shades = np.asarray(picture)
    assert (shades.min(), shades.max()) == (0, 255) and 0.6 < (shades > 127).mean() < 0.97


def test_images_are_shown_by_class() -> None:
    """The first split's first ten of each."""
    sheet = contact_sheet(load("digits_8x8")["full"])

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(pictures.samples_png("digits_8x8")))), sheet)
