"""Specification of tinytorch_hf.as_torch.unit_image: exact floats under Pillow's methods, a picture to look at."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps, ImageShow

from tinytorch_hf.as_torch.unit_image import UnitImage, from_pixels
from tinytorch_hf.errors import InvalidArgumentError

# Any float32 in [0, 1], not square.
FLOATS = np.random.default_rng(0).random((7, 9), np.float32)
BYTES = np.rint(FLOATS * 255).astype(np.uint8)


@pytest.fixture
def image() -> UnitImage:
    """The image of FLOATS, with something in its `info`."""
    made = from_pixels(FLOATS)
    made.info["title"] = "seven"
    return made


def in_bytes() -> Image.Image:
    """What Pillow has of the same pixels as bytes."""
    return Image.fromarray(BYTES)


def thumbnail(image: Image.Image) -> Image.Image:
    """Pillow's method changes the image itself."""
    image = image.copy()
    image.thumbnail((5, 5))
    return image


ON_FLOATS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "copy": lambda image: image.copy(),
    "copied": copy.copy,
    "deeply copied": copy.deepcopy,
    "pickled": lambda image: pickle.loads(pickle.dumps(image)),
    "convert()": lambda image: image.convert(),
    "convert('F')": lambda image: image.convert("F"),
    "crop": lambda image: image.crop((1, 2, 20, 5)),
    "transpose": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "resize": lambda image: image.resize((4, 3)),
    "reduce": lambda image: image.reduce(2),
    "thumbnail": thumbnail,
    "rotate": lambda image: image.rotate(30, Image.Resampling.BICUBIC, expand=True, fillcolor=0.5),
    "transform": lambda image: image.transform((5, 5), Image.Transform.EXTENT, (0, 0, 3, 3)),
    "split": lambda image: image.split()[0],
    "median": lambda image: image.filter(ImageFilter.MedianFilter(3)),
    "point of a function": lambda image: image.point(lambda pixel: pixel * 0.5 + 0.25),
    "fit": lambda image: ImageOps.fit(image, (4, 4)),
    "mirror": ImageOps.mirror,
}


@pytest.mark.parametrize("method", ON_FLOATS.values(), ids=ON_FLOATS)
def test_what_moves_and_mixes_pixels_works_on_the_floats(method: Any, image: UnitImage) -> None:
    """The same bits as in Pillow's own image of floats, in a UnitImage again, which is seen as it should be."""
    result, expected = method(image), method(Image.fromarray(FLOATS))

    assert type(result) is UnitImage
    assert (result.mode, result.size) == ("F", expected.size)
    assert np.array_equal(np.asarray(result), np.asarray(expected))
    assert np.array_equal(np.asarray(result.convert("L")), np.rint(np.clip(np.asarray(expected), 0, 1) * 255))
    assert result.info == {"title": "seven"}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "I;16"])
def test_other_modes_are_those_of_bytes(mode: str, image: UnitImage) -> None:
    """Pixel by pixel, and no longer a UnitImage."""
    result, expected = image.convert(mode), in_bytes().convert(mode)

    assert type(result) is Image.Image
    assert result.mode == mode
    assert result.tobytes() == expected.tobytes()


ON_BYTES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "table": lambda image: image.point([255 - byte for byte in range(256)]),
    "kernel": lambda image: image.filter(ImageFilter.SMOOTH),
    "blur": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
}


@pytest.mark.parametrize("method", ON_BYTES.values(), ids=ON_BYTES)
def test_what_pillow_refuses_to_do_with_floats_is_done_with_bytes(method: Any, image: UnitImage) -> None:
    """The result is an image of floats again: these bytes divided by 255."""
    result, expected = method(image), method(in_bytes())

    assert type(result) is UnitImage
    assert np.array_equal(np.asarray(result), np.asarray(expected, np.float32) / np.float32(255))
    assert np.array_equal(np.asarray(result.convert("L")), np.asarray(expected))
    assert result.info == {"title": "seven"}


def test_palettes_are_made_of_bytes(image: UnitImage) -> None:
    """As `quantize` makes them."""
    assert image.quantize(4).convert("RGB").tobytes() == in_bytes().quantize(4).convert("RGB").tobytes()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "PPM"])
