"""Specification of tinytorch_hf.catalog.portable: a dataset that one system can hold, every system can."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.catalog.portable import is_portable
from tinytorch_hf.errors import DescriptionError


@pytest.mark.parametrize(
    "name",
    ["train.npz", "a b.txt", "\u00e4\u4e2d.txt", "console", "com", "com10.txt", "nul_values", ".gitignore", "a.b.c"],
)
def test_ordinary_names_are_taken(name: str) -> None:
    """Other letters and spaces, too, and names that only begin like a device."""
    assert is_portable(name)


@pytest.mark.parametrize(
    "name",
    [
        "nul",
        "NUL.txt",
        "aux.tar.gz",
        "Com1",
        "lpt9.npz",
        "con .txt",
        "a:b",
        "a?",
        'a"b',
        "a|b",
        "<a>",
        "a*",
        "a\\b",
        "a.",
        "a ",
    ],
)
def test_devices_and_what_windows_refuses_or_changes_are_not(name: str) -> None:
    """Whatever the case and the ending; dots and spaces at the end vanish there."""
    assert not is_portable(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set that is right."""
    images = np.zeros((4, 2, 2), np.uint8)
    images[:, 0, 0] = np.arange(4)
    split = {"images": images, "labels": np.arange(4) % 2}
    place = tmp_path / "two"
    tinytorch_hf.write_dataset(
        place, {"train": split}, name="two", summary="4 images.", license="CC0-1.0", source="here", classes=["a", "b"]
    )
    catalog.forget("two")
    return place


@pytest.mark.parametrize("name", ["aux.npz", "what?.npz", "nul/train.npz"])
def test_a_file_that_windows_could_not_hold_is_refused(folder: Path, name: str) -> None:
    """Where it is described, not where the first student fails; the message names the field."""
    path = folder / "dataset.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    values["splits"][0]["files"][0]["name"] = name
    path.write_text(json.dumps(values), encoding="utf-8")

    with pytest.raises(DescriptionError, match=r"files\[0\]\.name: it is .*, which Windows refuses"):
        tinytorch_hf.register(folder)


@pytest.mark.parametrize("name", ["con", "lpt1"])
def test_a_dataset_that_is_called_like_a_device_is_refused(folder: Path, name: str) -> None:
    """Its folder could not be made."""
    path = folder / "dataset.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**values, "name": name}), encoding="utf-8")

    with pytest.raises(DescriptionError, match=f"Windows makes no folder that is called {name}"):
        tinytorch_hf.register(folder)
