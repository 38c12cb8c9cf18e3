"""Specification of what a download begins with: how much is to come, from where, into which folder, with what room."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_dataset import PACKED, UNPACKED, small

from tinytorch_hf.acquire import plan
from tinytorch_hf.errors import StorageError

ADDRESS = "http://mirror.invalid"


def test_what_came_before_is_not_counted_again(tmp_path: Path) -> None:
    """Half of an archive is half to come; the room for what is in it is needed all the same."""
    case = small(tmp_path, ADDRESS)
    case.archive.parent.mkdir()
    case.partial.write_bytes(PACKED[:40_000])

    steps = plan.plan(case.dataset, tmp_path)

    assert plan.missing_bytes(steps) == len(PACKED) - 40_000
    assert plan.needed_bytes(steps) == len(PACKED) - 40_000 + len(UNPACKED)
    assert plan.announcement(case.dataset, steps, tmp_path).startswith("Small: 0.1 MB more are downloaded from")


def test_an_archive_that_is_there_is_unpacked_and_nothing_comes(tmp_path: Path) -> None:
    """As after a download whose files someone removed."""
    case = small(tmp_path, ADDRESS)
    case.archive.parent.mkdir()
    case.archive.write_bytes(PACKED)

    steps = plan.plan(case.dataset, tmp_path)

    assert [(step.is_present, step.missing_bytes) for step in steps] == [(True, 0)]
    assert plan.needed_bytes(steps) == len(UNPACKED)
    assert plan.announcement(case.dataset, steps, tmp_path) == f"Small is unpacked into {tmp_path / 'small'}."


def test_a_damaged_archive_comes_anew(tmp_path: Path) -> None:
    """What stands in its place is not part of it."""
    case = small(tmp_path, ADDRESS)
    case.archive.parent.mkdir()
    case.archive.write_bytes(PACKED[:-1])

    (step,) = plan.plan(case.dataset, tmp_path)

    assert (step.is_present, step.missing_bytes) == (False, len(PACKED))


def test_a_folder_in_the_place_of_a_file_is_explained(tmp_path: Path) -> None:
    """Before anything is downloaded."""
    case = small(tmp_path, ADDRESS)
    case.unpacked.mkdir(parents=True)

    with pytest.raises(StorageError, match=r"letters cannot be read: Is a directory\."):
        plan.plan(case.dataset, tmp_path)
