"""How a dataset's files come to be there, as data; `tinytorch_hf.acquire` makes it happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

DESCRIPTION = "dataset.json"
"""The file that describes a folder of the user's."""


@dataclass(frozen=True)
class DataFile:
    """One file: its name inside the dataset's folder, its size and its hash.

    ``md5`` stands where only that is published; ``size_bytes`` is 0 where no size is. Without any hash, the sums beside
    the file say what it must be (see `Built`).
    """

    name: str
    size_bytes: int = 0
    sha256: str = ""
    md5: str = ""


@dataclass(frozen=True)
class Archive:
    """One file that is downloaded, from which a dataset's files are unpacked.

    ``folder`` is where it is kept, under the root; ``urls`` are in the order in which they are tried.
    """

    file: DataFile
    folder: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Shipped:
    """The files are part of the installation, in ``folder`` under ``datasets/``; "" is the dataset's name."""

    how: ClassVar = "shipped"
    folder: str = ""


@dataclass(frozen=True)
class Downloaded:
    """The files are unpacked from archives, into ``place`` under a root."""

    how: ClassVar = "downloaded"
    archives: tuple[Archive, ...]
    place: str


@dataclass(frozen=True)
class CutFrom:
    """The files are cut from another dataset on the user's machine.

    ``source`` names that dataset; which of its samples are taken is written in ``selection.csv``, which ships.
    """

    how: ClassVar = "built"
    source: str


@dataclass(frozen=True)
class Built:
    """The files are built on the user's machine, by the builder of this name.

    Each release of Python builds others, so they lie in a folder of that release; the file ``SHA256SUMS`` beside them
    is written last and holds their hashes.
    """

    how: ClassVar = "built"
    builder: str


@dataclass(frozen=True)
class Folder:
    """The files are the user's own, in a folder that holds ``dataset.json``; ``path`` is absolute."""

    how: ClassVar = "folder"
    path: str


Provider: TypeAlias = Shipped | Downloaded | CutFrom | Built | Folder
