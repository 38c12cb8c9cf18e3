"""What there is in a folder and below it: files of the kinds that are read, and folders that hold images or texts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tinytorch_hf.errors import CorruptFileError, StorageError

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
TEXTS = (".txt",)


@dataclass(frozen=True)
class Found:
    """What is below a root; hidden files, and files of other kinds, are passed over.

    Attributes
    ----------
    files
        Files with one of the endings that were asked for, by their path below the root, sorted.
    images, texts
        The folders below the root in which images or texts are, by their path, sorted.
    counted
        How many there are of each: "tables or archives", "images", "texts", with the first by its path.
    """

    files: tuple[str, ...]
    images: tuple[str, ...]
    texts: tuple[str, ...]
    counted: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def found_in(root: Path, endings: Sequence[str]) -> Found:
    """Look through a folder.

    Raises
    ------
    CorruptFileError
        A folder or a sample is a link that is not followed, or a sample is no file: the message names it.
    StorageError
        A folder cannot be read.
    """
    files: list[str] = []
    images, texts = set(), set()
    counted: dict[str, tuple[int, str]] = {}

    def count(kind: str, path: str) -> None:
        n, first = counted.get(kind, (0, path))
        counted[kind] = n + 1, min(first, path)

    for folder, entry in _entries(root, ""):
        ending = Path(entry.name).suffix.lower()
        if ending in endings:
            files.append(f"{folder}{entry.name}")
            count("tables or archives", files[-1])
        elif folder and ending in IMAGES:
            images.add(folder[:-1])
            count("images", f"{folder}{entry.name}")
        elif folder and ending in TEXTS:
            texts.add(folder[:-1])
            count("texts", f"{folder}{entry.name}")
    return Found(tuple(sorted(files)), tuple(sorted(images)), tuple(sorted(texts)), counted)


def _entries(root: Path, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All files that are not hidden, each with the path of its folder below the root and a slash."""
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    check_link(Path(entry.path), root)
                if entry.is_dir():
                    yield from _entries(root, f"{folder}{entry.name}/")
                elif entry.is_file():
                    yield folder, entry
                else:
                    raise CorruptFileError(f"{entry.path} is no file but a device or a pipe. Remove it.")
    except OSError as error:
        raise StorageError(f"{root / folder} cannot be read: {error.strerror or error}.") from error


def check_link(path: Path, root: Path) -> None:
    """Raise CorruptFileError for a link that leads out of the root, or nowhere, or to a folder.

    A folder that is linked could be one above, and its samples would be there twice.
    """
    if not path.is_symlink():
        return
    try:
        place = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise CorruptFileError(f"{path} is a link to nothing that is there. Remove it, or mend it.") from None
    if root.resolve() not in (place, *place.parents):
        raise CorruptFileError(f"{path} is a link out of {root}; it is not followed. Put the file itself there.")
    if place.is_dir():
        raise CorruptFileError(f"{path} is a link to a folder; it is not followed. Put the folder itself there.")
