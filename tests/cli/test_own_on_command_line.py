"""Specification of datasets of the user's own on the command line: by the path of their folder, or by their name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog, write_dataset
from tinytorch_hf.cli import main


@pytest.fixture
def shapes(tmp_path: Path) -> Iterator[Path]:
    """The folder of a small image set, forgotten again after the test."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 6, 6), dtype=np.uint8)
    splits = {"train": {"images": images, "labels": np.arange(12) % 3}}
    told = {"summary": "Three shapes.", "license": "CC0-1.0", "source": "drawn for a test"}
    write_dataset(tmp_path / "shapes", splits, name="shapes", classes=["line", "ring", "dot"], **told)
    catalog.forget("shapes")
    yield tmp_path / "shapes"
    catalog.forget("shapes")


@pytest.mark.parametrize("command", [["info"], ["show", "--index", "0"], ["stats"]])
def test_a_path_is_taken_where_a_name_is(shapes: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    """And a name, once the folder was given."""
    assert main([command[0], str(shapes), *command[1:]]) == 0
    by_path = capsys.readouterr().out
    assert main([command[0], "shapes", "--dataset-folder", str(shapes), *command[1:]]) == 0

    assert capsys.readouterr().out == by_path != ""


def test_list_shows_own_datasets(shapes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the built-in ones, with their size."""
    assert main(["list", "--json", "--dataset-folder", str(shapes)]) == 0

    listed = json.loads(capsys.readouterr().out)["shapes"]
    assert (listed["provided"], listed["kind"], listed["splits"][0]["n_samples"]) == ("folder", "images", 12)


def test_what_a_dataset_holds_never_reaches_the_terminal_raw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its texts may be anybody's; escapes stand in place of what a terminal would obey."""
    texts = {"text": np.array(["\x1b[31mred\x07", "one\ntwo"]), "labels": np.array([0, 1])}
    told = {"summary": "Two texts.", "license": "CC0-1.0", "source": "written for a test", "classes": ["a", "b"]}
    write_dataset(tmp_path / "texts", {"train": texts}, name="shapes", **told)
    try:
        assert main(["show", str(tmp_path / "texts")]) == 0
    finally:
        catalog.forget("shapes")

    out, err = capsys.readouterr()
    assert "\\x1b[31mred\\x07" in out and "one\ntwo" in out
    assert "\x1b" not in out + err


def test_a_bad_folder_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, field and what to write; exit status 1, and 2 for a name that is none."""
    (tmp_path / "dataset.json").write_text('{"schema": 2}', encoding="utf-8")

    assert main(["info", f"{tmp_path}/"]) == 1
    assert "dataset.json, schema: it is 2. This release reads version 1: write 1." in capsys.readouterr().err
    assert main(["info", "shapes"]) == 2
