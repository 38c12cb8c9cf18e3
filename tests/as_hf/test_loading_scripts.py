"""Specification of the loading scripts, and that they say what the facts give."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from conftest import Run
from hub_scripts import NAMES, loading_script

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo, SplitInfo
from tinytorch_hf.data import content_hash
from tinytorch_hf.files import folders

EIGHT_BY_EIGHT = ("tinydigits", "digits_8x8")
EVERY_DATASET = pytest.mark.parametrize("name", NAMES)
EVERY_CONFIG = pytest.mark.parametrize(
    ("name", "config"), [(name, config) for name in NAMES for config in as_hf.config_names(name)]
)


def test_every_built_in_dataset_has_a_script() -> None:
    """For the releases before 4; nothing else asks for one."""
    assert catalog.built_in_names() == NAMES


def files_of(dataset: DatasetInfo, split: SplitInfo) -> Any:
    """What a script's `examples` reads: the path of a split's only file, or those of several."""
    paths = [str(folders.folder(dataset) / file.name) for file in split.files]
    return paths if len(paths) > 1 or isinstance(loading_script(dataset.name).FILES[split.name], list) else paths[0]


@EVERY_CONFIG
def test_a_script_gives_what_the_facts_give(name: str, config: str, shelf: dict[str, DatasetInfo]) -> None:
    """The same configurations, features and samples, byte for byte; no List, which old releases cannot read."""
    script, dataset = loading_script(name), shelf[name]
    loaded = as_hf.load(dataset, config)
    features = script.features(config)

    assert [known.name for known in getattr(script, dataset.title).BUILDER_CONFIGS] == as_hf.config_names(name)
    assert "List" not in str(features) and "Sequence" not in str(features)
    for split in dataset.splits:
        samples = list(script.examples(files_of(dataset, split), split.name, config))
        scripted = datasets.Dataset.from_list(samples, features=features)
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

    assert imported <= {"__future__", "collections", "io", "json", "pathlib", "pickle", "textwrap", "typing"} | {
        "datasets",
        "numpy",
        "PIL",
    }
    assert "__file__" not in text
    assert ast.parse(text, feature_version=(3, 8)).body[1].module == "__future__"  # type: ignore[attr-defined]
    assert re.search(r"^import datasets$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("tinydigits", "pathlib"),
        ("digits_8x8", "allow_pickle"),
        ("tinymnist", "allow_pickle"),
        ("tinycifar", "allow_pickle"),
        ("cifar10", "pathlib"),
        ("mnist", "is no IDX file"),
    ],
)
def test_a_scripts_own_reader_refuses_everything_but_arrays(name: str, refusal: str, tmp_path: Path) -> None:
    """The script is read and run by strangers; it opens files as carefully as we do."""
    (split, file), *_ = loading_script(name).FILES.items()
    names = [file] if isinstance(file, str) else file
    for path in (tmp_path / one for one in names):
        if path.suffix == ".npz":
            np.savez(path, images=np.array([Path("x")], dtype=object), labels=np.zeros(1))
        else:
            path.write_bytes(pickle.dumps({"images": Path("x"), "labels": []}))

    paths = [str(tmp_path / one) for one in names]
    with pytest.raises((pickle.UnpicklingError, ValueError), match=refusal):
        list(loading_script(name).examples(paths[0] if isinstance(file, str) else paths, split, "default"))


@EVERY_DATASET
def test_a_script_says_what_the_catalog_says(name: str, tmp_path: Path) -> None:
    """Name, version, summary, files and splits, licence; strangers see nothing but the script."""
    dataset = catalog.info(name)
    builder = getattr(loading_script(name), dataset.title)(cache_dir=str(tmp_path))

    assert type(builder).__name__ == dataset.title
    assert (builder.info.description, str(builder.VERSION)) == (dataset.summary, dataset.version)
    assert (builder.info.license, builder.info.homepage) == (dataset.license, dataset.source_url)
    assert builder.config.name == as_hf.config_names(name)[0]
    files = {split.name: [file.name for file in split.files] for split in dataset.splits}
    named = loading_script(name).FILES
    assert files == {split: [file] if isinstance(file, str) else file for split, file in named.items()}


@pytest.mark.skipif(int(datasets.__version__.split(".")[0]) >= 4, reason="from 4.0 on the library runs no scripts")
@EVERY_CONFIG
def test_a_script_runs_by_itself(
    name: str, config: str, tmp_path: Path, run_with_libraries: Run, shelf: dict[str, DatasetInfo]
) -> None:
    """Beside the curated files, with nothing of ours to import, as somebody on an old release runs it."""
    dataset = shelf[name]
    repository = tmp_path / name
    repository.mkdir()
    for file in {file.name for split in dataset.splits for file in split.files}:
        shutil.copyfile(folders.folder(dataset) / file, repository / file)
    shutil.copyfile(folders.shipped("loading_scripts") / f"{name}.py", repository / f"{name}.py")
    program = (
        f"import datasets; datasets.load_dataset({str(repository)!r}, {config!r}, trust_remote_code=True)"
        f".save_to_disk({str(tmp_path / 'saved')!r})"
    )

    done = run_with_libraries("-c", program, PYTHONPATH="")

    assert done.returncode == 0, done.stderr
    saved = datasets.load_from_disk(str(tmp_path / "saved"))
    if config == "text":
        texts = {split: rows["text"] for split, rows in as_hf.load(dataset, config).items()}
        assert {split: rows["text"] for split, rows in saved.items()} == texts
    else:
        found, expected = content_hash.fingerprints(dataset, as_hf.to_numpy(dataset, saved))
        assert found == expected
