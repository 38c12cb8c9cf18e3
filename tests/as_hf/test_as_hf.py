"""Specification of tinytorch_hf.as_hf with the datasets that ship."""

from __future__ import annotations

from pathlib import Path

import datasets
import numpy as np
import pytest
from conftest import Run

from tinytorch_hf import as_hf, catalog, load, load_tinydigits, load_tinymnist
from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, UnknownNameError
from tinytorch_hf.files import folders

ON_HUB = catalog.shipped_names()
ANY_SPLIT = {name: catalog.info(name).splits[-1].name for name in ON_HUB}
EVERY_DATASET = pytest.mark.parametrize("name", ON_HUB)
EVERY_CONFIG = pytest.mark.parametrize(
    ("name", "config"), [(name, config) for name in ON_HUB for config in as_hf.config_names(name)]
)


@EVERY_CONFIG
def test_every_configuration_gives_the_exact_numbers_back(name: str, config: str) -> None:
    """In memory, and decoded by `to_numpy`, the fingerprint is the catalog's; TinyTalks' text has three columns."""
    loaded = as_hf.load(name, config)

    assert isinstance(loaded, datasets.DatasetDict)
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split.name: split.n_samples for split in catalog.info(name).splits
    }
    splits = as_hf.to_numpy(name, loaded)
    found, expected = content_hash.fingerprints(name, splits)
    assert found == expected
    dataset = catalog.info(name)
    is_part = config == "text" and dataset.kind == "pairs"
    assert list(splits[next(iter(splits))].columns) == (
        ["level", "question", "answer"] if is_part else [column.name for column in dataset.columns]
    )


@EVERY_DATASET
def test_without_a_configuration_the_first_is_loaded(name: str) -> None:
    """As with `load_dataset`."""
    assert as_hf.load(name)[ANY_SPLIT[name]].features == as_hf.features(name, as_hf.config_names(name)[0])


def test_loading_needs_no_network_and_leaves_nothing_behind(run_with_libraries: Run, tmp_path: Path) -> None:
    """No socket is opened, and nothing is put into the library's cache."""
    program = (
        "import socket, sys\n"
        "def refuse(*_): sys.exit('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "from tinytorch_hf import as_hf, catalog\n"
        "for name in catalog.shipped_names():\n"
        "    for config in as_hf.config_names(name): as_hf.to_numpy(name, as_hf.load(name, config))\n"
    )

    done = run_with_libraries("-c", program, HF_HUB_OFFLINE="0")

    assert done.returncode == 0, done.stderr
    assert [path for path in (tmp_path / "hf-home").rglob("*") if path.suffix != ".py" and path.is_file()] == []


def test_the_default_configuration_of_tinydigits_is_for_the_eye() -> None:
    """Image and label; the shades spread over the whole range of grey."""
    row = as_hf.load("tinydigits")["train"]

    assert row.features["label"].names == [str(digit) for digit in range(10)]
    assert (row[0]["image"].mode, row[0]["image"].size) == ("L", (8, 8))
    shades = np.unique(np.stack([np.asarray(image) for image in row["image"]]))
    assert (shades.min(), shades.max(), len(shades)) == (0, 255, 17)


def test_the_array_configuration_of_tinydigits_holds_the_pixels() -> None:
    """Float32, without any encoding."""
    rows = as_hf.load("tinydigits", "array")["test"].with_format("numpy")[:]
    _, _, X_test, y_test = load_tinydigits()

    assert np.array_equal(rows["pixels"], X_test)
    assert np.array_equal(rows["label"], y_test)


def test_the_default_configuration_of_tinymnist_holds_mnists_own_bytes() -> None:
    """And each image's difficulty by name, its score and its place."""
    rows = as_hf.load("tinymnist")["train"]
    columns = load("tinymnist")["train"]

    assert rows.column_names == ["image", "label", "difficulty", "score", "source_index"]
    assert rows.features["difficulty"].names == ["easy", "medium", "hard"]
    assert np.array_equal(np.asarray(rows[3]["image"]), columns["images"][3])
    for name in ("difficulty", "score", "source_index"):
        assert np.array_equal(rows.with_format("numpy")[:][name], columns[name])


