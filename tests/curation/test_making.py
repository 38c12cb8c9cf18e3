"""Specification of the making of a set: from a source to a folder that every interface takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from array_source import ArraySource, cut

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.curation.making import made
from tinytorch_hf.curation.recipe import read_places, read_recipe, read_selection
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.wish import Wish

WISH = Wish(n_train=6, n_test=3, size=16, is_proven=False)
FACTS = {"name": "my_bars", "license": "CC0-1.0"}
HERE = Engine(n_workers=1)


def bars(n_per_class: int = 30, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Images of a bright bar at one of three places, under noise."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(3), n_per_class)
    images = rng.integers(0, 120, (len(labels), 16, 16))
    for image, label in zip(images, labels, strict=True):
        image[4 * label + 2 : 4 * label + 5] += 130
    return images.astype(np.uint8), [("high", "low", "middle")[label] for label in labels]


def source(n_shards: int = 2) -> ArraySource:
    """The bars in shards."""
    return cut(*bars(), n_shards)


def test_a_set_is_a_dataset_of_the_open_catalogue(tmp_path: Path) -> None:
    """It is loaded by its name, and its selection, places and recipe say what it is made of."""
    try:
        result = made(source(), tmp_path / "out", WISH, FACTS, engine=HERE)
        train = tinytorch_hf.load("my_bars", "train")
    finally:
        catalog.forget("my_bars")
    rows, places, recipe = (read(tmp_path / "out") for read in (read_selection, read_places, read_recipe))

    assert result.dataset is not None and result.status == 0
    assert np.bincount(train["labels"]).tolist() == [6, 6, 6]
    assert [row.split for row in rows] == ["train"] * 18 + ["test"] * 9
    content = source().content
    for row, (digest, shard, place), image in zip(rows, places, train["images"], strict=False):
        assert (row.digest, row.label) == (digest, content[shard][1][place])
        assert np.array_equal(image, content[shard][0][place])
    assert sorted(recipe.files) == ["test.npz", "train.npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_without_a_licence_that_allows_it_no_content_is_packed(tmp_path: Path) -> None:
    """Selection, places and recipe stay."""
    result = made(source(), tmp_path / "out", WISH, {"name": "my_bars"}, engine=HERE)

    assert result.dataset is None
    assert sorted(path.name for path in result.folder.iterdir()) == ["places.csv", "recipe.json", "selection.csv"]
