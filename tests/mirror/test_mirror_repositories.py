"""Specification of tinytorch_hf.mirror.repositories: what is served, and under which name."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import DescriptionError, InvalidArgumentError
from tinytorch_hf.mirror import repositories


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A folder with one dataset."""
    (tmp_path / "course" / "words").mkdir(parents=True)
    (tmp_path / "course" / "words" / "a.txt").write_text("a", encoding="utf-8")
    return tmp_path / "course"


def test_a_built_dataset_is_tagged_with_its_version(tmp_path: Path) -> None:
    """And found by branch, tag, commit and full reference alike."""
    repository = repositories.built("tinydigits", tmp_path)

    assert (repository.id, repository.dataset) == ("tinytorch/tinydigits", catalog.TINYDIGITS)
    for revision in ("main", "v1.0.0", repository.main.commit, "refs/heads/main"):
        assert repository.at(revision) is repository.main
    for revision in ("", "Main", "v2.0.0", repository.main.commit[:7], "HEAD~1", "refs/heads/", "../main"):
        assert repository.at(revision) is None


def test_a_dataset_with_a_loading_script_has_a_branch_of_it(own: dict[str, DatasetInfo], tmp_path: Path) -> None:
    """Under the repository's name, beside the files it reads; not of a user's dataset that is called the same."""
    repository = repositories.built("tinydigits", tmp_path, "course/digits")
    namesake = replace(own["own_images"], name="tinydigits")

    assert {"digits.py", "LICENSE", "DATASHEET.md"} < set(repository.branches["script"].files)
    assert {file.name for file in catalog.TINYDIGITS.files} < set(repository.branches["script"].files)
    assert set(repositories.built(namesake, tmp_path / "own").branches) == {"main"}


def test_building_twice_gives_the_same_commit(tmp_path: Path) -> None:
    """So that a mirror that is started again has its clients download nothing anew."""
    first, second = (repositories.built("tinydigits", tmp_path / part) for part in ("first", "second"))

    assert first.main.commit == second.main.commit


def test_an_instructors_sub_folders_are_datasets(course: Path, tmp_path: Path) -> None:
    """Named after both folders; hidden ones, files and links that leave the folder are none."""
    (course / ".cache").mkdir()
    (course / "notes.txt").touch()
    (tmp_path / "private").mkdir()
    (course / "link").symlink_to(tmp_path / "private")

    (repository,) = repositories.own(course)

    assert (repository.id, repository.dataset, repository.tags) == ("course/words", None, {})
    assert list(repository.main.files) == ["a.txt"]


def test_a_sub_folder_with_a_description_is_a_dataset(
    course: Path, own: dict[str, DatasetInfo], tmp_path: Path
) -> None:
    """Built as any dataset, under the names of the folders, and tagged; beside files, which are served as they are."""
    folder = Path(own["own_colours"].provider.path)  # type: ignore[union-attr]
    shutil.copytree(folder, course / "birds")

    birds, words = repositories.own(course, tmp_path / "out")

    assert (birds.id, birds.dataset and birds.dataset.name, list(birds.tags)) == (
        "course/birds",
        "own_colours",
        ["v1.0.0"],
    )
    assert "data/default/train-00000-of-00001.parquet" in birds.main.files
    assert 'load_dataset("course/birds")' in birds.main.files["README.md"].place.read_text(encoding="utf-8")
    assert (words.id, words.dataset) == ("course/words", None)
    assert "dataset.json" in repositories.own(course)[0].main.files

    (course / "birds" / "dataset.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DescriptionError, match=r"birds/dataset\.json, schema"):
        repositories.own(course, tmp_path / "again")


def test_the_same_id_twice_is_refused(course: Path) -> None:
    """Nobody could tell which one is served."""
    with pytest.raises(InvalidArgumentError, match="course/words is there twice"):
        repositories.by_id([*repositories.own(course), *repositories.own(course)])
