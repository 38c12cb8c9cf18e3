"""Previews of images, as text and as PNG; ``svg.py`` has those in SVG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

_INK = " .:-=+*#%@"
# How bright red, green and blue look: Rec. ITU-R BT.601.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def ascii_images(images: Array, captions: Sequence[str], width: int = 80) -> str:
    """Draw images side by side as text, as many to a row as fit.

    Parameters
    ----------
    images
        (N, height, width) bytes, or floats in [0, 1]; 255 or 1 is full ink. In colour (N, 3, height, width), of which
        the brightness is drawn.
    captions
        N short lines, one above each image.
    width
        Columns of the terminal. A pixel takes two, so that it looks square.
    """
    cell = 2 * images.shape[-1]
    per_row = max(1, (width + 2) // (cell + 2))
    blocks = [
        [caption.ljust(cell), *_ascii_lines(image)] for image, caption in zip(unit_range(images), captions, strict=True)
    ]
    rows = []
    for start in range(0, len(blocks), per_row):
        lines = zip(*blocks[start : start + per_row], strict=True)
        rows.append("\n".join("  ".join(line).rstrip() for line in lines))
    return "\n\n".join(rows)


def _ascii_lines(image: Array) -> list[str]:
    if image.ndim == 3:
        image = np.tensordot(_LUMINANCE, image, axes=1)
    levels = np.rint(np.clip(image, 0.0, 1.0) * (len(_INK) - 1)).astype(int)
    return ["".join(_INK[level] * 2 for level in row) for row in levels]


def contact_sheet(split: Split, n_per_class: int = 10, scale: int = 6) -> Array:
    """Arrange the first samples of every class in one picture, a row a class.

    Parameters
    ----------
    split
        A split with ``images`` (N, height, width) or (N, 3, height, width), bytes or floats in [0, 1], and ``labels``.
    n_per_class
        Samples in a row; a class with fewer leaves the rest of its row empty.
    scale
        Pixels of the picture along each side of a pixel of an image.

    Returns
    -------
    ndarray
        (rows, columns) uint8: ink is black on white. Of images in colour (rows, columns, 3).
    """
    labels = split["labels"]
    of_classes = [np.flatnonzero(labels == label)[:n_per_class] for label in np.unique(labels)]
    return _sheet(split["images"], of_classes, n_per_class, scale)


def sheet_of(split: Split, indices: Sequence[int], n_per_row: int = 10, scale: int = 6) -> Array:
    """Arrange samples in one picture, in the order in which they are named.

    Parameters and the result are as for `contact_sheet`; fewer samples than a row holds make a narrower picture.
    """
    n_per_row = min(n_per_row, len(indices))
    rows = [np.array(indices[start : start + n_per_row]) for start in range(0, len(indices), n_per_row)]
    return _sheet(split["images"], rows, n_per_row, scale)


def _sheet(images: Array, rows: Sequence[Array], n_columns: int, scale: int) -> Array:
    """The images at these positions, row by row, with a white line around each."""
    height, width = (length + 1 for length in images.shape[-2:])
    in_colour = images.ndim == 4
    sheet = np.full((len(rows) * height + 1, n_columns * width + 1, *(3,) * in_colour), 255, np.uint8)
    for row, positions in enumerate(rows):
        for column, position in enumerate(positions):
            top, left = row * height + 1, column * width + 1
            sheet[top : top + height - 1, left : left + width - 1] = shades(images[position])
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)


def shades(image: Array) -> Array:
    """One image as uint8: black ink on white, (height, width); in colour as it is, (height, width, 3)."""
    values = np.clip(unit_range(image), 0.0, 1.0)
    levels: Array = np.rint(255 * (1 - values if values.ndim == 2 else values.transpose(1, 2, 0))).astype(np.uint8)
    return levels


def png(picture: Array) -> bytes:
    """Encode a picture as PNG, so that previews need nothing beyond NumPy.

    Parameters
    ----------
    picture
        (height, width) uint8 in shades of grey, or (height, width, 3) in red, green and blue.

    References
    ----------
    Portable Network Graphics Specification (Second Edition), W3C, https://www.w3.org/TR/2003/REC-PNG-20031110/
    """
    height, width = picture.shape[:2]
    grey, red_green_blue = 0, 2
    eight_bit = struct.pack(">IIBBBBB", width, height, 8, grey if picture.ndim == 2 else red_green_blue, 0, 0, 0)
    unfiltered = np.hstack([np.zeros((height, 1), np.uint8), picture.reshape(height, -1)]).tobytes()
    chunks = ((b"IHDR", eight_bit), (b"IDAT", zlib.compress(unfiltered, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, body) for kind, body in chunks)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
