"""Specification of tinytorch_hf.as_hf.layout: what a dataset is on the Hub follows from its facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from datasets import Array3D, ClassLabel, Image, Value

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import Column, DatasetInfo, SplitInfo
from tinytorch_hf.data.register import write_dataset
from tinytorch_hf.errors import DescriptionError, InvalidArgumentError

# By the dataset: its configurations, the default first, and the columns of each.
EXPECTED = {
    "own_images": {
        "default": ["image", "label", "light", "weight", "place", "sharp"],
        "array": ["pixels", "label", "light", "weight", "place", "sharp"],
    },
    "own_colours": {"default": ["image", "label"], "array": ["pixels", "label"]},
    "own_floats": {"array": ["pixels", "label"], "preview": ["image", "label"]},
    "own_pairs": {"pair": ["question", "answer", "difficulty"], "text": ["text", "difficulty"]},
    "own_texts": {"text": ["text", "label"]},
    "own_functions": {"function": ["signature", "docstring", "body", "n_lines"], "text": ["text"]},
    "mnist": {"default": ["image", "label"], "array": ["pixels", "label"]},
    "cifar10": {"default": ["image", "label"], "array": ["pixels", "label"]},
}
BUILT_IN = {
    "tinycifar": {
        "default": ["image", "label", "difficulty", "score", "source_index"],
        "array": ["pixels", "label", "difficulty", "score", "source_index"],
    },
    "tinypy": {"function": ["signature", "docstring", "body", "n_lines", "module", "name"], "text": ["text"]},
}


def test_configurations_follow_from_the_kind(own: dict[str, DatasetInfo]) -> None:
    """Of every dataset, whether its files are on this machine or not; names alone are needed."""
    facts: dict[str, DatasetInfo] = {**own, **{name: catalog.info(name) for name in BUILT_IN}}

    for name, expected in {**EXPECTED, **BUILT_IN}.items():
        found = {config: list(as_hf.features(facts[name], config)) for config in as_hf.config_names(facts[name])}
        assert (found, list(found)) == (expected, list(expected))


def test_the_features_follow_from_the_columns(own: dict[str, DatasetInfo]) -> None:
    """Colours have their channels first; a row of numbers is an array of one row; classes drop what explains them."""
    images, colours = as_hf.features(own["own_images"]), as_hf.features(own["own_colours"], "array")

    assert isinstance(images["image"], Image) and colours["pixels"] == Array3D((3, 5, 7), "float32")
    assert images["label"] == ClassLabel(names=["0", "1"])
    assert images["light"] == ClassLabel(names=["low", "mid", "high"])
    assert (images["weight"], images["sharp"]) == (Value("float64"), Value("bool"))
    assert (images["place"].shape, images["place"].dtype) == ((1, 4), "int16")


def test_floats_that_a_png_holds_are_shown_as_pictures_first(own: dict[str, DatasetInfo]) -> None:
    """Which ones are such is a fact: pixels that are multiples of a step."""
    stepped = replace(own["own_floats"], pixel_steps=16)

    assert as_hf.config_names(stepped) == as_hf.config_names("tinydigits") == ["default", "array"]


def test_images_of_multiples_of_a_step_are_pictures_and_exact(tmp_path: Path) -> None:
    """Quarters that a user states as such travel as PNG and come back bit by bit; other values are refused."""
    quarters = (np.arange(2 * 3 * 5).reshape(2, 3, 5) % 5 / 4).astype(np.float32)
    facts = {"name": "quarters", "summary": "Two.", "license": "CC0-1.0", "source": "here", "classes": ("a", "b")}
    columns = {"images": quarters, "labels": np.array([0, 1])}

    with pytest.raises(DescriptionError, match="pixel_steps: in train images are not all whole multiples of 1/3"):
        write_dataset(tmp_path / "bad", {"train": columns}, pixel_steps=3, **facts)
    dataset = write_dataset(tmp_path / "good", {"train": columns}, pixel_steps=4, creator="A. Learner", **facts)
    try:
        served = as_hf.load(dataset)["train"]
        assert (np.asarray(served[1]["image"]) / 255 * 4).round().tolist() == (quarters[1] * 4).tolist()
        assert np.array_equal(as_hf.to_numpy(dataset, {"train": served})["train"]["images"], quarters)
    finally:
        catalog.forget("quarters")


def test_numbers_that_the_library_cannot_write_are_refused(tmp_path: Path) -> None:
    """It takes whole numbers of 64 bits without a sign, but none above those with one."""
    columns = {"text": np.array(["a"]), "large": np.array([2**63], dtype=np.uint64)}
    dataset = write_dataset(
        tmp_path, {"train": columns}, name="large", summary="One.", license="CC0-1.0", source="here"
    )
    catalog.forget("large")

    with pytest.raises(InvalidArgumentError, match="large of large has numbers above 9223372036854775807"):
        as_hf.load(dataset)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"splits": (SplitInfo("All", 1, ()),)}, "a split All, which stands for all splits"),
        ({"columns": (Column("label", "int64", (), ""),)}, "Two columns of own_colours would be called label"),
        ({"columns": (Column("image", "int64", (), ""),)}, "Two columns of own_colours would be called image"),
        ({"columns": (Column("cube", "int8", (2,) * 6, ""),)}, "cube in own_colours has 6 dimensions"),
    ],
)
def test_what_cannot_be_on_the_hub_is_refused(
    own: dict[str, DatasetInfo], changes: dict[str, tuple[Column, ...]], refusal: str
) -> None:
    """Before anything is written, naming the split or column."""
    colours = own["own_colours"]
    if "columns" in changes:
        changes = {"columns": (*colours.columns, *changes["columns"])}

    for ask in (as_hf.config_names, as_hf.features, as_hf.load):
        with pytest.raises(InvalidArgumentError, match=refusal):
            ask(replace(colours, **changes))  # type: ignore[arg-type]
