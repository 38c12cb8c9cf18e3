"""How images of any mode and size, and texts, become those that are curated: one form for one content.

An image is grey if all its pixels are, whatever its mode, so that the same picture as a grey and as a coloured file is
one content. It is cut to its middle square and resized with Pillow's Lanczos filter; transparent parts become white, 16
bits become 8. An image that has the size already is left as it is.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingExtraError
from tinytorch_hf.formats.arrays import Array

SMALLEST, LARGEST = 4, 128
"""Rows and columns that images may have."""

_WORD = 65_535
_BYTE = 255
_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURS = 3
# Pillow refuses images that are larger than twice this, which a small file may claim to be.
_MOST_PIXELS = 64_000_000


def image(sample: Any, size: int, place: str) -> Array:
    """One image as (size, size) uint8 where it is grey, and (3, size, size) where it is not.

    Parameters
    ----------
    sample
        An array (height, width), (height, width, 1), (height, width, 3) or (3, height, width) of uint8, uint16, or
        floats in [0, 1]; or the bytes of an image file.
    size
        Rows and columns.
    place
        The file and row it comes from, for messages.

    Raises
    ------
    CorruptFileError
        It is not an image, or has numbers that are none.
    MissingExtraError
        Pillow is needed and is not installed.
    """
    pixels = _decoded(bytes(sample), place) if isinstance(sample, (bytes, bytearray)) else _levels(sample, place)
    if pixels.shape[:2] != (size, size):
        pixels = _resized(pixels, size)
    if pixels.ndim == _COLOURS:
        if (pixels == pixels[..., :1]).all():
            return np.ascontiguousarray(pixels[..., 0])
        return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
    return np.ascontiguousarray(pixels)


def images(samples: Any, size: int, places: Any) -> Sequence[Array] | Array:
    """Each of some images, see `image`; arrays that have the form already are taken as they are, as one array."""
    is_ready = isinstance(samples, np.ndarray) and samples.dtype == np.uint8 and samples.shape[1:] == (size, size)
    if is_ready:
        found: Array = np.ascontiguousarray(samples)
        return found
    return [image(sample, size, place) for sample, place in zip(samples, places, strict=True)]


def text(sample: str) -> str:
    """A text without spaces at its ends, and with line ends as Unix has them."""
    return "\n".join(sample.strip().splitlines())


def in_colour(pixels: Array) -> Array:
    """A grey image as a coloured one, (3, size, size)."""
    return pixels if pixels.ndim == _COLOURS else np.repeat(pixels[None], _COLOURS, axis=0)


def _levels(sample: Any, place: str) -> Array:
    """An array as uint8 levels, (height, width) or (height, width, 3)."""
    if sample is None:
        raise CorruptFileError(f"{place}: it has no image.")
    pixels = np.asarray(sample)
    if pixels.ndim == _COLOURS and pixels.shape[0] == _COLOURS and pixels.shape[2] != _COLOURS:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.ndim == _COLOURS and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    elif pixels.ndim == _COLOURS and pixels.shape[0] == 1:
        pixels = pixels[0]
    if not (pixels.ndim == 2 or (pixels.ndim == _COLOURS and pixels.shape[2] == _COLOURS)) or not pixels.size:
        raise CorruptFileError(f"{place}: an array of the shape {pixels.shape} is not an image.")
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return _rounded(pixels.astype(np.int64), _WORD)
    if np.issubdtype(pixels.dtype, np.floating):
        if not np.isfinite(pixels).all():
            raise CorruptFileError(f"{place}: the image has pixels that are not numbers (NaN or infinity).")
        if pixels.min() < 0 or pixels.max() > 1:
            raise CorruptFileError(
                f"{place}: its pixels lie from {pixels.min():g} to {pixels.max():g}; floats have to be in [0, 1]."
            )
        return np.rint(pixels.astype(np.float64) * _BYTE).astype(np.uint8)
    raise CorruptFileError(
        f"{place}: an array of {pixels.dtype} is not an image; use uint8, uint16, or floats in [0, 1]."
    )


def _rounded(pixels: Array, largest: int) -> Array:
    return ((pixels * _BYTE * 2 + largest) // (2 * largest)).astype(np.uint8)


def _decoded(data: bytes, place: str) -> Array:
    """The levels in an image file, transparent parts on white."""
    Image = _pillow()
    try:
        # Otherwise Pillow asks one format after the other, which takes a sixth of the time of a small image.
        formats = ("PNG",) if data.startswith(_PNG) else None
        with Image.open(io.BytesIO(data), formats=formats) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise CorruptFileError(f"{place}: {opened.width}x{opened.height} pixels are more than 64 million.")
            if opened.mode.startswith("I") or opened.mode == "F":
                return _deep(np.asarray(opened), place)
            if "A" in opened.mode or "transparency" in opened.info:
                coloured = opened.convert("RGBA")
                ground = Image.new("RGBA", coloured.size, "white")
                return np.asarray(Image.alpha_composite(ground, coloured).convert("RGB"))
            return np.asarray(opened if opened.mode == "L" else opened.convert("L" if opened.mode == "1" else "RGB"))
    except CorruptFileError:
        raise
    except Exception as error:
        # Pillow's decoders raise whatever they stumble over.
        raise CorruptFileError(f"{place}: it is not an image that can be read ({type(error).__name__}).") from error


def _deep(pixels: Array, place: str) -> Array:
    """Levels of more than 8 bits."""
    if pixels.dtype.kind == "f":
        return _levels(pixels, place)
    if pixels.min() < 0 or pixels.max() > _WORD:
        raise CorruptFileError(f"{place}: its levels lie from {pixels.min()} to {pixels.max()}, more than 16 bits.")
    return _rounded(pixels.astype(np.int64), _WORD)


def _resized(pixels: Array, size: int) -> Array:
    Image = _pillow()
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side]))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("PIL", "hf", error) from error
    return Image


def size_of(sample: Any, place: str) -> tuple[int, int]:
    """The rows and columns of an image, as `image` takes it."""
    pixels = _decoded(bytes(sample), place) if isinstance(sample, (bytes, bytearray)) else _levels(sample, place)
    return pixels.shape[0], pixels.shape[1]


def check_size(size: int) -> int:
    """A size that images may have; InvalidArgumentError for another one."""
    if not SMALLEST <= size <= LARGEST:
        raise InvalidArgumentError(
            f"Images of {size}x{size} pixels are not tiny ones: a size is from {SMALLEST} to {LARGEST}."
        )
    return size
