"""Specification of files from a stick: told by content, copied, verified; what is missing is named."""

from __future__ import annotations

import gzip
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_dataset import PACKED, UNPACKED, described, small

from tinytorch_hf import catalog
from tinytorch_hf.acquire import carried, provision
from tinytorch_hf.catalog import Archive, DatasetInfo, Downloaded, SplitInfo
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingFileError, StorageError

CONTENTS = {f"part_{number}": np.random.default_rng(number).bytes(3000) for number in range(4)}


def of_four(root: str = "four") -> DatasetInfo:
    """A dataset of four archives with a file each, as MNIST is."""
    files = tuple(described(name, data) for name, data in CONTENTS.items())
    archives = tuple(
        Archive(described(f"{name}.gz", gzip.compress(data, mtime=0)), root, (f"https://example.invalid/{name}.gz",))
        for name, data in CONTENTS.items()
    )
    splits = (SplitInfo("train", 1, files),)
    return replace(catalog.MNIST, name="four", title="Four", splits=splits, provider=Downloaded(archives, root))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder to carry files in."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["letters.gz", "letters (1).gz", "download", "x.gz.crdownload"])
def test_an_archive_is_known_by_its_content(tmp_path: Path, stick: Path, name: str) -> None:
    """Whatever a browser called it; it is copied, not moved."""
    (stick / name).write_bytes(PACKED)
    case = small(tmp_path / "root")

    written = provision.provide(case.dataset, case.root, stick / name)

    assert written == [case.archive, case.unpacked]
    assert (case.archive.read_bytes(), case.unpacked.read_bytes()) == (PACKED, UNPACKED)
    assert (stick / name).read_bytes() == PACKED
    assert provision.provide(case.dataset, case.root, stick / name) == []


def test_a_file_that_the_browser_unpacked_is_taken_as_it_is(tmp_path: Path, stick: Path) -> None:
    """There is no archive then, and none is needed."""
    (stick / "letters.gz").write_bytes(UNPACKED)
    case = small(tmp_path / "root")

    assert provision.provide(case.dataset, case.root, stick) == [case.unpacked]
    assert provision.provide(case.dataset, case.root) == []


def test_a_folder_may_hold_several_and_other_things(tmp_path: Path, stick: Path) -> None:
    """Packed and unpacked, among photographs and folders."""
    for number, (name, data) in enumerate(CONTENTS.items()):
        (stick / f"{name}.bin").write_bytes(data if number % 2 else gzip.compress(data, mtime=0))
    (stick / "holiday.jpg").write_bytes(bytes(3000))
    (stick / "folder").mkdir()

    written = provision.provide(of_four(), tmp_path, stick)

    assert [path.name for path in written] == ["part_0.gz", "part_0", "part_1", "part_2.gz", "part_2", "part_3"]
    assert all((tmp_path / "four" / name).read_bytes() == data for name, data in CONTENTS.items())


def test_another_cache_can_be_carried_as_it_is(tmp_path: Path, stick: Path) -> None:
    """A folder laid out as a root, such as torchvision's, is a source."""
    (stick / "four").mkdir()
    for name, data in CONTENTS.items():
        (stick / "four" / name).write_bytes(data)

    assert len(provision.provide(of_four(), tmp_path / "root", stick)) == 4


def test_what_is_missing_is_named_and_the_rest_is_kept(tmp_path: Path, stick: Path) -> None:
    """So that files may be carried one by one."""
    names = list(CONTENTS)
    for name in names[:2]:
        (stick / name).write_bytes(CONTENTS[name])
    with pytest.raises(
        MissingFileError, match=r"2 files were taken from .*; missing: part_2\.gz, part_3\.gz"
    ) as caught:
        provision.provide(of_four(), tmp_path, stick)
    assert "https://example.invalid/part_3.gz" in str(caught.value)
    for name in names[2:]:
        (stick / name).write_bytes(CONTENTS[name])
        if name == names[2]:
            with pytest.raises(MissingFileError, match=r"1 files were taken from .*; missing: part_3\.gz\. "):
                provision.provide(of_four(), tmp_path, stick / name)
    assert [path.name for path in provision.provide(of_four(), tmp_path, stick / names[3])] == ["part_3"]


