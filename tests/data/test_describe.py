"""Specification of tinytorch_hf.data: content_hash, statistics and pictures."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from tinytorch_hf import catalog
from tinytorch_hf.data import content_hash, pictures, statistics
from tinytorch_hf.data.loaders import load
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array


def small(images: Array | None = None, labels: Array | None = None, name: str = "train") -> dict[str, Split]:
    """Two images of one row, as splits."""
    images = np.array([[[0.0, 0.5]], [[1.0, 0.0]]], np.float32) if images is None else images
    labels = np.array([1, 0], np.int64) if labels is None else labels
    return {name: Split(name, {"images": images, "labels": labels})}


def test_the_fingerprint_is_the_hash_of_headers_and_little_endian_bytes() -> None:
    """The definition, written out by hand."""
    by_hand = hashlib.sha256(
        b"train/images <f4 (2, 1, 2)\n"
        + bytes.fromhex("00000000 0000003f 0000803f 00000000")
        + b"train/labels <i8 (2,)\n"
        + bytes.fromhex("0100000000000000 0000000000000000")
    )

    assert content_hash.fingerprint(small()) == by_hand.hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        lambda s: small(images=s["train"]["images"] + np.float32(1e-7)),
        lambda s: small(images=s["train"]["images"].astype(np.float64)),
        lambda s: small(images=s["train"]["images"].reshape(2, 2, 1)),
        lambda s: small(images=s["train"]["images"][::-1]),
        lambda s: small(labels=np.array([0, 1])),
        lambda s: small(name="test"),
        lambda s: {**s, **small(name="test")},
    ],
)
def test_any_change_of_content_changes_the_fingerprint(change: Callable[[dict[str, Split]], dict[str, Split]]) -> None:
    """A value in its last bit, a dtype, a shape, an order, a label, a name, a split."""
    assert content_hash.fingerprint(change(small())) != content_hash.fingerprint(small())


def test_how_memory_is_laid_out_does_not_change_the_fingerprint() -> None:
    """Byte order, memory order and strides are not content."""
    images, labels = small()["train"]["images"], small()["train"]["labels"]
    swapped = images.astype(images.dtype.newbyteorder(">"))
    strided = np.repeat(images, 2, axis=0)[::2]

    for other in (swapped, strided, np.asfortranarray(images)):
        assert content_hash.fingerprint(small(images=other, labels=labels)) == content_hash.fingerprint(small())


def test_a_name_means_the_bundled_files() -> None:
    """`fingerprint("tinydigits")` is the fingerprint of what `load` gives."""
    assert content_hash.fingerprint("tinydigits") == content_hash.fingerprint(load("tinydigits"))


def test_statistics_are_those_that_can_be_counted_by_hand() -> None:
    """Two images with pixels 0, 1/2, 1, 0."""
    assert statistics.statistics(small())["train"] == {
        "n_samples": 2,
        "per_class": {0: 1, 1: 1},
        "minimum": 0.0,
        "maximum": 1.0,
        "mean": 0.375,
        "standard_deviation": pytest.approx(np.std([0, 0.5, 1, 0])),
        "n_levels": 3,
        "share_of_zeros": 0.5,
    }


def test_statistics_are_plain_numbers() -> None:
    """They go into JSON as they are."""
    assert json.loads(json.dumps(statistics.statistics(load("tinydigits"))))["train"]["n_samples"] == 1000


def test_images_are_drawn_side_by_side_with_ink_from_light_to_dark() -> None:
    """A pixel takes two characters; a blank is not ink, an at-sign is full ink."""
    images = np.array([[[0.0, 1.0], [0.5, 0.0]]] * 3, np.float32)

    drawn = pictures.ascii_images(images, ["a", "b", "c"], width=10)

    assert drawn.split("\n") == ["a     b", "  @@    @@", "==    ==".rstrip(), "", "c", "  @@", "=="]


def test_an_image_wider_than_the_terminal_is_drawn_alone() -> None:
    """A narrow terminal still shows something."""
    assert pictures.ascii_images(np.ones((2, 1, 8), np.float32), ["a", "b"], width=5).count("@" * 16) == 2


def test_a_contact_sheet_has_a_row_for_every_class() -> None:
    """Ink is black on white, every image stands in its class's row, and missing ones leave white."""
    images = np.stack([np.full((2, 2), ink, np.float32) for ink in (1.0, 0.0, 1.0)])
    split = Split("train", {"images": images, "labels": np.array([1, 0, 1])})

    sheet = pictures.contact_sheet(split, n_per_class=2, scale=1)

    assert sheet.dtype == np.uint8
    assert sheet.tolist() == [
        [255] * 7,
        [255] * 7,
        [255] * 7,
        [255] * 7,
        [255, 0, 0, 255, 0, 0, 255],
        [255, 0, 0, 255, 0, 0, 255],
        [255] * 7,
    ]
    assert pictures.contact_sheet(split, n_per_class=2, scale=3).shape == (21, 21)


