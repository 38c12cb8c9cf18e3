"""WebDataset: tar archives, each a shard, in which the files of one sample follow each other and share a name.

Members are read one after the other and never unpacked, so that no member gets anywhere; one whose name leads out of
its folder is refused all the same, because who opens the archive otherwise would write there.
"""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch, label_of
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.sources import tars
from tinytorch_hf.curation.sources.columns import Column
from tinytorch_hf.curation.sources.file_source import FileSource
from tinytorch_hf.curation.sources.files import Files
from tinytorch_hf.curation.sources.looking import IMAGES
from tinytorch_hf.curation.sources.tars import Member
from tinytorch_hf.errors import CorruptFileError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

_MOST_BYTES = 1 << 28
_FIRST = 5
_FIRST_ROWS = 50
_BLOCK = 512
_GZIP = b"\x1f\x8b"
_END_BYTES = 1024


@dataclass(frozen=True)
class WebDatasets(FileSource):
    """Tar archives of samples.

    Attributes
    ----------
    name, files
        As of every source of files.
    roles
        The extensions that hold sample and label, such as png and cls; ``json.label`` is a field of a JSON file.
    """

    def n_rows_about(self, shard: str) -> int | None:
        """How many rows a shard may have, going by its first ones; None where nobody says how large it is."""
        n_bytes, n, n_read = self.n_bytes(shard), 0, 0
        for fields in islice(members(self.files, shard, None), _FIRST_ROWS):
            n += 1
            n_read += sum(_BLOCK * (1 - (-len(content) // _BLOCK)) for content in fields.values())
        return None if n_bytes is None else round(n * n_bytes / max(n_read, 1))

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        wanted = None if rows is None else set(rows.tolist())
        last = None if rows is None else int(rows[-1])
        here: list[tuple[int, Any, str | None]] = []
        for place, fields in enumerate(members(self.files, piece.shard, self._needed())):
            if wanted is None or place in wanted:
                sample, label = self._field(fields, self.roles.sample), self._field(fields, self.roles.label)
                where = f"{self.files.place(piece.shard)}, row {place + 1}"
                sample = _text(sample, where) if self.kind == "texts" else sample
                here.append((place, sample, label_of(_text(label, where))))
            if len(here) == n_rows:
                yield _batch(here)
                here = []
            if place == last:
                break
        if here:
            yield _batch(here)

    def _needed(self) -> set[str]:
        return {name.partition(".")[0] if name.startswith("json.") else name for name in self._names()}

    def _names(self) -> tuple[str, str]:
        return (self.roles.sample, self.roles.label)

    @staticmethod
    def _field(fields: dict[str, bytes], name: str) -> Any:
        if name in fields or not name.startswith("json."):
            return fields.get(name)
        try:
            return json.loads(fields["json"])[name[5:]]
        except (KeyError, TypeError, ValueError, RecursionError):
            return None


def columns_of(files: Files, shard: str) -> list[Column]:
    """What the first samples of an archive have, by extension."""
    found: dict[str, str] = {}
    for fields in islice(members(files, shard, None), _FIRST):
        for name, content in fields.items():
            if name == "json":
                found.update(_fields_of_json(content))
            elif f".{name.rpartition('.')[2]}" in IMAGES:
                found[name] = "image"
            else:
                found[name] = "number" if name in ("cls", "cls2", "index") else "text" if name == "txt" else "other"
    return [Column(name, holds) for name, holds in found.items()]


def members(files: Files, shard: str, needed: set[str] | None) -> Iterator[dict[str, bytes]]:
    """The files of each sample, by extension.

    Parameters
    ----------
    files, shard
        Which archive.
    needed
        The extensions that are read; None for all.

    Raises
    ------
    CorruptFileError
        It is not a tar archive, ends too early, or has a member that leads out of its folder.
    """
    key: tuple[str, str] | None = None
    fields: dict[str, bytes] = {}
    place = files.place(shard)
    try:
        _check_end(files, shard)
        with files.stream(shard) as stream:
            for member in tars.members(stream):
                _check_member(member, place)
                folder, _, name = member.name.rpartition("/")
                if not member.is_file or name.startswith("."):
                    continue
                stem, _, extension = name.partition(".")
                if key != (folder, stem):
                    if fields:
                        yield fields
                    key, fields = (folder, stem), {}
                if extension.lower() in fields:
                    raise CorruptFileError(f"{place}: the member {member.name[:100]!r} occurs twice.")
                fields[extension.lower()] = b""
                if needed is None or extension.lower() in needed:
                    fields[extension.lower()] = _content(member, place)
        if fields:
            yield fields
    except TinyTorchHFError:
        raise
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise CorruptFileError(f"{place} is not a tar archive that can be read: {error}.") from error


def _check_end(files: Files, shard: str) -> None:
    """Refuse an archive that lacks its end: cut off between members, it would pass for a shorter one."""
    with files.stream(shard) as stream:
        if stream.read(2) == _GZIP:
            return
        size = stream.seek(0, 2)
        stream.seek(max(size - _END_BYTES, 0))
        if any(stream.read(_END_BYTES)):
            raise CorruptFileError(
                f"{files.place(shard)} is cut off: a tar archive ends with 1024 zeros. Get it again."
            )


def _check_member(member: Member, place: str) -> None:
    path = member.name.replace("\\", "/")
    if path.startswith("/") or (".." in path and ".." in path.split("/")) or member.is_link:
        raise CorruptFileError(
            f"{place}: the member {member.name[:100]!r} leads out of its folder. Do not trust this archive."
        )
    if member.is_device:
        raise CorruptFileError(
            f"{place}: the member {member.name[:100]!r} is a device or a pipe. Do not trust this archive."
        )


def _content(member: Member, place: str) -> bytes:
    if member.size > _MOST_BYTES:
        raise CorruptFileError(
            f"{place}: the member {member.name[:100]!r} has more than 256 MB; no sample may be that large."
        )
    return member.content()


def _batch(here: Sequence[tuple[int, Any, str | None]]) -> Batch:
    places, samples, labels = zip(*here, strict=True)
    return Batch(list(samples), list(labels), np.array(places))


def _text(value: Any, where: str) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptFileError(f"{where}: byte {error.start + 1} is not UTF-8.") from None


def _fields_of_json(content: bytes) -> dict[str, str]:
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return {"json": "other"}
    if not isinstance(values, dict):
        return {"json": "other"}
    kinds = {str: "text", int: "number", float: "number", bool: "number"}
    return {f"json.{name}": kinds.get(type(value), "other") for name, value in values.items()}
