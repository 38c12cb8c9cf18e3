"""What has to be brought and unpacked for a dataset, decided without doing it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinytorch_hf.acquire import places, unpack
from tinytorch_hf.catalog import Archive, DataFile, DatasetInfo
from tinytorch_hf.errors import StorageError
from tinytorch_hf.files import folders, store
from tinytorch_hf.shown import host


@dataclass(frozen=True)
class Step:
    """One archive, where it is kept, and those of its files that are missing or damaged.

    ``is_present`` says whether the archive is there and good; ``present_bytes`` is how much of it is there, whole or as
    the beginning of a download.
    """

    archive: Archive
    path: Path
    files: tuple[DataFile, ...]
    is_present: bool = False
    present_bytes: int = 0

    @property
    def partial(self) -> Path:
        """Where the archive grows while it is downloaded; the name belongs to this content and no other."""
        file = self.archive.file
        return self.path.with_name(f"{file.name}.{(file.sha256 or file.md5)[:8]}{store.PARTIAL_SUFFIX}")

    @property
    def missing_bytes(self) -> int:
        """How much of the archive is to be downloaded."""
        return max(0, self.archive.file.size_bytes - self.present_bytes)


def plan(dataset: DatasetInfo, root: str | Path | None = None) -> list[Step]:
    """Decide what is to be done for a dataset's files to be good; nothing if they are.

    Raises
    ------
    StorageError
        A file that is there cannot be read.
    """
    steps = (step(archive, dataset, root) for archive in dataset.archives)
    return [step for step in steps if step is not None]


def step(archive: Archive, dataset: DatasetInfo, root: str | Path | None) -> Step | None:
    """What is to be done with one archive; None if all files that are in it are good."""
    folder = folders.folder(dataset, root)
    files = [f for f in unpack.files_in(archive, dataset) if not store.is_good(folder / f.name, f)]
    if not files:
        return None
    step = Step(archive, folders.base(root) / archive.folder / archive.file.name, tuple(files))
    if store.is_good(step.path, archive.file):
        return replace(step, is_present=True, present_bytes=archive.file.size_bytes)
    return replace(step, present_bytes=size_of(step.partial))


def size_of(path: Path) -> int:
    """Size of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def missing_bytes(steps: Sequence[Step]) -> int:
    """How much is downloaded."""
    return sum(step.missing_bytes for step in steps)


def needed_bytes(steps: Sequence[Step]) -> int:
    """How much room is needed beyond what is taken already; at most, where the catalog knows no sizes."""
    unpacked = sum(unpack.most_bytes(file) for step in steps if unpack.is_packed(step.archive) for file in step.files)
    return missing_bytes(steps) + unpacked


def announcement(dataset: DatasetInfo, steps: Sequence[Step], root: str | Path | None, source: str = "") -> str:
    """What is about to happen, in one line: what, how large, from where, into which folder.

    ``source`` stands where the files are carried instead of downloaded.
    """
    folder = folders.folder(dataset, root)
    if source:
        return f"{dataset.title} is taken from {source} into {folder}."
    if not missing_bytes(steps):
        return f"{dataset.title} is unpacked into {folder}."
    first = host(places.addresses(dataset.name, steps[0].archive)[0]) or "an address without a host"
    rest = " more" if any(step.present_bytes for step in steps) else ""
    return (
        f"{dataset.title}: {missing_bytes(steps) / 1e6:.1f} MB{rest} are downloaded from {first} into {folder}; "
        f"unpacking included, up to {needed_bytes(steps) / 1e6:.0f} MB of disk space are needed."
    )


def check_space(steps: Sequence[Step]) -> None:
    """Raise StorageError if the disk has too little room, before anything is downloaded."""
    if not steps:
        return
    folder = _nearest_folder(steps[0].path.parent)
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return
    # Some network file systems say of everything that it is 0.
    if usage.total and usage.free < needed_bytes(steps):
        raise StorageError(
            f"{folder} has {usage.free / 1e6:.0f} MB free, but up to {needed_bytes(steps) / 1e6:.0f} MB are needed. "
            "Free some space, or choose another disk with TINYTORCH_HF_CACHE or with a root."
        )


def _nearest_folder(path: Path) -> Path:
    return next((parent for parent in (path, *path.parents) if parent.is_dir()), path)