def test_the_statistics_of_bytes_are_those_of_the_same_numbers() -> None:
    """Counted a part at a time, in grey and in colour."""
    images = np.random.default_rng(0).integers(0, 200, (2500, 3, 4, 4), dtype=np.uint8)
    labels = np.arange(2500) % 3

    counted = statistics.statistics(small(images, labels))["train"]
    measured = statistics.statistics(small(images.astype(np.float32), labels))["train"]

    assert counted.pop("per_class") == measured.pop("per_class") == {0: 834, 1: 833, 2: 833}
    assert counted == pytest.approx(measured)
    assert counted["mean"] == pytest.approx(images.mean())
    assert counted["standard_deviation"] == pytest.approx(images.std())


def test_of_colours_the_brightness_is_drawn() -> None:
    """Green looks brightest, blue darkest."""
    images = np.zeros((1, 3, 1, 4), np.uint8)
    images[0, 0, 0, 0] = images[0, 1, 0, 1] = images[0, 2, 0, 2] = images[0, :, 0, 3] = 255

    assert pictures.ascii_images(images, ["x"], 80).split("\n")[1] == "--++..@@"


def test_a_contact_sheet_in_colour_keeps_the_colours() -> None:
    """Nothing is inverted; what is empty is white."""
    images = np.zeros((2, 3, 1, 1), np.uint8)
    images[0, 0], images[1, 2] = 200, 100
    split = Split("train", {"images": images, "labels": np.array([1, 0])})

    sheet = pictures.contact_sheet(split, n_per_class=2, scale=1)

    assert sheet.shape == (5, 5, 3)
    assert sheet[3, 1].tolist() == [200, 0, 0]
    assert sheet[1, 1].tolist() == [0, 0, 100]
    assert sheet[1, 3].tolist() == [255, 255, 255]


def test_png_holds_colours() -> None:
    """Red, green and blue of each pixel, row by row."""
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)

    data = pictures.png(picture)

    assert data[24:26] == bytes([8, 2])
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    rows = np.frombuffer(zlib.decompress(data[start + 4 : start + 4 + length]), np.uint8).reshape(2, 13)
    assert rows[:, 1:].tolist() == picture.reshape(2, 12).tolist()


def test_png_holds_the_pixels() -> None:
    """The signature, the size and the rows, read back by hand."""
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)

    data = pictures.png(picture)

    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data[16:24] == bytes([0, 0, 0, 4, 0, 0, 0, 3])
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    rows = np.frombuffer(zlib.decompress(data[start + 4 : start + 4 + length]), np.uint8).reshape(3, 5)
    assert rows[:, 1:].tolist() == picture.tolist()


def test_an_adapter_that_serves_some_columns_is_held_to_those() -> None:
    """All columns: the catalog's fingerprint. Some: that of the same columns as NumPy loads them."""
    splits = load("tinymnist")
    some = {name: Split(name, {c: split[c] for c in ("images", "labels")}) for name, split in splits.items()}

    found, expected = content_hash.fingerprints("tinymnist", splits)
    assert found == expected == catalog.TINYMNIST.fingerprint
    found, expected = content_hash.fingerprints("tinymnist", some)
    assert found == expected != catalog.TINYMNIST.fingerprint
    some["test"]["labels"][0] += 1
    found, expected = content_hash.fingerprints("tinymnist", some)
    assert found != expected


@pytest.mark.parametrize("data", [None, 5, b"tinydigits", ["tinydigits"]])
def test_a_fingerprint_of_what_is_no_dataset_is_refused(data: object) -> None:
    """As any other name that there is not."""
    with pytest.raises(UnknownNameError, match="There is no dataset"):
        content_hash.fingerprint(data)  # type: ignore[arg-type]
