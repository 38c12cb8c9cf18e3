"""Specification of bad input: each is refused with the file and the row, and leaves nothing that is later trusted."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf.curation.mapping import Reading, facts_of
from tinytorch_hf.curation.sources.opening import open_source, size_of
from tinytorch_hf.errors import CorruptFileError, GitLFSPointerError, StorageError, TinyTorchHFError

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import datasets
import sources_on_disk as on_disk
from bad_files import GOOD, IMAGES, LABELS, Write, facts, npz, parquet, tar, text


def _cut_off(form: str, name: str, share: float) -> Write:
    def write(folder: Path) -> None:
        on_disk.FORMS[form](folder, IMAGES, LABELS)
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(len(data) * share)])

    return write


def _flipped(folder: Path) -> None:
    """One bit of a packed archive."""
    np.savez_compressed(folder / "a.npz", images=IMAGES, labels=LABELS)
    with zipfile.ZipFile(folder / "a.npz") as archive:
        place = archive.getinfo("images.npy").header_offset
    data = bytearray((folder / "a.npz").read_bytes())
    data[place + 300] ^= 4
    (folder / "a.npz").write_bytes(data)


def _folder_with(name: str, content: bytes) -> Write:
    def write(folder: Path) -> None:
        on_disk.in_folders(folder, IMAGES, LABELS)
        (folder / name).write_bytes(content)

    return write


BAD: dict[str, tuple[Write, str]] = {
    "no image": (parquet([GOOD, None], ["a", "b"]), r"a\.parquet, row 2: it has no image"),
    "no label": (parquet([GOOD, GOOD], ["a", None]), r"a\.parquet, row 2: it has no label"),
    "an image that is none": (
        parquet([GOOD, b"GIF89a"], ["a", "b"]),
        r"row 2: it is not an image that can be read",
    ),
    "an image that is cut off": (
        parquet([GOOD, GOOD[:60]], ["a", "b"]),
        r"row 2: it is not an image that can be read",
    ),
    "a Parquet file that is cut off": (
        _cut_off("Parquet, flat", "a.parquet", 0.5),
        r"a\.parquet is not a Parquet file",
    ),
    "a Parquet file of another kind": (text("a.parquet", "hello"), r"a\.parquet is not a Parquet file"),
    "lists as labels": (
        lambda folder: on_disk.pa.parquet.write_table(
            on_disk.pa.table({"image": [GOOD], "label": [["a"]]}), folder / "a.parquet"
        ),
        r"no column may hold the labels\. .*label \(other\)|labels are list",
    ),
    "CSV without a label": (text("a.csv", "text,label\none,a\ntwo,\n"), r"a\.csv, row 2: it has no label"),
    "CSV without a text": (text("a.csv", "text,label\none,a\n,b\n"), r"a\.csv, row 2: its text is empty"),
    "CSV with too many fields": (
        text("a.csv", "text,label\none,a\ntwo,b,c\n"),
        r"a\.csv, row 2: it cannot be read: .*Expected 2 columns, got 3",
    ),
    "CSV that is not UTF-8": (
        lambda folder: (folder / "a.csv").write_bytes(b"text,label\none,a\n\xe9t\xe9,b\n"),
        r"a\.csv, row 2: it cannot be read: .*invalid UTF8",
    ),
    "CSV with two columns of one name": (
        text("a.csv", "text,text,label\none,two,a\n"),
        r"has several columns text\. Give each its own name",
    ),
    "JSON lines with a field that occurs twice": (
        text("a.jsonl", '{"text": "one", "label": "a"}\n{"text": "two", "text": "2", "label": "b"}\n'),
        r"a\.jsonl, row 2: it cannot be read: .*specified twice",
    ),
    "JSON lines with half a character": (
        text("a.jsonl", '{"text": "one", "label": "a"}\n{"text": "\\ud800", "label": "b"}\n'),
        r"a\.jsonl, row 2: it cannot be read",
    ),
    "JSON lines with a number as text": (
        text("a.jsonl", '{"text": "one", "label": "a"}\n{"text": 2, "label": "b"}\n'),
        r"a\.jsonl(, row 2: it is a int, not a text|.*it cannot be read)",
    ),
    "JSON lines with NaN as text": (
        text("a.jsonl", '{"text": "one", "label": "a"}\n{"text": NaN, "label": "b"}\n'),
        r"a\.jsonl(, row 2: it has no text|: it cannot be read)",
    ),
    "JSON lines with an object as label": (
        text("a.jsonl", '{"text": "one", "label": "a"}\n{"text": "two", "label": {"b": 1}}\n'),
        r"a\.jsonl.*(objects or lists, not one text|it cannot be read)",
    ),
    "JSON lines with a bad line": (
        text("a.jsonl", '{"text": "one", "label": "a"}\n{"text": "two", "label"\n'),
        r"a\.jsonl, row 2: it cannot be read",
    ),
    "JSON lines with a level of no byte": (
        text("a.jsonl", "".join(json.dumps({"image": [[1, n]] * 2, "label": "a"}) + "\n" for n in (2, 256))),
        r"a\.jsonl, row 2: an array of int64 is not an image",
    ),
    "JSON lines with a level that is missing": (
        text("a.jsonl", "".join(json.dumps({"image": [[0.5, n]] * 2, "label": "a"}) + "\n" for n in (1.0, None))),
        r"a\.jsonl, row 2: .*not numbers \(NaN",
    ),
    "NaN": (
        npz(images=np.stack([np.zeros((8, 8)), np.full((8, 8), np.nan)]), labels=np.arange(2)),
        r"a\.npz, row 2: the image has pixels that are not numbers \(NaN",
    ),
    "a label that is NaN": (
        npz(images=IMAGES[:2], labels=np.array([1, np.nan])),
        r"a\.npz, row 2: it has no label",
    ),
    "fewer labels than images": (
        npz(images=IMAGES, labels=np.arange(3)),
        r"images has the shape \(12, 8, 8\)",
    ),
    "an archive that is cut off": (_cut_off("npz", "a.npz", 0.7), r"a\.npz is not a NumPy archive"),
    "an archive with a bit flipped": (_flipped, r"a\.npz is not a NumPy archive that can be read"),
    "images without rows": (
        npz(images=np.zeros((2, 0, 8), np.uint8), labels=np.arange(2)),
        r"a\.npz, row 1: an array of the shape \(0, 8\) is not an image",
    ),
    "a tar that is cut off": (
        _cut_off("tar", "a.tar", 0.6),
        r"a\.tar is not a tar archive that can be read|a\.tar is cut off",
    ),
    "a tar that is cut off between members": (_cut_off("tar", "a.tar", 16 / 30), r"a\.tar is cut off"),
    "a tar without a label": (
        tar({"0.png": GOOD, "0.cls": b"1", "1.png": GOOD}),
        r"a\.tar, row 2: it has no label",
    ),
    "a bad file in a folder": (_folder_with("cat/zz.png", b"\x89PNG"), r"cat/zz\.png: it is not an image"),
    "a file of a folder that is empty": (_folder_with("cat/zz.jpg", b""), r"cat/zz\.jpg: it is not an image"),
    "a text that is not UTF-8": (
        lambda folder: [(folder / name).mkdir() or (folder / name / "1.txt").write_bytes(b"ab\xff") for name in "ab"],
        r"1\.txt: byte 3 is not UTF-8",
    ),
    "files that are empty alone": (text("a.csv", ""), r"has no rows: all its files are empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_file_and_row(name: str, tmp_path: Path) -> None:
    """Rows are counted from 1."""
    write, message = BAD[name]
    write(tmp_path)
    with pytest.raises(TinyTorchHFError, match=message):
        facts(tmp_path)


def test_an_object_without_bytes_is_no_image(tmp_path: Path) -> None:
    """Not even if someone says that it is."""
    on_disk.write_parquet(tmp_path / "a.parquet", on_disk.pa.array([{"path": "a.png"}] * 2), ["a", "b"])
    source = open_source(tmp_path, image="picture").source
    with pytest.raises(TinyTorchHFError, match=r"a\.parquet, near row 1: its samples are struct<path: string>"):
        facts_of(Reading(source, 4), source.pieces("a.parquet")[0])


def test_labels_of_several_types_are_what_they_are_alone(tmp_path: Path) -> None:
    """A text and a number in one file mean the same as in two, so that nothing hangs on how a source is cut."""
    lines = ['{"text": "one", "label": "a"}\n', '{"text": "two", "label": 2}\n']
    for name, parts in (("together", ["".join(lines)]), ("apart", lines)):
        (tmp_path / name).mkdir()
        for number, part in enumerate(parts):
            (tmp_path / name / f"{number}.jsonl").write_text(part, encoding="utf-8")
    try:
        assert facts(tmp_path / "together").classes == ("2", "a")
    except CorruptFileError:
        assert datasets.__version__ < "4", "since then the library reads columns of several types"
    assert facts(tmp_path / "apart").classes == ("2", "a")


def test_a_pixel_that_is_a_word_is_no_image(tmp_path: Path) -> None:
    """Where many columns are pixels; a word in the first rows, or in a later part of the file."""
    head = "label," + ",".join(f"p{number}" for number in range(16)) + "\n"
    (tmp_path / "a.csv").write_text(f"{head}a{',1' * 16}\nb{',1' * 15},x\n", encoding="utf-8")
    source = open_source(tmp_path, image="p*", label="label").source
    with pytest.raises(TinyTorchHFError, match=r"a\.csv, row 1: an array of object is not an image"):
        facts_of(Reading(source, 4), source.pieces("a.csv")[0])


def test_a_pointer_of_git_lfs_is_no_data(tmp_path: Path) -> None:
    """It is said how to get them."""
    for name in ("a.parquet", "a.csv", "a.npz", "a.tar"):
        folder = tmp_path / name[2:]
        folder.mkdir()
        (folder / name).write_bytes(GitLFSPointerError.START + b"v1\noid sha256:0\nsize 1\n")
        with pytest.raises(GitLFSPointerError, match=r"git lfs pull"):
            facts(folder)


def test_images_of_all_modes_are_mixed(tmp_path: Path) -> None:
    """Grey, RGB, RGBA, with a palette, of 16 bits, of two levels and of another size, each becomes what it shows."""
    grey = on_disk.Image.fromarray(IMAGES[0])
    deep = on_disk.Image.fromarray(IMAGES[0].astype(np.uint16) * 257)
    wide = on_disk.Image.fromarray(np.zeros((5, 30, 3), np.uint8))
    modes = [grey, *(grey.convert(mode) for mode in ("RGB", "RGBA", "LA", "P", "1")), deep, wide]
    (tmp_path / "cat").mkdir()
    for number, image in enumerate(modes):
        image.save(tmp_path / "cat" / f"{number}.png")
    found = facts(tmp_path)

    # Grey in five modes and in 16 bits is one picture; two levels, and the wide one, are others.
    assert len(found) == 8
    assert len({digest.tobytes() for digest in found.digest}) == 3


def test_empty_shards_and_shards_of_one_row_are_read(tmp_path: Path) -> None:
    """Of each kind; the size is that of the first image that there is."""
    for form, name in (
        ("Parquet, structs", "a.parquet"),
        ("CSV", "a.csv"),
        ("JSON lines", "a.jsonl"),
        ("npz", "a.npz"),
    ):
        folder = tmp_path / form.partition(",")[0].replace(" ", "_")
        for n, part in ((0, IMAGES[:0]), (1, IMAGES[:1]), (2, IMAGES[1:])):
            (folder / str(n)).mkdir(parents=True)
            if n or form != "JSON lines":
                start = 0 if n < 2 else 1
                on_disk.FORMS[form](folder / str(n), part, LABELS[start : start + len(part)])
            else:
                (folder / "0" / name).write_bytes(b"")
        if form == "Parquet, structs":
            # As Hugging Face's library writes a split without rows.
            table = on_disk.pa.parquet.read_table(folder / "1" / name)
            on_disk.pa.parquet.write_table(table.slice(0, 0), folder / "0" / name)
        source = open_source(folder).source
        assert len(source.shards()) == 3, form
        assert len(facts(folder)) == len(IMAGES), form
        assert size_of(source) == 8


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    """By the file's name."""
    on_disk.in_csv(tmp_path, IMAGES, LABELS)
    (tmp_path / "a.csv").chmod(0)
    with pytest.raises(StorageError, match=r"a\.csv cannot be read: Permission denied"):
        facts(tmp_path)


def test_a_source_is_never_written_to(tmp_path: Path) -> None:
    """Not even a file of Hugging Face's library appears beside it, so that it may be read-only."""
    for number, form in enumerate(on_disk.FORMS):
        folder = tmp_path / str(number)
        folder.mkdir()
        on_disk.FORMS[form](folder, IMAGES, LABELS)
        before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
        facts(folder)
        assert {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]} == before, form
