"""Specification of tinytorch_hf.hub.parquet: built folders give the exact numbers to the real library."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import datasets
import pytest
import yaml
from conftest import Run

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.as_hf import from_facts
from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import CorruptFileError, StorageError, UnknownNameError
from tinytorch_hf.hub import parquet

ON_HUB = catalog.shipped_names()
EVERY_DATASET = pytest.mark.parametrize("name", ON_HUB)
EVERY_CONFIG = pytest.mark.parametrize(
    ("name", "config"), [(name, config) for name in ON_HUB for config in as_hf.config_names(name)]
)


@EVERY_CONFIG
def test_load_dataset_gives_the_exact_numbers(name: str, config: str, hub: Path, tmp_path: Path) -> None:
    """Every configuration, through the library's own loading of a folder."""
    loaded = datasets.load_dataset(str(hub / name), config, cache_dir=str(tmp_path))

    found, expected = content_hash.fingerprints(name, as_hf.to_numpy(name, loaded))
    assert found == expected
    for split in loaded.values():
        assert split.features == as_hf.features(name, config)


@EVERY_DATASET
def test_without_a_configuration_the_default_is_loaded(name: str, hub: Path, tmp_path: Path) -> None:
    """Whatever it is called."""
    loaded = datasets.load_dataset(str(hub / name), cache_dir=str(tmp_path))

    assert content_hash.fingerprint(as_hf.to_numpy(name, loaded)) == catalog.info(name).fingerprint


@EVERY_CONFIG
def test_streaming_gives_the_same_samples(name: str, config: str, hub: Path) -> None:
    """Without a cache, one after the other."""
    streams = datasets.load_dataset(str(hub / name), config, streaming=True)
    features = as_hf.features(name, config)
    splits = {split: datasets.Dataset.from_list(list(rows), features=features) for split, rows in streams.items()}

    found, expected = content_hash.fingerprints(name, as_hf.to_numpy(name, splits))
    assert found == expected


@EVERY_DATASET
def test_a_built_folder_is_what_the_hub_expects(name: str, hub: Path) -> None:
    """Card, licence, datasheet, picture, Croissant, one shard a split and configuration; no script, no leftovers."""
    files = {path.relative_to(hub / name).as_posix() for path in (hub / name).rglob("*") if path.is_file()}

    assert files == {
        *("README.md", "LICENSE", "DATASHEET.md", "samples.png", "croissant.json"),
        *(
            f"data/{config}/{split.name}-00000-of-00001.parquet"
            for config in as_hf.config_names(name)
            for split in catalog.info(name).splits
        ),
    }
    assert sorted(path.name for path in hub.iterdir()) == sorted(ON_HUB)


@EVERY_DATASET
def test_the_links_of_a_built_card_lead_somewhere(name: str, hub: Path) -> None:
    """Picture and datasheet stand beside it."""
    card = (hub / name / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", card)

    assert list(dict.fromkeys(targets)) == ["samples.png", "DATASHEET.md"]
    for target in targets:
        assert (hub / name / target).is_file()


@EVERY_DATASET
def test_the_built_card_states_features_and_true_sizes(name: str, hub: Path) -> None:
    """So that the features come back even from Parquet files whose own metadata was lost."""
    header = yaml.safe_load((hub / name / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    # Where there is one alone, it is not in a list.
    stated = header["dataset_info"]
    infos = {info["config_name"]: info for info in (stated if isinstance(stated, list) else [stated])}

    assert set(infos) == set(as_hf.config_names(name))
    for config, info in infos.items():
        shards = list((hub / name / "data" / config).iterdir())
        assert info["download_size"] == sum(shard.stat().st_size for shard in shards)
        assert {split["name"]: split["num_examples"] for split in info["splits"]} == {
            split.name: split.n_samples for split in catalog.info(name).splits
        }
        assert info["dataset_size"] == sum(split["num_bytes"] for split in info["splits"])


def test_a_folder_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    """Whatever it holds may be someone's."""
    (tmp_path / "tinydigits").mkdir()
    (tmp_path / "tinydigits" / "mine").touch()

    with pytest.raises(StorageError, match="exists already"):
        parquet.build("tinydigits", tmp_path)
    assert [path.name for path in (tmp_path / "tinydigits").iterdir()] == ["mine"]


def test_a_build_with_other_numbers_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the builder ever write something else, it is found before the folder gets its name."""
    real = from_facts.encoded
    monkeypatch.setattr(from_facts, "encoded", lambda *of: {**real(*of), "label": [0] * len(of[1])})

    with pytest.raises(CorruptFileError, match=r"default configuration .* does not hold the curated numbers"):
        parquet.build("tinydigits", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as the library's error that generating failed."""

    def fail(*_of: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(from_facts, "encoded", fail)

    with pytest.raises(StorageError, match="No space left on device"):
        parquet.build("tinydigits", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a folder must not look like a whole one."""
    monkeypatch.setattr(parquet, "COMPANIONS", ("NO_SUCH_FILE",))

    with pytest.raises(StorageError, match="NO_SUCH_FILE"):
        parquet.build("tinydigits", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_is_explained(tmp_path: Path) -> None:
    """Before anything is written."""
    with pytest.raises(UnknownNameError):
        parquet.build("tinydigit", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_building_leaves_the_librarys_progress_bars_as_they_were(tmp_path: Path) -> None:
    """On stays on, off stays off."""
    for switch, disabled in ((datasets.enable_progress_bars, False), (datasets.disable_progress_bars, True)):
        switch()
        parquet.build("tinydigits", tmp_path / str(disabled))
        assert datasets.are_progress_bars_disabled() is disabled
    datasets.enable_progress_bars()


def test_the_literal_call_works_from_a_folder_below_the_working_directory(
    tmp_path: Path, hub: Path, run_with_libraries: Run
) -> None:
    """`load_dataset("tinytorch/tinydigits")` finds ./tinytorch/tinydigits before it asks the Hub."""
    (tmp_path / "tinytorch").mkdir()
    (tmp_path / "tinytorch" / "tinydigits").symlink_to(hub / "tinydigits")

    done = run_with_libraries(
        "-c", "import datasets; print(datasets.load_dataset('tinytorch/tinydigits')['train'].num_rows)"
    )

    assert done.stdout.splitlines()[-1:] == ["1000"], done.stderr
