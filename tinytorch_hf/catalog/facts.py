"""The form in which a dataset's facts are stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinytorch_hf.errors import UnknownNameError

DIFFICULTIES = ("easy", "medium", "hard")
"""What the numbers 0, 1 and 2 of a column ``difficulty`` mean."""


@dataclass(frozen=True)
class DataFile:
    """One file: its name inside the dataset's folder, its size and its hash.

    ``md5`` stands where only that is published; ``size_bytes`` is 0 where no size is.
    """

    name: str
    size_bytes: int
    sha256: str
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
class Column:
    """One array of a split: its name, NumPy dtype, and the shape of one sample."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    description: str


@dataclass(frozen=True)
class SplitInfo:
    """One split: its name, its number of samples and the files that hold it."""

    name: str
    n_samples: int
    files: tuple[DataFile, ...]


@dataclass(frozen=True)
class DatasetInfo:
    """What is known about a dataset without opening its files.

    ``fingerprint`` is the content hash that `tinytorch_hf.fingerprint` computes; it is the same through
    every adapter, and empty where it is not known or not the same for everybody. ``value_range`` is the closed
    range of the first column that holds numbers. ``provided`` says where the files come from: they ship with the
    package, are downloaded, or are built on the user's machine; ``cut_from`` names the dataset whose parts they are.
    ``folder`` is the folder under ``datasets/`` where that is not the name, ``root_folder`` that under a root.
    """

    name: str
    title: str
    summary: str
    version: str
    splits: tuple[SplitInfo, ...]
    columns: tuple[Column, ...]
    value_range: tuple[float, float]
    classes: tuple[str, ...]
    license: str
    license_note: str
    source: str
    source_url: str
    citation: str
    recipe: str
    fingerprint: str
    folder: str = ""
    other_files: tuple[DataFile, ...] = ()
    provided: Literal["shipped", "downloaded", "built"] = "shipped"
    root_folder: str = ""
    archives: tuple[Archive, ...] = ()
    cut_from: str = ""

    @property
    def folder_name(self) -> str:
        """Name of the folder under ``datasets/`` that holds the files."""
        return self.folder or self.name

    @property
    def is_shipped(self) -> bool:
        """Whether the files are part of the installation."""
        return self.provided == "shipped"

    @property
    def place(self) -> str:
        """Path of the files under a root, with forward slashes."""
        return self.root_folder or self.name

    @property
    def download_bytes(self) -> int:
        """How much is downloaded, 0 if nothing is."""
        return sum(archive.file.size_bytes for archive in self.archives)

    @property
    def download_size(self) -> str:
        """The same as messages say it, such as "12 MB"."""
        return f"{self.download_bytes / 1e6:.0f} MB"

    @property
    def repo_id(self) -> str:
        """Name of the dataset on Hugging Face's Hub, where it is published there."""
        return f"tinytorch/{self.name}"

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The dataset's files: those that hold the splits, then others, such as other forms of the same content."""
        return tuple(dict.fromkeys([*(file for split in self.splits for file in split.files), *self.other_files]))

    @property
    def sha256(self) -> dict[str, str]:
        """SHA-256 of each file, by file name."""
        return {file.name: file.sha256 for file in self.files}

    def split(self, name: str) -> SplitInfo:
        """Facts of one split; an unknown name raises `UnknownNameError`."""
        for split in self.splits:
            if split.name == name:
                return split
        raise UnknownNameError(f"split of {self.name} named", name, (split.name for split in self.splits))
