"""Specification of tinytorch_hf.data.svg: samples as one SVG file that stands alone."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import own_datasets
import pytest
from PIL import Image

from tinytorch_hf import catalog, load, write_dataset
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.svg import samples_svg
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.files.splits import Split

SVG = "{http://www.w3.org/2000/svg}"


def drawn(dataset: DatasetInfo, split: str = "train", indices: list[int] | None = None) -> ElementTree.Element:
    """The root of the picture, read as any program reads it."""
    text = samples_svg(dataset, load(dataset, split), indices)
    assert text == samples_svg(dataset, load(dataset, split), indices)
    return read(text)


def read(text: str) -> ElementTree.Element:
    """The root of a picture that was just made."""
    return ElementTree.fromstring(text)  # noqa: S314 -- it is ours


def words(root: ElementTree.Element) -> list[str]:
    """The texts that are seen."""
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def pixels(image: ElementTree.Element) -> np.ndarray:
    """The picture that an element holds."""
    data = image.attrib["href"].removeprefix("data:image/png;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_a_contact_sheet_has_a_row_for_each_class_with_its_name(tmp_path: Path) -> None:
    """In the pixels of the dataset, magnified without smoothing; each image says its number and class."""
    dataset = own_datasets.colour_set(tmp_path)
    split = load(dataset, "train")

    root = drawn(dataset)

    assert words(root) == ["red", "green", "blue"]
    images = list(root.iter(f"{SVG}image"))
    titles = [title.text for image in images if (title := image.find(f"{SVG}title")) is not None]
    assert len(images) == 24 and titles[:2] == ["[0] red", "[3] red"]
    np.testing.assert_array_equal(pixels(images[1]), split["images"][3].transpose(1, 2, 0))
    width, height = (float(images[0].attrib[side]) for side in ("width", "height"))
    assert width / 7 == height / 5 == int(width / 7)
    assert all("pixelated" in image.attrib["style"] for image in images)
    assert len({image.attrib["y"] for image in images}) == 3


def test_it_has_a_title_and_colours_for_light_and_dark(tmp_path: Path) -> None:
    """Its rules hold for nothing but itself, because a notebook puts it into its page."""
    root = drawn(own_datasets.image_set(tmp_path))

    title = root.find(f"{SVG}title")
    assert (
        title is not None
        and title.text == root.attrib["aria-label"] == "OwnImages, split train: the first images of each class"
    )
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme: dark" in style
    selectors = [line.partition("{")[0] for line in style.splitlines() if "{" in line and not line.startswith("@")]
    assert selectors and all(selector.startswith(".tinytorch-hf") for selector in selectors)


def test_samples_that_are_asked_for_stand_in_their_order(tmp_path: Path) -> None:
    """Of the split that is given, even twice; one that is not there is refused."""
    dataset = own_datasets.image_set(tmp_path)

    assert words(drawn(dataset, "test", [8, 1, 8])) == ["[8] 0 - sun", "[1] 1 - moon", "[8] 0 - sun"]
    with pytest.raises(UnknownNameError, match=r"numbered '9'.*0 to 8"):
        drawn(dataset, "test", [0, 9])


def test_everything_lies_within_the_picture(tmp_path: Path) -> None:
    """Whatever the size of the images, and however many are asked for."""
    for make in (own_datasets.colour_set, own_datasets.float_set, own_datasets.image_set):
        dataset = make(tmp_path / make.__name__)
        for indices in (None, [0], list(range(24))):
            root = drawn(dataset, "train", indices)
            for image in root.iter(f"{SVG}image"):
                for at, side in (("x", "width"), ("y", "height")):
                    assert 0 <= float(image.attrib[at]) + float(image.attrib[side]) < float(root.attrib[side])


def test_many_classes_are_cut_with_a_sentence(tmp_path: Path) -> None:
    """Forty rows can still be read, and a name that is too long is whole where the pointer rests."""
    names = [f"class number {number} of a hundred that go on and on" for number in range(100)]
    columns = {"images": np.zeros((100, 4, 4), np.uint8), "labels": np.arange(100)}
    dataset = _written(tmp_path, columns, classes=names)

    root = drawn(dataset)

    assert len(list(root.iter(f"{SVG}image"))) == 40
    assert words(root)[-1] == "60 more classes are not shown."
    assert words(root)[0] == "class number 0 of a hundred…"
    assert root.find(f"{SVG}text/{SVG}title").text == names[0]  # type: ignore[union-attr]


def test_texts_are_text_whatever_they_hold(tmp_path: Path) -> None:
    """Markup is escaped, what cannot be printed is shown as Python writes it, and blanks of a program are kept."""
    bad = "<script>alert('&amp;')</script>\n\tx = '\x1b[31m\x00\u202e'\n  indented " + "w" * 200
    dataset = _written(tmp_path, {"text": np.array([bad, "second", "third", "fourth"])})

    root = drawn(dataset)
    seen = words(root)

    assert seen[:3] == ["[0]", "<script>alert('&amp;')</script>", r"\tx = '\x1b[31m\x00\u202e'"]
    assert seen[3].startswith("  indented www") and max(map(len, seen)) <= 80
    assert not list(root.iter("script")) and not list(root.iter(f"{SVG}script"))
    assert [text for text in seen if text in ("second", "third", "fourth")] == ["second", "third"]


def test_a_name_of_a_class_is_text_too(tmp_path: Path) -> None:
    """In its row, and in the title of each image."""
    columns = {"images": np.zeros((2, 4, 4), np.uint8), "labels": np.arange(2)}
    dataset = _written(tmp_path, columns, classes=["<b>&\"'", "]]></style>"])

    root = drawn(dataset)

    assert words(root) == ["<b>&\"'", "]]></style>"]
    assert root.findtext(f"{SVG}image/{SVG}title") == "[0] <b>&\"'"


def test_texts_stand_after_what_is_known_of_them() -> None:
    """The first of each level; a long one is cut with a sentence."""
    root = drawn(catalog.info("tinyshakespeare"))

    headings = [text for text in words(root) if text.startswith("[")]
    assert [heading.partition(",")[0] for heading in headings] == [
        "[0] genre comedy",
        "[1] genre history",
        "[2] genre tragedy",
    ]
    assert sum(text.endswith(" more lines") for text in words(root)) == 3


def test_a_split_without_samples_is_an_empty_sheet(tmp_path: Path) -> None:
    """Such as what a filter leaves."""
    dataset = own_datasets.colour_set(tmp_path)
    empty = Split("train", {name: column[:0] for name, column in load(dataset, "train").items()})

    assert read(samples_svg(dataset, empty)).tag == f"{SVG}svg"


def _written(folder: Path, columns: dict[str, np.ndarray], **facts: object) -> DatasetInfo:
    dataset = write_dataset(
        folder / "odd",
        {"train": columns},
        name="odd",
        summary="It is made by a test.",
        license="CC0-1.0",
        source="made by a test",
        **facts,  # type: ignore[arg-type]
    )
    catalog.forget("odd")
    return dataset
