"""Specification of sources that someone made to do harm, or that would: nothing outside them is read, none hangs."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf.errors import CorruptFileError

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import sources_on_disk as on_disk
from bad_files import GOOD, IMAGES, LABELS, Write, facts, npz, parquet, tar, text


def _link_to(name: str, target: str) -> Write:
    def write(folder: Path) -> None:
        on_disk.in_folders(folder, IMAGES, LABELS)
        (folder / name).symlink_to(target)

    return write


def _pipe(folder: Path) -> None:
    on_disk.in_folders(folder, IMAGES, LABELS)
    os.mkfifo(folder / "cat" / "z.png")


def _tar_with(kind: bytes, target: str = "") -> Write:
    """An archive with a member that is not a file."""

    def write(folder: Path) -> None:
        on_disk.write_tar(folder / "a.tar", {"0.png": GOOD, "0.cls": b"1"})
        with tarfile.open(folder / "a.tar", "a") as archive:
            member = tarfile.TarInfo("z.png")
            member.type, member.linkname = kind, target
            archive.addfile(member)

    return write


def _lying(packing: int) -> Write:
    """An archive whose headers name a million million images."""

    def write(folder: Path) -> None:
        with zipfile.ZipFile(folder / "a.npz", "w", packing) as archive:
            for name, shape in (("images", (10**12, 8, 8)), ("labels", (10**12,))):
                header = io.BytesIO()
                np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
                archive.writestr(f"{name}.npy", header.getvalue())

    return write


def _claims(side: int) -> bytes:
    """A small file that says it has so many rows and columns."""
    head = GOOD[:16] + side.to_bytes(4, "big") * 2 + GOOD[24:29]
    return head + zlib.crc32(head[12:]).to_bytes(4, "big") + GOOD[33:]


def _link_out(folder: Path) -> None:
    on_disk.in_folders(folder, IMAGES, LABELS)
    (folder / "cat" / "z.png").symlink_to("/etc/passwd")


HOSTILE: dict[str, tuple[Write, str]] = {
    "an archive that lies": (_lying(zipfile.ZIP_STORED), r"a\.npz: the array images says that it has the shape"),
    "a packed archive that lies": (_lying(zipfile.ZIP_DEFLATED), r"a\.npz: the array images says that it has the"),
    "an archive of objects": (
        npz(images=np.array([{}, {}], dtype=object), labels=np.arange(2)),
        r"a\.npz: the array images holds Python objects, which are not read",
    ),
    "a tar that climbs out": (
        tar({"0.png": GOOD, "0.cls": b"1", "../1.png": GOOD, "../1.cls": b"1"}),
        r"a\.tar: the member '\.\./1\.png' leads out of its folder\. Do not trust",
    ),
    "a tar with a link": (_tar_with(tarfile.SYMTYPE, "/etc/passwd"), r"a\.tar: the member 'z\.png' leads out of"),
    "a tar with a hard link": (_tar_with(tarfile.LNKTYPE, "0.png"), r"a\.tar: the member 'z\.png' leads out of"),
    "a tar with a device": (_tar_with(tarfile.CHRTYPE), r"a\.tar: the member 'z\.png' is a device or a pipe"),
    "a tar with a pipe": (_tar_with(tarfile.FIFOTYPE), r"a\.tar: the member 'z\.png' is a device or a pipe"),
    "a tar with an absolute name": (
        tar({"/etc/1.png": GOOD, "/etc/1.cls": b"1"}),
        r"'/etc/1\.png' leads out of",
    ),
    "a link to nothing": (_link_to("cat/z.png", "nowhere.png"), r"z\.png is a broken link"),
    "a link to itself": (_link_to("cat/z.png", "z.png"), r"z\.png is a broken link"),
    "a link to a folder above": (_link_to("cat/z", "../dog"), r"cat/z is a link to a folder; it is not followed"),
    "a link around": (_link_to("cat/z", ".."), r"cat/z is a link to a folder; it is not followed"),
    "a class that is a link out": (_link_to("owl2", "/etc"), r"owl2 is a link out of .*not followed"),
    "a pipe": (_pipe, r"z\.png is not a file but a device or a pipe"),
    "an image that is a bomb": (
        parquet([GOOD, _claims(50_000)], ["a", "b"]),
        r"row 2: it is not an image that can be read \(DecompressionBombError\)",
    ),
    "an image that is too large": (
        parquet([GOOD, _claims(9_000)], ["a", "b"]),
        r"row 2: 9000x9000 pixels are more",
    ),
    "an image without pixels": (
        parquet([GOOD, _claims(0)], ["a", "b"]),
        r"row 2: it is not an image that can be read",
    ),
    "a link out of the folder": (_link_out, r"z\.png is a link out of .* not followed"),
    "JSON lines that are nested without end": (
        text("a.jsonl", "[" * 9999),
        r"a\.jsonl, row 1: it cannot be read",
    ),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_refused_by_name(name: str, tmp_path: Path) -> None:
    """Before it is followed, opened or believed."""
    write, message = HOSTILE[name]
    write(tmp_path)
    with pytest.raises(CorruptFileError, match=message):
        facts(tmp_path)
