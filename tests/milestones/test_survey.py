"""Specification of tinytorch_hf.milestones.checkout.survey: which milestones can run, and what each finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkouts import (
    DIGITS_FROM_THE_LOADER,
    POINTER,
    SCRIPTS,
    own_cache,
    snapshot,
    write_checkout,
)

from tinytorch_hf.errors import StorageError
from tinytorch_hf.milestones.checkout import preparing
from tinytorch_hf.milestones.checkout.survey import Report, survey
from tinytorch_hf.milestones.data.places import State

pytestmark = pytest.mark.usefixtures("own_cache")


def _by_number(root: Path) -> dict[str, Report]:
    return {report.milestone.number: report for report in survey(root)}


def _states(report: Report, root: Path) -> dict[str, State]:
    return {row.path.relative_to(root).as_posix(): row.state for row in report.rows}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout as it is cloned."""
    return write_checkout(tmp_path / "checkout")


def test_before_it_is_prepared_a_checkout_lacks_what_its_scripts_open_or_import(root: Path) -> None:
    """Nothing is changed by looking."""
    before = snapshot(root)

    reports = _by_number(root)

    assert [number for number, report in reports.items() if not report.has_failed] == ["01", "02"]
    assert _states(reports["03"], root) == {
        "datasets/tinydigits/train.pkl": State.ABSENT,
        "datasets/tinydigits/test.pkl": State.ABSENT,
        "milestones/data_manager.py": State.ABSENT,
        "milestones/datasets/mnist": State.ABSENT,
    }
    assert snapshot(root) == before


def test_prepared_every_milestone_is_ready(root: Path) -> None:
    """Without MNIST and CIFAR-10, whose rows say what stands in for them, and how large they are."""
    preparing.prepare(root)

    reports = _by_number(root)

    assert all(report.is_ready is bool(report.scripts) for report in reports.values())
    mnist, cifar = reports["03"].rows[-1], reports["04"].rows[-1]
    assert (mnist.state, mnist.is_needed, cifar.state, cifar.is_needed) == (State.ABSENT, False, State.ABSENT, False)
    assert "12 MB" in mnist.note and "TinyMNIST is used instead" in mnist.note
    assert "170 MB" in cifar.note and "--download" in cifar.note
    assert _states(reports["06"], root)["tinytorch/datasets.py"] is State.GOOD


def test_a_module_is_needed_only_where_a_script_imports_it(root: Path) -> None:
    """So a milestone whose scripts open files by path is ready without."""
    preparing.prepare(root)
    (root / "milestones" / "data_manager.py").unlink()
    (root / "tinytorch" / "datasets.py").unlink()

    ready = {number: not report.has_failed for number, report in _by_number(root).items()}

    assert ready == {"01": True, "02": True, "03": False, "04": True, "05": False, "06": False, "07": False}


def test_a_manager_of_the_users_own_may_download(root: Path) -> None:
    """Which a student would want to know before class."""
    (root / "milestones" / "data_manager.py").write_text("class DatasetManager: ...", encoding="utf-8")
    preparing.prepare(root)

    report = _by_number(root)["03"]

    assert _states(report, root)["milestones/data_manager.py"] is State.OTHER
    assert (
        "your own data_manager.py may download it; rename that file and prepare again, and TinyMNIST"
        in report.rows[-1].note
    )
    assert report.is_ready


def test_a_module_that_cannot_be_read_is_named(root: Path) -> None:
    """As every file that cannot be read, and not by a traceback."""
    (root / "milestones" / "data_manager.py").mkdir()

    with pytest.raises(StorageError, match=r"data_manager\.py cannot be read"):
        survey(root)


def test_a_package_of_the_users_own_that_lacks_the_digits_is_named(root: Path) -> None:
    """The older generation has an empty tinytorch/datasets, and its milestone 06 would go on with random numbers."""
    package = root / "tinytorch" / "datasets" / "__init__.py"
    package.parent.mkdir()
    package.write_text("__all__ = []", encoding="utf-8")
    preparing.prepare(root)

    report = _by_number(root)["06"]

    assert not report.is_ready
    assert "takes TinyDigits from tinytorch.datasets, which has none" in report.rows[-1].note
    package.write_text("from tinytorch_hf.milestones import TinyDigits", encoding="utf-8")
    assert _by_number(root)["06"].is_ready


def test_damage_is_named(root: Path) -> None:
    """With what to run; what is needed and damaged makes the milestone wait."""
    preparing.prepare(root)
    (root / "datasets" / "tinydigits" / "test.pkl").write_bytes(POINTER)
    (root / "datasets" / "tinytalks" / "splits" / "train.txt").write_bytes(b"Q: mine?\nA: Yes.\n")
    (root / "milestones" / "datasets" / "mnist").mkdir(parents=True)
    (root / "milestones" / "datasets" / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"half")

    reports = _by_number(root)

    assert [number for number, report in reports.items() if report.has_failed] == ["03", "04", "06"]
    pointer = reports["03"].rows[1]
    assert (pointer.state, "is a Git-LFS pointer" in pointer.note) == (State.DAMAGED, True)
    assert "tinytorch-hf export ROOT --force" in pointer.note
    assert "t10k-labels-idx1-ubyte.gz" in reports["03"].rows[-1].note
    assert reports["05"].rows[0].state is State.OTHER


@pytest.mark.parametrize(("has_it", "is_ready"), [(False, False), (True, True)])
def test_a_script_that_would_train_on_random_numbers_is_named(tmp_path: Path, has_it: bool, is_ready: bool) -> None:
    """One generation's milestone 06 takes TinyDigits from the student's data loader, and goes on without."""
    name = "06_2018_mlperf/01_optimization_olympics.py"
    root = write_checkout(tmp_path / "checkout", "B", {**SCRIPTS, name: DIGITS_FROM_THE_LOADER})
    if has_it:
        with (root / "tinytorch" / "core" / "dataloader.py").open("a", encoding="utf-8") as file:
            file.write("\nfrom tinytorch_hf.milestones import TinyDigits\n")
    preparing.prepare(root)

    report = _by_number(root)["06"]

    assert report.is_ready is is_ready
    if not has_it:
        assert report.rows[-1].path == root / "milestones" / name
        assert "random numbers" in report.rows[-1].note
