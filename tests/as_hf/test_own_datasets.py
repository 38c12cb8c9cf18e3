"""Specification of tinytorch_hf.as_hf with datasets of users, and with those that do not ship."""

from __future__ import annotations

import numpy as np
import pytest
from own_datasets import MAKERS

from tinytorch_hf import as_hf, catalog, load
from tinytorch_hf.as_hf import encoding
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data import content_hash, texts
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError

EVERY_DATASET = pytest.mark.parametrize("name", MAKERS)

# Configurations from which the columns cannot be had back, and the one to load in their place.
NOT_EXACT = {("own_floats", "preview"): "array", ("own_functions", "text"): "function"}


@EVERY_DATASET
def test_every_configuration_gives_the_exact_numbers_back_or_says_which_does(
    name: str, own: dict[str, DatasetInfo]
) -> None:
    """Every column that it carries, bit for bit; its own fingerprint holds in any case."""
    dataset = own[name]
    for config in as_hf.config_names(dataset):
        loaded = as_hf.load(dataset, config)
        assert {split: len(rows) for split, rows in loaded.items()} == {s.name: s.n_samples for s in dataset.splits}
        found, expected = as_hf.fingerprints(dataset, loaded)
        assert found == expected
        if (name, config) in NOT_EXACT:
            with pytest.raises(InvalidArgumentError, match=f"the configuration '{NOT_EXACT[name, config]}'"):
                as_hf.to_numpy(dataset, loaded)
        else:
            splits = as_hf.to_numpy(dataset, loaded)
            assert list(splits[dataset.splits[0].name]) == [column.name for column in dataset.columns]
            assert content_hash.fingerprint(splits) == content_hash.fingerprint(dataset)


def test_tinypy_is_carried_exactly(tinypy: str) -> None:
    """Functions of the Python that runs; their texts are what a model reads of them."""
    functions, read = as_hf.load("tinypy"), as_hf.load("tinypy", "text")
    found, expected = content_hash.fingerprints("tinypy", as_hf.to_numpy("tinypy", functions))

    assert found == expected
    assert list(read["val"]["text"]) == texts.texts("tinypy", "val")


def test_pictures_show_what_the_arrays_hold(own: dict[str, DatasetInfo]) -> None:
    """Bytes as they are, channels last where there are some; floats rounded to 256 shades."""
    for name, mode in (("own_images", "L"), ("own_colours", "RGB"), ("own_floats", "L")):
        (config,) = {"default", "preview"} & set(as_hf.config_names(own[name]))
        picture = as_hf.load(own[name], config)["test"][3]["image"]
        image = load(own[name], "test")["images"][3]

        assert (picture.mode, picture.size) == (mode, image.shape[:-3:-1])
        shades = np.rint(image * 255) if image.dtype == np.float32 else image
        assert np.array_equal(np.asarray(picture), shades.transpose(1, 2, 0) if mode == "RGB" else shades)


def test_a_picture_of_other_shades_is_found(own: dict[str, DatasetInfo]) -> None:
    """Although nobody can have floats back from it: it has to look as it should."""
    previews = as_hf.load(own["own_floats"], "preview")
    previews["test"] = previews["test"].map(lambda row: {"image": row["image"].point(lambda shade: shade ^ 1)})

    found, expected = as_hf.fingerprints(own["own_floats"], previews)

    assert found != expected


@pytest.mark.parametrize("steps", [1, 2, 10, 16, 100, 255])
def test_every_step_survives_its_shade(steps: int) -> None:
    """Encoding and decoding are inverse for all multiples of up to 255 steps."""
    multiples = np.arange(steps + 1, dtype=np.float32) / np.float32(steps)
    shades = encoding.shades_of(multiples)

    assert shades.dtype == np.uint8 and len(np.unique(shades)) == steps + 1
    assert np.array_equal(encoding.from_shades(shades, steps), multiples)
    assert encoding.from_shades(shades, steps).dtype == np.float32


def test_texts_that_can_be_read_in_two_ways_are_not_read(own: dict[str, DatasetInfo]) -> None:
    """A question with a line that looks like an answer: no fault of the data, and no guess."""
    pairs = own["own_pairs"]
    odd = as_hf.load(pairs, "text")
    odd["test"] = odd["test"].map(lambda row: {"text": row["text"].replace("What", "Who?\nA: I.\nWhat")})
    cut = as_hf.load(pairs, "text")
    cut["test"] = cut["test"].map(lambda row: {"text": row["text"].strip()})

    for given in (odd, cut):
        with pytest.raises(CorruptFileError, match=r"cannot be separated\. Load the configuration 'pair'"):
            as_hf.to_numpy(pairs, given)


def test_a_registered_dataset_goes_by_its_name(own: dict[str, DatasetInfo]) -> None:
    """As by its facts, and by the path of its folder."""
    dataset = catalog.add(own["own_texts"])
    try:
        by_name, by_path = as_hf.load("own_texts"), as_hf.load(f"{dataset.provider.path}")  # type: ignore[union-attr]
    finally:
        catalog.forget("own_texts")

    assert by_name["train"][:] == by_path["train"][:] == as_hf.load(dataset)["train"][:]
