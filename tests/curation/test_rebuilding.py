"""Specification of `tinify --rebuild`: the same bytes, good files left alone, and nothing lost when it fails."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_set_folder import NAME, source, tiny

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION
from tinytorch_hf.curation import rebuilding
from tinytorch_hf.curation.replacing import replaced
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StorageError


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """No test leaves its set in the catalogue."""
    yield
    catalog.forget(NAME)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with its content."""
    made = tiny(tmp_path / "out").folder
    catalog.forget(NAME)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones as well."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_good_files_are_left_alone(folder: Path) -> None:
    """Neither written nor renamed: a set that is whole stays as it is."""
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}

    rebuilding.rebuilt(folder, source())

    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert len(tinytorch_hf.load(NAME, "train")) == 18


def test_what_is_damaged_or_missing_is_made_again(folder: Path) -> None:
    """Byte for byte."""
    whole = contents(folder)
    (folder / "train.npz").write_bytes(b"damaged")
    (folder / "test.npz").unlink()

    rebuilding.rebuilt(folder, source())

    assert contents(folder) == whole


@pytest.mark.parametrize("what_fails", ["a changed selection", "a description that is damaged", "a full disk"])
def test_nothing_is_lost_when_it_fails(what_fails: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the same names, whatever they hold, are as before; no other file is left."""
    for name in ("train.npz", "test.npz"):
        (folder / name).write_bytes(b"someone's own " + name.encode())
    if what_fails == "a changed selection":
        lines = (folder / "selection.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / "selection.csv").write_text("".join([*lines[:-1], lines[-1][:-3] + "1\n"]), encoding="utf-8")
    elif what_fails == "a description that is damaged":
        (folder / DESCRIPTION).write_bytes(b"{}")
    else:
        real, renamed = Path.rename, []

        def rename(path: Path, to: Path) -> Path:
            renamed.append(path)
            # The second file cannot take its place any more.
            if len(renamed) == 4:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(path, to)

        monkeypatch.setattr(Path, "rename", rename)
    before = contents(folder)

    with pytest.raises(tinytorch_hf.TinyTorchHFError):
        rebuilding.rebuilt(folder, source())

    assert contents(folder) == before


def test_a_folder_in_the_place_of_a_file_is_not_touched(folder: Path) -> None:
    """It is named, and the file beside it is not replaced."""
    (folder / "train.npz").write_bytes(b"damaged")
    (folder / "test.npz").unlink()
    (folder / "test.npz").mkdir()

    with pytest.raises(StorageError, match=r"test\.npz is a folder"):
        rebuilding.rebuilt(folder, source())
    assert (folder / "train.npz").read_bytes() == b"damaged"
    assert (folder / "test.npz").is_dir()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_an_error_in_the_body_undoes_everything(tmp_path: Path) -> None:
    """New files go, old ones come back; without an error all stand, and nothing beside them."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"before")

    with pytest.raises(KeyboardInterrupt), replaced({old: b"after", new: b"new"}):
        assert contents(tmp_path)["new"] == b"new"
        raise KeyboardInterrupt
    assert contents(tmp_path) == {"old": b"before"}

    with replaced({old: b"after", new: b"new"}):
        pass
    assert contents(tmp_path) == {"old": b"after", "new": b"new"}


def test_samples_that_are_lacking_are_counted(folder: Path) -> None:
    """Not a KeyError."""
    with pytest.raises(CorruptFileError, match="24 of the chosen samples are missing"):
        rebuilding.rebuilt_from(folder, {})


def test_a_set_that_is_cut_on_demand_is_not_put_beside_its_recipe() -> None:
    """CIFAR-10's images stay out of the repository; the message says what to type."""
    folder = Path(__file__).resolve().parents[2] / "datasets" / "tinycifar"
    before = sorted(path.name for path in folder.iterdir())
    samples = dict.fromkeys((line.split(",")[0] for line in (folder / "selection.csv").read_text().splitlines()), None)

    for rebuild in (lambda: rebuilding.rebuilt_from(folder, samples), lambda: rebuilding.rebuilt(folder, source())):
        with pytest.raises(InvalidArgumentError, match="`tinytorch-hf download tinycifar`"):
            rebuild()
    assert sorted(path.name for path in folder.iterdir()) == before
