"""Specification of the form that images and texts get: one picture is one content, in whatever file it comes."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tinytorch_hf.curation import canonical
from tinytorch_hf.errors import CorruptFileError

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8) * 3


def png(pixels: np.ndarray, mode: str | None = None) -> bytes:
    """An image file."""
    stream = io.BytesIO()
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "sample",
    [
        GREY,
        GREY[..., None],
        np.stack([GREY] * 3),
        np.stack([GREY] * 3, axis=-1),
        GREY / 255,
        (GREY / 255).astype(np.float32),
        GREY.astype(np.uint16) * 257,
        png(GREY),
        png(GREY, "RGB"),
        png(GREY, "RGBA"),
        png(GREY, "LA"),
        png(GREY.astype(np.uint16) * 257),
    ],
)
def test_a_grey_picture_is_one_content_in_every_mode(sample: object) -> None:
    """As bytes, 16 bits or floats, with three equal colours, with opaque alpha: the same levels."""
    assert np.array_equal(canonical.image(sample, 8, "here"), GREY)


def test_a_coloured_picture_has_its_colours_first() -> None:
    """As PyTorch has them."""
    coloured = np.stack([GREY, GREY // 2, GREY // 3], axis=-1)

    for sample in (coloured, png(coloured), np.moveaxis(coloured, -1, 0)):
        assert np.array_equal(canonical.image(sample, 8, "here"), np.moveaxis(coloured, -1, 0))


def test_the_middle_square_is_resized() -> None:
    """What lies beside it is cut off."""
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 200

    assert np.array_equal(canonical.image(wide, 8, "here"), np.full((8, 8), 200))
    assert canonical.image(wide, 4, "here").shape == (4, 4)


def test_transparent_parts_become_white() -> None:
    """As on paper."""
    picture = np.zeros((8, 8, 4), np.uint8)
    picture[:4, :, 3] = 255

    found = canonical.image(png(picture), 8, "here")
    assert (found[:4] == 0).all() and (found[4:] == 255).all()


@pytest.mark.parametrize(
    "sample", [b"", b"\x89PNG\r\n\x1a\n", png(GREY)[:48], np.zeros((0, 8)), np.zeros((8, 8), complex)]
)
def test_what_is_no_image_is_refused_with_its_place(sample: object) -> None:
    """Whatever the decoder stumbles over."""
    with pytest.raises(CorruptFileError, match=r"^shard, row 7: "):
        canonical.image(sample, 8, "shard, row 7")


def test_a_text_has_unix_line_ends_and_no_spaces_at_its_ends() -> None:
    """So that one text is one content."""
    assert canonical.text("  one\r\ntwo \n") == "one\ntwo"