def test_a_file_is_that_of_bytes(file_format: str, image: UnitImage) -> None:
    """Byte for byte, also in formats that could keep floats: what opens them takes 255 for white."""
    saved, expected = io.BytesIO(), io.BytesIO()

    image.save(saved, file_format)
    in_bytes().save(expected, file_format)

    assert saved.getvalue() == expected.getvalue()


@pytest.mark.parametrize("file_format", ["GIF", "TIFF"])
def test_files_of_several_images_are_those_of_bytes(file_format: str, image: UnitImage) -> None:
    """The following ones, too."""
    stream = io.BytesIO()

    image.save(stream, file_format, save_all=True, append_images=[image.transpose(Image.Transpose.ROTATE_180)])

    opened = Image.open(stream)
    for number, pixels in enumerate((BYTES, BYTES[::-1, ::-1])):
        opened.seek(number)
        assert np.array_equal(np.asarray(opened.convert("L")), pixels)


def test_notebooks_and_viewers_show_bytes(image: UnitImage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook asks for a PNG, `show` hands the image to a viewer."""
    shown: list[Image.Image] = []

    class Keeps(ImageShow.Viewer):
        def show_image(self, image: Image.Image, **options: Any) -> int:
            shown.append(image)
            return 1

    monkeypatch.setattr(ImageShow, "_viewers", [Keeps()])

    image.show()

    assert np.array_equal(np.asarray(shown[0]), BYTES)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(image._repr_png_()))), BYTES)


def test_white_of_another_image_is_one(image: UnitImage) -> None:
    """Pasted bytes are divided by 255, colours by name too; floats are themselves, whoever has them."""
    for pasted, value in (
        (Image.new("L", (2, 2), 51), np.float32(51) / np.float32(255)),
        (Image.new("RGB", (2, 2), "white"), 1),
        (Image.new("F", (2, 2), 0.25), 0.25),
        (from_pixels(np.full((2, 2), 0.75, np.float32)), 0.75),
    ):
        image.paste(pasted, (0, 0))
        assert (np.asarray(image)[:2, :2] == value).all()
    image.paste("white", (3, 3, 5, 5))
    image.paste(0.5, (5, 3, 6, 5))

    pixels = np.asarray(image)
    assert (pixels[3:5, 3:5] == 1).all()
    assert (pixels[3:5, 5] == 0.5).all()
    assert np.array_equal(pixels[5:], FLOATS[5:])


def test_pasted_elsewhere_it_is_seen(image: UnitImage) -> None:
    """An image of bytes gets bytes."""
    canvas = Image.new("RGB", (20, 20))

    canvas.paste(image, (1, 2))

    assert np.array_equal(np.asarray(canvas)[2:9, 1:10, 1], BYTES)


def test_what_cannot_be_is_refused_with_advice(image: UnitImage) -> None:
    """Transparency of floats, and functions that Pillow cannot apply to them; the advice works."""
    with pytest.raises(InvalidArgumentError, match=r'image\.convert\("LA"\)'):
        image.putalpha(128)
    with pytest.raises(InvalidArgumentError, match=r'image\.convert\("L"\)\.point'):
        image.point(lambda pixel: 255 if pixel > 128 else 0)

    transparent = image.convert("LA")
    transparent.putalpha(128)
    assert np.array_equal(np.asarray(transparent)[..., 0], BYTES)
    assert set(np.unique(image.convert("L").point(lambda pixel: 255 if pixel > 128 else 0))) == {0, 255}


def test_floats_beyond_the_range_are_kept_and_seen_as_black_and_white() -> None:
    """Some transforms make such, as they do of tensors."""
    image = from_pixels(np.array([[-0.5, 0.0, 1.0, 2.0]], np.float32))

    assert np.asarray(image).tolist() == [[-0.5, 0.0, 1.0, 2.0]]
    assert np.asarray(image.convert("L")).tolist() == [[0, 0, 255, 255]]


def test_drawing_on_a_copy_leaves_the_image_alone(image: UnitImage) -> None:
    """As with Pillow's own."""
    copied = image.copy()
    copied.putpixel((0, 0), 1.0)

    assert image.getpixel((0, 0)) == FLOATS[0, 0]
    assert copied.getpixel((0, 0)) == 1.0
    assert copied != image