@pytest.mark.parametrize("content", [b"", PACKED[:-1], PACKED + b"x", bytes(len(PACKED)), UNPACKED[:-1] + b"x"])
def test_a_damaged_file_counts_as_missing(tmp_path: Path, stick: Path, content: bytes) -> None:
    """Nothing of it is taken."""
    (stick / "letters.gz").write_bytes(content)
    case = small(tmp_path / "root", "https://example.invalid")

    with pytest.raises(MissingFileError, match=r"has no file of it, told by content.* missing: letters\.gz"):
        provision.provide(case.dataset, case.root, stick)
    assert not case.root.exists()


def test_an_archive_that_is_in_place_already_is_used(tmp_path: Path, stick: Path) -> None:
    """Only what is missing has to be carried."""
    case = small(tmp_path)
    case.archive.parent.mkdir()
    case.archive.write_bytes(PACKED)

    assert provision.provide(case.dataset, case.root, stick) == [case.unpacked]


def test_a_source_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A stick that was not put in."""
    case = small(tmp_path)

    with pytest.raises(MissingFileError, match=r"There is no file or folder .*nowhere\. Give --from"):
        provision.provide(case.dataset, case.root, tmp_path / "nowhere")


def test_a_dataset_that_ships_needs_no_carrying(tmp_path: Path) -> None:
    """A wrong call, even if the file is there."""
    with pytest.raises(InvalidArgumentError, match="TinyDigits is not downloaded"):
        provision.provide(catalog.TINYDIGITS, tmp_path, tmp_path)


def test_a_tar_file_is_carried_packed_or_as_its_members(tmp_path: Path, stick: Path) -> None:
    """As CIFAR-10 is."""
    inside = stick / "four"
    inside.mkdir()
    for name, data in CONTENTS.items():
        (inside / name).write_bytes(data)
    with tarfile.open(stick / "four.tar.gz", "w:gz") as tar:
        tar.add(inside, "four")
    archive = Archive(
        described("four.tar.gz", (stick / "four.tar.gz").read_bytes()), "", ("https://example.invalid/x",)
    )
    dataset = replace(of_four(), provider=Downloaded((archive,), of_four().place))

    packed = provision.provide(dataset, tmp_path / "a", stick / "four.tar.gz")
    members = provision.provide(dataset, tmp_path / "b", inside)

    assert [path.name for path in packed] == ["four.tar.gz", *CONTENTS]
    assert [path.name for path in members] == [*CONTENTS]
    with pytest.raises(CorruptFileError, match="does not hold"):
        broken = replace(dataset, splits=(*dataset.splits, SplitInfo("test", 1, (described("part_9", b"9"),))))
        provision.provide(broken, tmp_path / "c", stick / "four.tar.gz")


@pytest.mark.parametrize("when", ["before it is looked at", "while it is copied"])
def test_a_file_that_vanishes_from_the_stick_is_told(
    tmp_path: Path, stick: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pulls the stick out gets a sentence; nothing half is left."""
    (stick / "letters.gz").write_bytes(PACKED)
    (stick / "zzz").write_bytes(b"something else")
    case = small(tmp_path / "root")
    function = "_carried" if when.startswith("before") else "_pieces"
    original = getattr(carried, function)

    def vanishing(*arguments: Any) -> Any:
        found = list(original(*arguments)) if function == "_carried" else None
        for path in stick.iterdir():
            path.unlink()
        return original(*arguments) if found is None else found

    monkeypatch.setattr(carried, function, vanishing)
    with pytest.raises((MissingFileError, StorageError), match=r"stick") as caught:
        provision.provide(case.dataset, case.root, stick)
    assert "letters" in str(caught.value)
    assert [path for path in case.root.rglob("*") if path.is_file() and path.suffix == ".part"] == []


@pytest.mark.parametrize("change", [b"changed" * 1000, b""], ids=["longer", "emptied"])
def test_a_file_that_changes_while_it_is_copied_is_told(
    tmp_path: Path, stick: Path, change: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its hash was good when it was looked at; what was copied is verified again."""
    (stick / "letters.gz").write_bytes(PACKED)
    case = small(tmp_path / "root")
    original = carried._pieces

    def changing(*arguments: Any) -> Any:
        (stick / "letters.gz").write_bytes(change)
        return original(*arguments)

    monkeypatch.setattr(carried, "_pieces", changing)
    with pytest.raises(CorruptFileError, match=r"letters\.gz was changed while it was copied"):
        provision.provide(case.dataset, case.root, stick)
    assert not case.archive.exists()
