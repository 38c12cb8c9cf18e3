"""Specification of tinytorch_hf.as_torch.classes: every dataset has a class, also those of the user's own."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import tinytorch_hf
from tinytorch_hf import DataLoader, catalog, dataset_class, write_dataset

FACTS: dict[str, Any] = {"summary": "Made for a test.", "license": "CC0-1.0", "source": "a test"}


@pytest.fixture
def forgotten() -> Iterator[None]:
    """Whatever a test registers is forgotten afterwards."""
    before = catalog.names()
    yield
    for name in set(catalog.names()) - set(before):
        catalog.forget(name)


def images(n: int, *shape: int, dtype: type[Any] = np.uint8) -> dict[str, np.ndarray]:
    """Columns of an image set of three classes."""
    pixels = np.random.default_rng(n).integers(0, 256, (n, *shape), dtype=np.uint8)
    scaled = pixels if dtype is np.uint8 else (pixels / 255).astype(dtype)
    return {"images": scaled, "labels": np.arange(n) % 3}


@pytest.mark.parametrize("name", catalog.built_in_names())
def test_built_in_datasets_have_the_class_of_their_title(name: str) -> None:
    """By name and by facts."""
    assert dataset_class(name) is dataset_class(catalog.info(name)) is getattr(tinytorch_hf, catalog.info(name).title)


@pytest.mark.parametrize(
    ("splits", "arguments"),
    [
        (("train", "test"), ["root", "train", "transform", "target_transform", "download"]),
        (("all",), ["root", "transform", "target_transform", "download"]),
        (("train", "val", "test"), ["root", "split", "transform", "target_transform", "download"]),
    ],
)
def test_an_image_set_has_torchvisions_arguments(
    tmp_path: Path, forgotten: None, splits: tuple[str, ...], arguments: list[str]
) -> None:
    """`train` where there are train and test; nothing to choose where there is one split."""
    made_of = {split: images(6 + number, 5, 4) for number, split in enumerate(splits)}
    info = write_dataset(tmp_path, made_of, name="shapes", classes=["a", "b", "c"], **FACTS)
    made = dataset_class("shapes")

    assert list(inspect.signature(made.__init__).parameters)[1:] == arguments
    assert (made.__name__, made().classes, made is dataset_class(info)) == ("Shapes", ["a", "b", "c"], True)
    assert len(made()) == 6
    image, label = made()[4]
    assert (image.mode, image.size, label) == ("L", (4, 5), 1)
    assert np.array_equal(np.asarray(image), made_of[splits[0]]["images"][4])
    assert f"Dataset Shapes\n    Number of datapoints: {len(made())}" in repr(made())


@pytest.mark.parametrize(("shape", "dtype", "mode"), [((3, 6, 5), np.uint8, "RGB"), ((6, 5), np.float32, "F")])
def test_colours_and_floats_arrive_exactly(
    tmp_path: Path, forgotten: None, shape: tuple[int, ...], dtype: type[Any], mode: str
) -> None:
    """As pictures one by one, and as batches of tensors."""
    columns = images(7, *shape, dtype=dtype)
    write_dataset(
        tmp_path,
        {"train": columns, "test": images(3, *shape, dtype=dtype)},
        name="shapes",
        classes=["a", "b", "c"],
        **FACTS,
    )
    dataset = dataset_class(tmp_path)(train=True)

    assert dataset[0][0].mode == mode
    ((batch, labels),) = DataLoader(dataset, batch_size=7)
    expected = torch.from_numpy(tinytorch_hf.data.loaders.unit_range(columns["images"]))
    assert torch.equal(batch, expected if mode == "RGB" else expected[:, None])
    assert torch.equal(labels, torch.from_numpy(columns["labels"]))


def test_texts_are_samples_or_blocks(tmp_path: Path, forgotten: None) -> None:
    """Pairs of question and answer; texts alone, or with their labels; windows of characters."""
    pairs = {"question": np.array(["Who?", "Where?"]), "answer": np.array(["me", "here"])}
    plain = {"text": np.array(["to be", "or not"])}
    write_dataset(tmp_path / "a", {"train": pairs}, name="talk", **FACTS)
    write_dataset(tmp_path / "b", {"train": plain}, name="plays", **FACTS)
    labelled = {**plain, "labels": np.array([1, 0])}
    write_dataset(tmp_path / "c", {"train": labelled}, name="moods", classes=["no", "yes"], **FACTS)

    assert list(dataset_class("talk")()) == [("Who?", "me"), ("Where?", "here")]
    assert list(dataset_class("plays")(transform=str.upper)) == ["TO BE", "OR NOT"]
    assert list(dataset_class("moods")()) == [("to be", 1), ("or not", 0)]
    blocks = dataset_class("plays")(block_size=4)
    assert blocks.text == "to be\nor not\n"
    first, second = blocks[0]
    assert (blocks.decode(first), blocks.decode(second)) == ("to b", "o be")
    assert len(blocks) == len(blocks.text) - 4


def test_a_made_class_and_its_datasets_can_be_pickled(tmp_path: Path, forgotten: None) -> None:
    """As the place of its folder, so that it is small; the class itself comes back as the same one."""
    write_dataset(tmp_path, {"all": images(50, 28, 28)}, name="shapes", classes=["a", "b", "c"], **FACTS)
    made = dataset_class("shapes")
    dataset = made()

    assert pickle.loads(pickle.dumps(made)) is copy.deepcopy(made) is made
    pickled = pickle.dumps(dataset)
    again = pickle.loads(pickled)
    assert len(pickled) < 10_000
    assert type(again) is made and torch.equal(again.data, dataset.data)
    assert len(list(torch.utils.data.DataLoader(dataset, batch_size=25, num_workers=1, collate_fn=len))) == 2
