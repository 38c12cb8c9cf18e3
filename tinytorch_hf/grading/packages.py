"""Which folder or file of what was handed in is the package."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.grading.file_names import shown
from tinytorch_hf.grading.unpacking import MOST_FILES, UngradableError, is_skipped
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.shadows import is_library

COURSE = FrameworkMap().package
"""What the course calls the package."""

_DEEPEST = 8
_MOST_READ = 1_000_000
_MOST_NAMED = 4


@dataclass(frozen=True)
class Package:
    """A package in what was handed in.

    Attributes
    ----------
    path
        Its folder, or its one file.
    name
        What it has to be imported as.
    is_whole
        Whether everything that was handed in is the package, so that nothing lies beside it.
    """

    path: Path
    name: str
    is_whole: bool = False


@dataclass(frozen=True)
class _Folder:
    path: Path
    depth: int
    files: frozenset[str]
    folders: frozenset[str]

    @property
    def is_package(self) -> bool:
        return "__init__.py" in self.files


def find_package(folder: Path) -> Package | None:
    """The package in a folder: the one that is called as the course calls it, else the only one that is there.

    Of several the one nearest to the top counts, as a checkout holds copies further down. Links are not followed.

    Raises
    ------
    UngradableError
        It cannot be told which of several is meant.
    """
    everything = list(_walked(folder))
    top = everything[0]
    named = [one for one in everything[1:] if one.path.name == COURSE]
    for candidates in (
        [one.path for one in named if one.is_package or "core" in one.folders],
        [one.path / f"{COURSE}.py" for one in everything if f"{COURSE}.py" in one.files],
        [one.path for one in named if any(name.endswith(".py") for name in one.files)],
    ):
        if candidates:
            return Package(_only(candidates, folder), COURSE)
    if top.is_package:
        return Package(folder, _own_name(folder), is_whole=True)
    packages = [
        one.path
        for one in everything[1:]
        if one.is_package and one.path.name.isidentifier() and not is_library(one.path.name)
    ]
    if packages:
        path = _only(packages, folder)
        return Package(path, path.name)
    return Package(folder, COURSE, is_whole=True) if "core" in top.folders else None


def archives(folder: Path) -> list[Path]:
    """The zip files in a folder and below it."""
    return [one.path / name for one in _walked(folder) for name in sorted(one.files) if name.lower().endswith(".zip")]


def _walked(top: Path) -> Iterator[_Folder]:
    """The folder and those below it, those nearest to the top first."""
    level, count = [top], 0
    for depth in range(_DEEPEST + 1):
        below: list[Path] = []
        for path in level:
            files, folders = set(), set()
            try:
                entries = list(os.scandir(path))
            except OSError as error:
                raise UngradableError(
                    f"{shown(path.name)} cannot be read: {error.strerror}. Let its owner allow it."
                ) from error
            count += len(entries)
            if count > MOST_FILES:
                raise UngradableError(f"There are over {MOST_FILES} files in it. Hand in the package alone.")
            for entry in entries:
                if is_skipped(entry.name) or entry.is_symlink():
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.add(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    files.add(entry.name)
            yield _Folder(path, depth, frozenset(files), frozenset(folders))
            below += [path / name for name in sorted(folders)]
        level = below


def _only(candidates: list[Path], folder: Path) -> Path:
    """The one that is nearest to the top."""
    depth = min(len(path.parts) for path in candidates)
    nearest = [path for path in candidates if len(path.parts) == depth]
    if len(nearest) > 1:
        names = ", ".join(shown(str(path.relative_to(folder))) for path in nearest[:_MOST_NAMED])
        raise UngradableError(f"It is unclear which package is meant: {names}. Hand in one, called {COURSE}.")
    return nearest[0]


def _own_name(folder: Path) -> str:
    """What a package that is called as its author is calls itself: its folder's name if it imports from that."""
    name = folder.name
    if not name.isidentifier() or is_library(name):
        return COURSE
    imports = re.compile(rb"^\s*(?:from|import)\s+" + re.escape(name.encode("utf-8", "replace")) + rb"\b", re.MULTILINE)
    for one in _walked(folder):
        for file in sorted(one.files):
            if file.endswith(".py"):
                with (one.path / file).open("rb") as stream:
                    if imports.search(stream.read(_MOST_READ)):
                        return name
    return COURSE
