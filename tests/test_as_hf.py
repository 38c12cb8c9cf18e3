"""Specification of tinytorch_hf.as_hf and of the loading scripts it uses."""

from __future__ import annotations

import ast
import pickle
import re
from pathlib import Path

import datasets
import numpy as np
import pytest
from conftest import Run

from tinytorch_hf import as_hf, catalog, describe, load_tinydigits, store
from tinytorch_hf.errors import UnknownNameError

ON_HUB = list(filter(store.is_on_hub, catalog.names()))
EVERY_DATASET = pytest.mark.parametrize("name", ON_HUB)
EVERY_CONFIG = pytest.mark.parametrize(
    ("name", "config"), [(name, config) for name in ON_HUB for config in as_hf.config_names(name)]
)


@EVERY_CONFIG
def test_every_configuration_gives_the_exact_numbers_back(name: str, config: str) -> None:
    """In memory, and decoded by `to_numpy`, the fingerprint is the catalog's."""
    loaded = as_hf.load(name, config)

    assert isinstance(loaded, datasets.DatasetDict)
    assert {split: len(rows) for split, rows in loaded.items()} == {
        split.name: split.n_samples for split in catalog.info(name).splits
    }
    assert describe.fingerprint(as_hf.to_numpy(name, loaded)) == catalog.info(name).fingerprint


@EVERY_CONFIG
def test_the_features_are_those_of_the_script_and_survive_old_releases(name: str, config: str) -> None:
    """One definition; and no List or Sequence, which releases before 4 cannot read back from Parquet."""
    features = as_hf.load(name, config)["train"].features

    assert features == as_hf.loading_script(name).features(config)
    assert "List" not in str(features) and "Sequence" not in str(features)


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


def test_every_sixteenth_survives_its_shade() -> None:
    """Encoding and decoding are inverse for all 17 values."""
    script = as_hf.loading_script("tinydigits")
    sixteenths = np.arange(17, dtype=np.float32) / 16
    shades = np.rint(sixteenths * 255).astype(np.uint8)

    assert np.array_equal(script.from_shades(shades), sixteenths)
    assert script.from_shades(shades).dtype == np.float32


def test_an_unknown_configuration_is_answered_with_the_known_ones() -> None:
    """As for datasets and splits."""
    with pytest.raises(UnknownNameError, match="Known: default, array"):
        as_hf.load("tinydigits", "arrays")


@EVERY_DATASET
def test_a_script_needs_nothing_of_ours(name: str) -> None:
    """It runs where only `datasets` is installed, and `import datasets` stands on its own line."""
    text = (store.shipped("loading_scripts") / f"{name}.py").read_text(encoding="utf-8")
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }

    assert "tinytorch_hf" not in imported
    assert "__file__" not in text
    assert re.search(r"^import datasets$", text, re.MULTILINE)


@EVERY_DATASET
def test_a_scripts_own_reader_refuses_everything_but_arrays(name: str, tmp_path: Path) -> None:
    """The script is read and run by strangers; it opens pickles as carefully as we do."""
    script = as_hf.loading_script(name)
    (tmp_path / "train.pkl").write_bytes(pickle.dumps({"images": Path("x"), "labels": []}))

    with pytest.raises(pickle.UnpicklingError, match="pathlib"):
        list(script.examples(str(tmp_path / "train.pkl"), "default"))


def test_without_the_library_one_sentence_says_what_to_install(run_numpy_only: Run) -> None:
    """Also in the root, where the folder `datasets` is found in the library's place."""
    done = run_numpy_only("-c", "from tinytorch_hf import as_hf")

    assert done.stderr.splitlines()[-1] == (
        "tinytorch_hf.errors.MissingExtraError: This needs datasets, which is not installed; "
        'install it with: pip install "tinytorch-hf[hf]"'
    )
