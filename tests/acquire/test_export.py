"""Specification of tinytorch_hf.acquire.export: files of an earlier version in a checkout are told by name."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tinytorch_hf import catalog, load_tinytalks
from tinytorch_hf.acquire import export
from tinytorch_hf.catalog import DataFile, DatasetInfo, Release, registry
from tinytorch_hf.cli import main
from tinytorch_hf.errors import MissingFileError
from tinytorch_hf.files.store import Found
from tinytorch_hf.milestones.data import places
from tinytorch_hf.milestones.data.places import State

OLD = {"splits/train.txt": b"Q: What name has my goat?\nA: Tess.\n\n", "tinytalks_v1.txt": b"Q: Old?\nA: Yes.\n\n"}


@pytest.fixture
def dataset(monkeypatch: pytest.MonkeyPatch) -> DatasetInfo:
    """TinyTalks with another earlier version, whose files are at hand."""
    files = tuple(DataFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in OLD.items())
    made = replace(catalog.TINYTALKS, earlier=(Release("1.0.0", files),))
    monkeypatch.setitem(registry._BUILT_IN, made.name, made)
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the earlier version's files."""
    for name, data in OLD.items():
        path = tmp_path / "datasets" / "tinytalks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "milestones").mkdir()
    return tmp_path


def test_a_file_of_an_earlier_version_is_kept_and_told_by_its_version(dataset: DatasetInfo, checkout: Path) -> None:
    """It is neither damaged nor the user's; one changed letter makes it the user's."""
    train = checkout / "datasets" / "tinytalks" / "splits" / "train.txt"
    (step,) = (step for step in export.plan(dataset, checkout) if step.path == train)
    assert (step.found, step.earlier, step.will_write, step.kept_wrong) == (Found.EARLIER, "1.0.0", False, False)

    train.write_bytes(OLD["splits/train.txt"].replace(b"Tess", b"Bess"))
    (step,) = (step for step in export.plan(dataset, checkout) if step.path == train)
    assert (step.found, step.earlier, step.kept_wrong) == (Found.OTHER, "", True)


def test_export_names_the_version_and_offers_the_new_one(
    dataset: DatasetInfo, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --force it is put there; what has a name of its own may be deleted."""
    assert main(["export", str(checkout)]) == 0
    err = " ".join(capsys.readouterr().err.split())
    assert "1 of the data files kept are those of TinyTalks 1.0.0, an earlier version." in err
    assert "--force to put TinyTalks 2.0.0 in their place" in err
    assert "tinytalks_v1.txt in " in err and "you may delete them" in err
    assert "damaged" not in err and "differs" not in err

    assert main(["export", str(checkout), "--force"]) == 0
    assert {step.found for step in export.plan(dataset, checkout) if step.is_data} == {Found.SAME}


def test_a_milestone_runs_on_an_earlier_version_and_says_so(dataset: DatasetInfo, checkout: Path) -> None:
    """It can be used as it is."""
    (place,) = places.curated(dataset, checkout, ["splits/train.txt"])
    seen = places.look(place)

    assert (seen.state, seen.state.can_be_used) == (State.EARLIER, True)
    assert seen.why == "TinyTalks 1.0.0; `tinytorch-hf export ROOT --force` puts 2.0.0 there"


def test_a_root_with_an_earlier_version_is_told_by_name(dataset: DatasetInfo, checkout: Path) -> None:
    """What is missing is the new file, and the old ones are why."""
    with pytest.raises(
        MissingFileError, match=r"holds TinyTalks 1\.0\.0, an earlier version; .* reads TinyTalks 2\.0\.0"
    ):
        load_tinytalks(root=checkout / "datasets")


def test_the_files_of_every_earlier_version_are_others_than_todays() -> None:
    """Otherwise good files would be called old."""
    for name in catalog.built_in_names():
        dataset = catalog.info(name)
        today = {file.sha256 for file in dataset.files}
        assert not [file.name for release in dataset.earlier for file in release.files if file.sha256 in today]
        assert dataset.version not in [release.version for release in dataset.earlier]
