"""Specification of the loading scripts, and that they say what the facts give."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
import shutil
from pathlib import Path

import datasets
import numpy as np
import pytest
from conftest import Run
from hub_scripts import NAMES, loading_script

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.data import content_hash
from tinytorch_hf.files import folders

EIGHT_BY_EIGHT = ("tinydigits", "digits_8x8")
EVERY_DATASET = pytest.mark.parametrize("name", NAMES)
EVERY_CONFIG = pytest.mark.parametrize(
    ("name", "config"), [(name, config) for name in NAMES for config in as_hf.config_names(name)]
)


def test_every_dataset_that_ships_has_a_script() -> None:
    """For the releases before 4; nothing else asks for one."""
    assert catalog.shipped_names() == NAMES


@EVERY_CONFIG
def test_a_script_gives_what_the_facts_give(name: str, config: str) -> None:
    """The same configurations, features and samples, byte for byte; no List, which old releases cannot read."""
    script, dataset = loading_script(name), catalog.info(name)
    loaded = as_hf.load(name, config)
    features = script.features(config)

    assert [known.name for known in getattr(script, dataset.title).BUILDER_CONFIGS] == as_hf.config_names(name)
    assert "List" not in str(features) and "Sequence" not in str(features)
    for split in dataset.splits:
        path = str(folders.folder(dataset) / split.files[0].name)
        scripted = datasets.Dataset.from_list(list(script.examples(path, split.name, config)), features=features)
        assert loaded[split.name].features == as_hf.features(name, config) == features
        assert list(loaded[split.name].features) == list(features)
        assert loaded[split.name].data.table.equals(scripted.data.table)


@pytest.mark.parametrize("name", EIGHT_BY_EIGHT)
def test_every_sixteenth_survives_a_scripts_shade(name: str) -> None:
    """Encoding and decoding are inverse for all 17 values."""
    script = loading_script(name)
    sixteenths = np.arange(17, dtype=np.float32) / 16
    shades = np.rint(sixteenths * 255).astype(np.uint8)

    assert np.array_equal(script.from_shades(shades), sixteenths)
    assert script.from_shades(shades).dtype == np.float32


def test_what_two_scripts_share_is_the_same_to_the_letter() -> None:
    """Scripts stand alone, so that TinyDigits and Digits8x8 repeat how pixels become PNG; they must not part."""
    for part in ("features", "to_png", "from_shades"):
        ours, theirs = (inspect.getsource(getattr(loading_script(name), part)) for name in EIGHT_BY_EIGHT)
        assert ours == theirs


@EVERY_DATASET
def test_a_script_needs_nothing_of_ours(name: str) -> None:
    """It runs where only `datasets` is installed, and `import datasets` stands on its own line."""
    text = (folders.shipped("loading_scripts") / f"{name}.py").read_text(encoding="utf-8")
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }

    assert imported <= {"__future__", "collections", "io", "json", "pathlib", "pickle", "typing"} | {
        "datasets",
        "numpy",
        "PIL",
    }
    assert "__file__" not in text
    assert ast.parse(text, feature_version=(3, 8)).body[1].module == "__future__"  # type: ignore[attr-defined]
    assert re.search(r"^import datasets$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "refusal"), [("tinydigits", "pathlib"), ("digits_8x8", "allow_pickle"), ("tinymnist", "allow_pickle")]
)
def test_a_scripts_own_reader_refuses_everything_but_arrays(name: str, refusal: str, tmp_path: Path) -> None:
    """The script is read and run by strangers; it opens files as carefully as we do."""
    (split, file), *_ = loading_script(name).FILES.items()
    path = tmp_path / file
    if path.suffix == ".pkl":
        path.write_bytes(pickle.dumps({"images": Path("x"), "labels": []}))
    else:
        np.savez(path, images=np.array([Path("x")], dtype=object), labels=np.zeros(1))

    with pytest.raises((pickle.UnpicklingError, ValueError), match=refusal):
        list(loading_script(name).examples(str(path), split, "default"))


@EVERY_DATASET
def test_a_script_says_what_the_catalog_says(name: str, tmp_path: Path) -> None:
    """Name, version, summary, files and splits, licence; strangers see nothing but the script."""
    dataset = catalog.info(name)
    builder = getattr(loading_script(name), dataset.title)(cache_dir=str(tmp_path))

    assert type(builder).__name__ == dataset.title
    assert (builder.info.description, str(builder.VERSION)) == (dataset.summary, dataset.version)
    assert (builder.info.license, builder.info.homepage) == (dataset.license, dataset.source_url)
    assert builder.config.name == as_hf.config_names(name)[0]
    files = {split.name: split.files[0].name for split in dataset.splits}
    assert files == loading_script(name).FILES


@pytest.mark.skipif(int(datasets.__version__.split(".")[0]) >= 4, reason="from 4.0 on the library runs no scripts")
@EVERY_CONFIG
def test_a_script_runs_by_itself(name: str, config: str, tmp_path: Path, run_with_libraries: Run) -> None:
    """Beside the curated files, with nothing of ours to import, as somebody on an old release runs it."""
    repository = tmp_path / name
    repository.mkdir()
    for file in {split.files[0].name for split in catalog.info(name).splits}:
        shutil.copyfile(folders.folder(catalog.info(name)) / file, repository / file)
    shutil.copyfile(folders.shipped("loading_scripts") / f"{name}.py", repository / f"{name}.py")
    program = (
        f"import datasets; datasets.load_dataset({str(repository)!r}, {config!r}, trust_remote_code=True)"
        f".save_to_disk({str(tmp_path / 'saved')!r})"
    )

    done = run_with_libraries("-c", program, PYTHONPATH="")

    assert done.returncode == 0, done.stderr
    found, expected = content_hash.fingerprints(
        name, as_hf.to_numpy(name, datasets.load_from_disk(str(tmp_path / "saved")))
    )
    assert found == expected