def test_the_array_configuration_of_tinymnist_is_bytes_divided_by_255() -> None:
    """In float32, bit for bit as `load_tinymnist` gives them."""
    rows = as_hf.load("tinymnist", "array")["train"].with_format("numpy")[:]

    assert rows["pixels"].dtype == np.float32
    assert np.array_equal(rows["pixels"], load_tinymnist()[0])


def test_pixels_that_something_changed_are_refused() -> None:
    """A float that is not a byte divided by 255, or a shade that is not a sixteenth, is not silently rounded."""
    floats = as_hf.load("tinymnist", "array")
    floats["test"] = floats["test"].map(lambda row: {"pixels": [[x * 0.9 for x in line] for line in row["pixels"]]})
    shades = as_hf.load("tinydigits")
    shades["test"] = shades["test"].map(lambda row: {"image": row["image"].point(lambda shade: shade // 2)})

    for name, splits in (("tinymnist", floats), ("tinydigits", shades)):
        with pytest.raises(CorruptFileError, match="something changed them"):
            as_hf.to_numpy(name, splits)


def test_the_text_of_tinytalks_is_that_of_the_milestones() -> None:
    """Put together, the texts of a split are its file."""
    for split, rows in as_hf.load("tinytalks", "text").items():
        file = folders.folder(catalog.TINYTALKS) / "splits" / f"{split}.txt"
        assert "".join(rows["text"]) == file.read_text(encoding="utf-8")


def test_a_level_of_tinytalks_says_its_number_by_name() -> None:
    """Whoever reads the class's name is not misled by its position, which counts from 0."""
    rows = as_hf.load("tinytalks")["train"]
    names = rows.features["level"].names

    assert [names[stored][0] for stored in rows["level"]] == [
        str(level) for level in load("tinytalks")["train"]["level"]
    ]
    assert names == [part.strip() for part in catalog.TINYTALKS.columns[1].description.split(",")]
    named = ["question", "answer", "level"]
    assert list(rows[0]) == [*named, "id", "topic", "dialogue", "turn", "formula", "source"]


def test_an_unknown_configuration_is_answered_with_the_known_ones() -> None:
    """As for datasets and splits."""
    with pytest.raises(UnknownNameError, match="Known: default, array"):
        as_hf.load("tinydigits", "arrays")


def test_without_the_library_one_sentence_says_what_to_install(run_numpy_only: Run) -> None:
    """Also in the root, where the folder `datasets` is found in the library's place."""
    done = run_numpy_only("-c", "from tinytorch_hf import as_hf")

    assert done.stderr.splitlines()[-1] == (
        "tinytorch_hf.errors.MissingExtraError: This needs datasets, which is not installed; "
        'install it with: pip install "tinytorch-hf[hf]"'
    )


def test_to_numpy_tells_another_dataset_and_an_empty_one() -> None:
    """Labels of digits fit to any digits; pixels do not."""
    for config in as_hf.config_names("tinydigits"):
        loaded = as_hf.load("tinydigits", config)
        with pytest.raises(InvalidArgumentError, match=r"tinymnist have the shape \(28, 28\), these \(8, 8\)"):
            as_hf.to_numpy("tinymnist", loaded)
        with pytest.raises(InvalidArgumentError, match="tinydigits without samples"):
            as_hf.to_numpy("tinydigits", {split: rows.select([]) for split, rows in loaded.items()})


def test_to_numpy_wants_every_split() -> None:
    """What `load_dataset(..., split="train")` gives is one table, not the dictionary of both."""
    both = as_hf.load("tinydigits")

    for wrong in (both["train"], {"train": both["train"]}, None):
        with pytest.raises(InvalidArgumentError, match="DatasetDict with tinydigits's splits, train, test"):
            as_hf.to_numpy("tinydigits", wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "column", "said"),
    [("tinydigits", "label", "label"), ("tinydigits", "image", "image or pixels"), ("tinytalks", "level", "level")],
)
def test_to_numpy_names_a_column_that_is_gone(name: str, column: str, said: str) -> None:
    """With those that are there."""
    without = as_hf.load(name).remove_columns(column)

    with pytest.raises(InvalidArgumentError, match=f"needs the column {said} of {name}; there are "):
        as_hf.to_numpy(name, without)
