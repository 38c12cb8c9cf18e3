"""The files that TinyTorch's milestones open: where each belongs, and what stands there."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tinytorch_hf.catalog import DataFile, DatasetInfo
from tinytorch_hf.errors import CorruptFileError, MissingFileError, StorageError
from tinytorch_hf.files import advice, store
from tinytorch_hf.formats.cifar import read_cifar_batch
from tinytorch_hf.formats.idx import read_idx
from tinytorch_hf.formats.pickles import read_pickle

_GZIP_FORMAT = 31  # zlib's name for a deflate stream of any window size in a gzip file
_MAX_UNPACKED_BYTES = 2**28  # five times MNIST's largest file; a bomb is not unpacked any further


@dataclass(frozen=True)
class Place:
    """Where one file of a dataset belongs; a name that ends in ``.gz`` says that it is packed there."""

    dataset: DatasetInfo
    file: DataFile
    path: Path

    @property
    def is_packed(self) -> bool:
        """Whether the file is stored with gzip."""
        return self.path.suffix == ".gz"


class State(Enum):
    """What stands at a place."""

    GOOD = "good"
    OTHER = "yours"
    EARLIER = "earlier"
    DAMAGED = "damaged"
    ABSENT = "absent"

    @property
    def can_be_used(self) -> bool:
        """Whether a milestone can read it."""
        return self in (State.GOOD, State.OTHER, State.EARLIER)


@dataclass(frozen=True)
class Look:
    """A place, what stands there, and why that is not good."""

    place: Place
    state: State
    why: str = ""


def curated(dataset: DatasetInfo, checkout: Path, names: Iterable[str]) -> list[Place]:
    """Places of some of a shipped dataset's files in a TinyTorch checkout."""
    folder = checkout / "datasets" / dataset.folder_name
    files = {file.name: file for file in dataset.files}
    return [Place(dataset, files[name], folder / name) for name in names]


def read(place: Place) -> bytes:
    """Content of the file at a place, unpacked and verified against the catalog.

    Raises
    ------
    MissingFileError
        Nothing stands there.
    CorruptFileError
        A Git-LFS pointer, a file that is cut off, or another file stands there.
    StorageError
        It cannot be read.
    """
    data = _stored(place)
    store.check(data, place.file, place.path, _advice(place))
    return data


def _stored(place: Place) -> bytes:
    try:
        data = place.path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingFileError(f"There is no {place.path}. {_advice(place)}") from None
    except OSError as error:
        raise StorageError(f"{place.path} cannot be read: {error.strerror or error}.") from error
    if not place.is_packed or data.startswith(store.GIT_LFS_POINTER_START):
        return data
    try:
        # One byte more than there should be tells a longer file.
        return zlib.decompressobj(_GZIP_FORMAT).decompress(data, place.file.size_bytes + 1)
    except zlib.error as error:
        raise CorruptFileError(f"{place.path} is not a whole gzip file ({error}). {_advice(place)}") from None


def _advice(place: Place) -> str:
    if place.dataset.is_shipped:
        return "Run `tinytorch-hf milestones prepare ROOT`, ROOT being your TinyTorch checkout."
    return advice.how_to_get(place.dataset)


def look(place: Place) -> Look:
    """Tell what stands at a place.

    A file that is not the published one, but that a milestone can read, is the user's own, or that of an earlier
    version.

    Raises
    ------
    StorageError
        It cannot be read.
    """
    try:
        read(place)
    except MissingFileError:
        return Look(place, State.ABSENT)
    except CorruptFileError as error:
        if version := _earlier_version(place):
            title, now = place.dataset.title, place.dataset.version
            return Look(place, State.EARLIER, f"{title} {version}; `tinytorch-hf export ROOT --force` puts {now} there")
        return Look(place, State.OTHER if _is_whole(place) else State.DAMAGED, str(error))
    return Look(place, State.GOOD)


def _earlier_version(place: Place) -> str:
    """The version of its dataset that a file in a checkout belongs to, if that is an earlier one."""
    if place.is_packed or not place.dataset.earlier:
        return ""
    return store.earlier_version(place.dataset, place.file.name, place.path.read_bytes())


def _is_whole(place: Place) -> bool:
    """Whether a file that is not the published one is of its kind, from the first byte to the last."""
    data = place.path.read_bytes()
    try:
        if place.is_packed:
            unpack = zlib.decompressobj(_GZIP_FORMAT)
            read_idx(unpack.decompress(data, _MAX_UNPACKED_BYTES), place.path)
            return unpack.eof
        if place.dataset.is_shipped and store.read(place.dataset, place.file).startswith(data):
            return False
        if place.path.suffix == ".pkl":
            return {"images", "labels"} <= read_pickle(data, place.path).keys()
        if place.path.suffix == ".txt":
            return _is_text(data, place.dataset.kind)
        read_cifar_batch(data, place.path)
        return True
    except (CorruptFileError, zlib.error):
        return False


def _is_text(data: bytes, kind: str) -> bool:
    """Whether a milestone can read a file of text; one that ends inside a line is cut off."""
    if kind == "pairs":
        return b"Q: " in data and b"A: " in data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.endswith("\n") and bool(text.strip()) and not data.startswith(store.GIT_LFS_POINTER_START)
