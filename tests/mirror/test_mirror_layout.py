"""Specification of tinytorch_hf.mirror.layout: the splits that `load_dataset` finds, found without it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from datasets.data_files import DataFilesDict, get_data_patterns, sanitize_patterns

from tinytorch_hf.mirror.layout import default_config, layout

NAMES = {
    "shards": "data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet data/odd-00000-of-00001.parquet",
    "shards elsewhere": "train-00000-of-00001.parquet more/test-00000-of-00001.parquet",
    "shards in an odd order": "data/b-00000-of-00001.parquet data/test-00000-of-00001.parquet "
    "data/a-00000-of-00001-x.parquet data/validation-00000-of-00001.parquet",
    "folders": "train/a.parquet train/b/c.parquet dev/a.parquet my-eval/a.parquet mytest/a.parquet",
    "folders before names": "train/test.parquet x/test.parquet",
    "folder in a folder": "train/train/train.parquet",
    "names": "train.parquet x/my_training-2.parquet valid.x.parquet testing0.parquet trainer.parquet",
    "twice": "train/train-1/a.parquet",
    "one": "a.parquet b/c.parquet",
    "hidden": "a.parquet .b/c.parquet __d/e.parquet .f.parquet",
    "words inside words": "retrain.parquet contest.parquet a.parquet",
}
PATTERNS: dict[str, Any] = {
    "one": "data/*.parquet",
    "all": "**",
    "all below": "data/**",
    "folders between": "**/x/**/*.parquet",
    "a list": ["a.parquet", "data/*"],
    "by split": [{"split": "train", "path": "data/a*"}, {"split": "odd", "path": ["data/b*", "./a.parquet"]}],
    "a dictionary": {"train": "**/[ab].parquet", "test": "**/[!a]*.parquet"},
    "twice": ["a.parquet", "*.parquet"],
    "a mark": "?.parquet",
}
FILES = "a.parquet b.parquet data/a.parquet data/b.parquet data/x/c.parquet x/a.parquet x/y/z/a.parquet"


def folder_of(paths: list[str], folder: Path) -> Path:
    """Empty files with these names."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


def found_by_the_library(patterns: Any, folder: Path) -> dict[str, list[str]]:
    """What the library resolves patterns to."""
    found = DataFilesDict.from_patterns(patterns, base_path=str(folder))
    return {str(split): [Path(path).relative_to(folder).as_posix() for path in files] for split, files in found.items()}


@pytest.mark.parametrize("kind", NAMES)
def test_what_the_names_say_is_what_the_library_finds(kind: str, tmp_path: Path) -> None:
    """Shards, words in folders, words in names, or one split; in the library's order."""
    paths = NAMES[kind].split()
    folder = folder_of(paths, tmp_path)
    expected = found_by_the_library(get_data_patterns(str(folder)), folder)

    (found,) = layout(paths, {}).values()
    assert list(found) == list(expected)
    assert {split: sorted(files) for split, files in found.items()} == {
        split: sorted(files) for split, files in expected.items()
    }


@pytest.mark.parametrize("kind", PATTERNS)
def test_what_a_card_says_is_what_the_library_finds(kind: str, tmp_path: Path) -> None:
    """Patterns, alone, in lists or by split; what fits twice is loaded twice."""
    folder = folder_of(FILES.split(), tmp_path)
    expected = found_by_the_library(sanitize_patterns(PATTERNS[kind]), folder)

    found = layout(FILES.split(), {"configs": [{"config_name": "x", "data_files": PATTERNS[kind]}]})["x"]
    assert {split: sorted(files) for split, files in found.items()} == {
        split: sorted(files) for split, files in expected.items()
    }


def test_a_configuration_may_have_a_folder_of_its_own() -> None:
    """With patterns in it, or with what its names say."""
    configs = [
        {"config_name": "one", "data_dir": "data/x"},
        {"config_name": "two", "data_dir": "./x/".strip("./"), "data_files": "*.parquet", "default": True},
        {"config_name": "three", "data_dir": "nowhere"},
    ]
    found = layout(FILES.split(), {"configs": configs})

    assert found == {"one": {"train": ("data/x/c.parquet",)}, "two": {"train": ("x/a.parquet",)}}
    assert default_config(found, {"configs": configs}) == "two"
    assert default_config(found, {}) == ""
    assert default_config(layout(["a.parquet"], {}), {}) == "default"


@pytest.mark.parametrize(
    "configs",
    [
        None, "x", [], [None], [[]], [{"config_name": 1}], [{"data_files": "*"}],
        [{"config_name": "x", "data_files": 1}], [{"config_name": "x", "data_files": [{"split": "a"}]}],
        [{"config_name": "x", "data_files": [None]}],
        [{"config_name": "x", "data_files": {"a": None}}], [{"config_name": "x", "data_dir": 1, "data_files": "[["}],
        [{"config_name": "x", "data_files": "../../*"}], [{"config_name": "x", "data_files": "https://a.b/c.parquet"}],
    ],
)  # fmt: skip
def test_cards_that_make_no_sense_find_nothing_more(configs: Any) -> None:
    """Whatever stands there, nothing but files that are there is found."""
    for files in layout(FILES.split(), {"configs": configs}).values():
        assert {path for paths in files.values() for path in paths} <= set(FILES.split())


def test_split_names_that_the_library_refuses(tmp_path: Path) -> None:
    """Find nothing; and neither does a repository without tables."""
    paths = ["data/a b-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"]
    with pytest.raises(ValueError, match="Split name"):
        get_data_patterns(str(folder_of(paths, tmp_path / "refused")))

    assert layout(paths, {}) == {} == layout(["a.csv", "README.md"], {})


def test_a_pattern_costs_little() -> None:
    """However many stars it has: a card is written by anyone."""
    start = time.process_time()
    for pattern in ("*a" * 200, "**/" * 160, "a*" * 200 + "b", "[a-" * 150):
        layout(
            ["a" * 200 + ".parquet", "a/" * 200 + "a.parquet"],
            {"configs": [{"config_name": "x", "data_files": pattern}]},
        )
    assert time.process_time() - start < 2
