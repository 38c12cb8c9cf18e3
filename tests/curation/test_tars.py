"""Specification of the reader of tar archives: what `tarfile` finds in one, and nothing that is damaged."""

from __future__ import annotations

import contextlib
import io
import tarfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tinytorch_hf.curation.sources import tars

NAMES = ("a.png", "in/a/folder.cls", "grün.png", "x" * 90 + "/" + "y" * 90 + ".png", "z" * 200 + ".cls")


def archive(change: Callable[[tarfile.TarInfo], Any] = lambda _: None, mode: str = "w", **options: Any) -> bytes:
    """An archive with a folder, an empty file, and files of some lengths, each changed before it is written."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, **options) as written:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("in/")
        folder.type = tarfile.DIRTYPE
        written.addfile(folder)
        for number, name in enumerate(NAMES):
            info = tarfile.TarInfo(name)
            info.size = 300 * number
            change(info)
            written.addfile(info, io.BytesIO(bytes([number]) * info.size))
    return stream.getvalue()


def read(content: bytes) -> list[tuple[str, bool, bytes]]:
    """What is found."""
    return [(one.name, one.is_file, one.content()) for one in tars.members(io.BytesIO(content))]


def by_tarfile(content: bytes) -> list[tuple[str, bool, bytes]]:
    """What should be found."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = [(member, archive.extractfile(member)) for member in archive]
        return [(member.name, member.isfile(), opened.read() if opened else b"") for member, opened in found]


def with_a_time(info: tarfile.TarInfo) -> None:
    """As WebDataset's own writer has it: an extended header before each member."""
    info.mtime = 1.5


def with_a_comment(info: tarfile.TarInfo) -> None:
    """With something in an extended header that only `tarfile` understands."""
    info.pax_headers = {"comment": "of whoever packed it"}


@pytest.mark.parametrize(
    "content",
    [
        archive(),
        archive(format=tarfile.GNU_FORMAT),
        archive(with_a_time),
        archive(with_a_comment),
        archive(mode="w:gz"),
        archive(with_a_time, mode="w:bz2"),
        bytes(10_240),
    ],
    ids=["pax", "gnu", "times", "comments", "gzip", "bzip2", "empty"],
)
def test_members_are_those_that_tarfile_finds(content: bytes) -> None:
    """By name, kind and content, whatever wrote the archive."""
    expected = [(name.rstrip("/"), *rest) for name, *rest in by_tarfile(content)]

    assert [(name.rstrip("/"), *rest) for name, *rest in read(content)] == expected


def test_what_is_not_read_is_passed_over() -> None:
    """A member of which nobody asks the content does not shift the next one."""
    found = {one.name: one.content() for one in tars.members(io.BytesIO(archive())) if one.name == NAMES[1]}

    assert found == {NAMES[1]: b"\1" * 300}


def test_links_are_told() -> None:
    """Whoever reads decides about them."""

    def link(info: tarfile.TarInfo) -> None:
        if info.name == NAMES[2]:
            info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0

    assert [one.name for one in tars.members(io.BytesIO(archive(link))) if one.is_link] == [NAMES[2]]


@pytest.mark.parametrize("at", [512, 2 * 512], ids=["first file", "a later one"])
def test_a_damaged_header_is_refused(at: int) -> None:
    """In the middle it ends nothing quietly."""
    content = bytearray(archive())
    content[at + 3] ^= 1

    with pytest.raises(tarfile.TarError):
        read(bytes(content))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_an_archive_that_ends_too_early_is_refused(mode: str, share: float) -> None:
    """Within a header, within a content, and where the end is missing."""
    content = archive(mode=mode)
    end = len(content.rstrip(b"\0")) if mode == "w" else len(content)

    with pytest.raises((tarfile.TarError, EOFError, zlib.error)):
        read(content[: int(share * end)])


@pytest.mark.parametrize("stated", [b"-0000010000\0", b"-1\0", b"1_0\0", b"0x10\0", b"\x80" + bytes(10) + b"\x02"])
def test_a_size_that_is_no_octal_number_is_tarfiles_to_judge(stated: bytes) -> None:
    """A size below zero would read the whole archive into memory."""
    block = bytearray(archive()[512:1024])
    block[124 : 124 + len(stated)] = stated
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    asked: list[int] = []

    class Watched(io.BytesIO):
        def read(self, n_bytes: int | None = -1, /) -> bytes:
            asked.append(-1 if n_bytes is None else n_bytes)
            return super().read(n_bytes)

    with contextlib.suppress(tarfile.TarError):
        for one in tars.members(Watched(bytes(block) + bytes(10_240))):
            one.content()
    assert min(asked) >= 0
