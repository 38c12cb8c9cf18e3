"""What a dataset looks like: its fingerprint, its statistics, and previews as text and as PNG."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.arrays import Array
from tinytorch_hf.loaders import load, unit_range
from tinytorch_hf.splits import Split

_INK = " .:-=+*#%@"
_IMAGES_AT_ONCE = 1000
# How bright red, green and blue look: Rec. ITU-R BT.601.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)

# By a column that only this kind of text has: what is counted by, and what is measured.
_TEXTS = {"question": ("level", "question", "answer"), "body": ("n_lines", "signature", "docstring", "body")}


def fingerprint(data: str | Mapping[str, Split]) -> str:
    """Content hash of a dataset, equal for every adapter that serves it without loss.

    Parameters
    ----------
    data
        A dataset's name, or its splits as `tinytorch_hf.load` gives them.

    Returns
    -------
    str
        SHA-256 in hex over, for each split and each column in order: a line ``split/column dtype shape``
        and the values' bytes, little-endian in C order. It speaks of content, never of files. A column of
        texts has the dtype ``str``; each text is its length as 8 bytes, little-endian, and its UTF-8 bytes.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError
        When a name was given and its dataset cannot be loaded.
    """
    splits = data if isinstance(data, Mapping) else load(data)
    digest = hashlib.sha256()
    for split in splits.values():
        for name, column in split.columns.items():
            dtype, values = _canonical(column)
            digest.update(f"{split.name}/{name} {dtype} {column.shape}\n".encode())
            digest.update(values)
    return digest.hexdigest()


def fingerprints(name: str, splits: Mapping[str, Split]) -> tuple[str, str]:
    """Fingerprint of what an adapter serves, and what it should be.

    An adapter need not serve every column: the second is the catalog's fingerprint where it does and the catalog
    has one, and otherwise that of the same columns as NumPy loads them.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError
        The dataset cannot be loaded.
    """
    served = tuple(next(iter(splits.values())).columns)
    dataset = catalog.info(name)
    if dataset.fingerprint and served == tuple(column.name for column in dataset.columns):
        return fingerprint(splits), dataset.fingerprint
    expected = {
        split.name: Split(split.name, {column: split[column] for column in served}) for split in load(name).values()
    }
    return fingerprint(splits), fingerprint(expected)


def _canonical(column: Array) -> tuple[str, bytes]:
    """Name of a column's dtype and its values as bytes, the same on every machine."""
    if column.dtype.kind == "U":
        texts = [str(text).encode("utf-8") for text in column.ravel()]
        return "str", b"".join(len(text).to_bytes(8, "little") + text for text in texts)
    little_endian = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
    return little_endian.dtype.str, little_endian.tobytes()


def statistics(splits: Mapping[str, Split]) -> dict[str, dict[str, Any]]:
    """Measure each split.

    Returns
    -------
    dict
        For each split ``n_samples``. Of images: ``per_class``, the number of samples of each label; and of
        the pixels ``minimum``, ``maximum``, ``mean``, ``standard_deviation`` (of all pixels together, in the
        images' own unit), ``n_levels`` (distinct values) and ``share_of_zeros``. Of questions and answers:
        ``per_level``, ``n_characters``, ``alphabet_size``, and the ``mean_`` and ``longest_`` ``question``
        and ``answer`` in characters. Of functions: the same of ``signature``, ``docstring`` and ``body``, and
        ``per_n_lines``. Plain Python numbers throughout.
    """
    return {
        name: _image_statistics(split) if "images" in split.columns else _text_statistics(split)
        for name, split in splits.items()
    }


def _text_statistics(split: Split) -> dict[str, Any]:
    group, *names = _TEXTS["question" if "question" in split.columns else "body"]
    groups, counts = np.unique(split[group], return_counts=True)
    texts = {name: split[name].tolist() for name in names}
    together = "".join("".join(column) for column in texts.values())
    measured: dict[str, Any] = {
        "n_samples": len(split),
        f"per_{group}": {int(value): int(count) for value, count in zip(groups, counts, strict=True)},
        "n_characters": len(together),
        "alphabet_size": len(set(together)),
    }
    for name, column in texts.items():
        lengths = [len(text) for text in column]
        measured[f"mean_{name}"] = sum(lengths) / len(lengths)
        measured[f"longest_{name}"] = max(lengths)
    return measured


def _image_statistics(split: Split) -> dict[str, Any]:
    levels, n_pixels = _pixel_counts(split["images"])
    labels, counts = np.unique(split["labels"], return_counts=True)
    mean = float(np.average(levels, weights=n_pixels))
    return {
        "n_samples": len(split),
        "per_class": {int(label): int(count) for label, count in zip(labels, counts, strict=True)},
        "minimum": float(levels[0]),
        "maximum": float(levels[-1]),
        "mean": mean,
        "standard_deviation": float(np.sqrt(np.average((levels - mean) ** 2, weights=n_pixels))),
        "n_levels": len(levels),
        "share_of_zeros": float(n_pixels[levels == 0].sum() / n_pixels.sum()),
    }


def _pixel_counts(images: Array) -> tuple[Array, Array]:
    """Each value that some pixel has, in float64, and how many have it."""
    if images.dtype != np.uint8:
        values, counts = np.unique(images.astype(np.float64), return_counts=True)
        return values, counts
    # Counted a part at a time: the pixels of CIFAR-10 in float64 would take more than a gigabyte.
    totals = np.zeros(256, np.int64)
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        totals += np.bincount(images[start : start + _IMAGES_AT_ONCE].ravel(), minlength=256)
    occur = np.flatnonzero(totals)
    return occur.astype(np.float64), totals[occur]


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
    classes = np.unique(labels)
    shown = [np.flatnonzero(labels == label)[:n_per_class] for label in classes]
    height, width = (length + 1 for length in split["images"].shape[-2:])
    in_colour = split["images"].ndim == 4
    sheet = np.ones((len(classes) * height + 1, n_per_class * width + 1, 3 if in_colour else 1))
    for row, positions in enumerate(shown):
        for column, image in enumerate(unit_range(split["images"][positions])):
            top, left = row * height + 1, column * width + 1
            cell = image.transpose(1, 2, 0) if in_colour else 1 - image[:, :, np.newaxis]
            sheet[top : top + height - 1, left : left + width - 1] = cell
    shades: Array = np.rint(255 * np.clip(sheet, 0.0, 1.0)).astype(np.uint8)
    shades = shades.repeat(scale, axis=0).repeat(scale, axis=1)
    return shades if in_colour else shades[:, :, 0]


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
