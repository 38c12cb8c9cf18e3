"""What was handed in: a folder with an entry for each student, and of each a copy that may be run.

A submission never runs where it lies: what can be imported of it is copied to a folder of its own, without links and
without what Python has compiled, and is thrown away afterwards. So it changes nothing, and reaches nothing beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.errors import InvalidArgumentError, StorageError
from tinytorch_hf.grading.file_names import file_names, name_hash, shown
from tinytorch_hf.grading.packages import COURSE, Package, archives, find_package
from tinytorch_hf.grading.unpacking import MOST_BYTES, MOST_FILES, UngradableError, is_skipped, unpack

_DEEPEST = 40
_NESTED = 3
_PIECE_BYTES = 2**18
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_IMPORTABLE = (".py", ".so", ".pyd", ".pyc")
_NO_PACKAGE = (
    f"There is no package in it: no folder {COURSE}, no {COURSE}.py and no other folder with an __init__.py. "
    "Hand in the folder of the package, or a zip file of it."
)
# So that nothing is waited for that is not a file, and no link is followed that was put there meanwhile.
_READING = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Submission:
    """What one student has handed in.

    Attributes
    ----------
    name
        The student's: the name of the folder or the zip file, in printable characters.
    path
        The folder or the zip file.
    file_name
        The name in letters that every system takes for a file; no two submissions have the same.
    """

    name: str
    path: Path
    file_name: str


@dataclass(frozen=True)
class Prepared:
    """A copy of a submission's package, which may be run.

    Attributes
    ----------
    folder
        The folder that holds the package, to be put on Python's path.
    package
        What it is imported as.
    digest
        SHA-256 over the names and the content of all files in the folder.
    remarks
        What was left out.
    """

    folder: Path
    package: str
    digest: str
    remarks: tuple[str, ...] = ()


def find_submissions(folder: Path, leave_out: Collection[Path] = ()) -> list[Submission]:
    """The submissions in a folder, by name: folders, archives and .py files, but for hidden ones and ``leave_out``.

    What learning platforms put beside them, such as an index, is none: see `ignored_files`.

    Raises
    ------
    InvalidArgumentError
        There is no such folder, nothing is in it, or it is itself a package.
    StorageError
        It cannot be read.
    """
    try:
        names = _names(folder)
    except (FileNotFoundError, NotADirectoryError):
        raise InvalidArgumentError(
            f"There is no folder {folder}. Give the folder that holds the submissions, one folder or zip file each."
        ) from None
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    if "__init__.py" in names:
        raise InvalidArgumentError(
            f"{folder} is a package itself. Give the folder that holds the submissions, or `tinytorch-hf check "
            "--package` for this one."
        )
    there = _candidates(folder, names, leave_out)
    names = [name for name in there if _may_be_submission(folder / name)]
    if not names:
        but = f" but {', '.join(map(shown, there[:3]))}" if there else ""
        raise InvalidArgumentError(
            f"There is nothing in {folder}{but}. Put the submissions there: a folder, zip file or .py file each."
        )
    stems = [name[:-4] if name.lower().endswith(".zip") and len(name) > 4 else name for name in names]
    counts = Counter(stems)
    # A folder and a zip file of one name are two submissions.
    stems = [stem if counts[stem] == 1 else name for stem, name in zip(stems, names, strict=True)]
    # Two names that differ may be printed alike.
    counts = Counter(map(shown, stems))
    printed = [shown(stem) if counts[shown(stem)] == 1 else f"{shown(stem)} {name_hash(stem)}" for stem in stems]
    return [
        Submission(name, folder / entry, file)
        for name, entry, file in zip(printed, names, file_names(printed), strict=True)
    ]


def ignored_files(folder: Path, leave_out: Collection[Path] = ()) -> list[str]:
    """The names of the files in a folder of submissions that are none, in printable characters."""
    there = _candidates(folder, _names(folder), leave_out)
    return [shown(name) for name in there if not _may_be_submission(folder / name)]


def _candidates(folder: Path, names: Iterable[str], leave_out: Collection[Path]) -> list[str]:
    resolved = {path.resolve() for path in leave_out}
    return [name for name in names if not is_skipped(name) and (folder / name).resolve() not in resolved]


def _may_be_submission(path: Path) -> bool:
    """Whether somebody can have handed it in; of archives that cannot be read, a student has to hear."""
    return path.suffix.lower() in (".py", *_ARCHIVES) or not stat.S_ISREG(path.lstat().st_mode)


@contextlib.contextmanager
def prepared(submission: Path) -> Iterator[Prepared]:
    """A copy of a submission's package in a folder of its own, which is deleted afterwards.

    Raises
    ------
    UngradableError
        There is no package in it, or not one, or it cannot be read; the message says why.
    """
    # What a submission leaves there may be such that it cannot be deleted.
    with tempfile.TemporaryDirectory(prefix="tinytorch_hf-", ignore_cleanup_errors=True) as workspace:
        try:
            copy = _prepared(submission, Path(workspace))
        except OSError as error:
            raise UngradableError(f"It cannot be read: {shown(str(error.strerror or error))}.") from error
        yield copy


def _prepared(submission: Path, workspace: Path) -> Prepared:
    remarks: list[str] = []
    package = _found(submission, workspace, remarks)
    place = workspace / "submission"
    copying = _Copying(place, remarks)
    words = package.name if package.path.is_dir() else f"{package.name}.py"
    copying.copy(package.path, (words,))
    if not package.is_whole:
        # What lies beside it may be imported, too, and may have the name of a library.
        for name in _names(package.path.parent):
            beside = package.path.parent / name
            is_importable = name.endswith(_IMPORTABLE) or (beside / "__init__.py").is_file()
            if is_importable and not is_skipped(name) and beside != package.path:
                copying.copy(beside, (name,))
    return Prepared(place, package.name, copying.digest(), tuple(dict.fromkeys(remarks)))


def _found(submission: Path, workspace: Path, remarks: list[str]) -> Package:
    """The package of a submission, of which zip files were unpacked."""
    found = submission.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise UngradableError("It is a link, and links are not followed. Put the folder itself there.")
    folder = submission
    if not stat.S_ISDIR(found.st_mode):
        if not stat.S_ISREG(found.st_mode):
            raise UngradableError("It is neither a folder nor a file.")
        if submission.suffix == ".py":
            return Package(submission, COURSE, is_whole=True)
        folder = _unpacked(submission, workspace / "unpacked", remarks)
    for number in range(_NESTED):
        package = find_package(folder)
        if package is not None:
            return package
        inside = archives(folder)
        if len(inside) != 1 or number == _NESTED - 1:
            break
        folder = _unpacked(inside[0], workspace / f"unpacked_{number}", remarks)
    raise UngradableError(_NO_PACKAGE if any(os.scandir(folder)) else f"It is empty. {_NO_PACKAGE}")


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted((entry.name for entry in entries), key=os.fsencode)


def _unpacked(archive: Path, folder: Path, remarks: list[str]) -> Path:
    with os.fdopen(os.open(archive, _READING), "rb") as stream:
        start = stream.read(4)
    if not start.startswith(b"PK"):
        what = "It is empty" if not start else "It is neither a zip file nor a folder"
        raise UngradableError(f"{what}. Hand in the folder of the package, or a zip file of it.")
    folder.mkdir()
    remarks += unpack(archive, folder)
    return folder


class _Copying:
    """Copies files one by one, and keeps what they are, how many and how large."""

    def __init__(self, place: Path, remarks: list[str]) -> None:
        self._place = place
        self._remarks = remarks
        self._hashes: dict[tuple[str, ...], bytes] = {}
        self._left_bytes = MOST_BYTES
        self._left_files = MOST_FILES

    def digest(self) -> str:
        """SHA-256 over all that was copied."""
        total = hashlib.sha256()
        for words, content in sorted(self._hashes.items()):
            total.update(b"\0".join(map(os.fsencode, words)) + b"\0\0" + content)
        return total.hexdigest()

    def copy(self, source: Path, words: tuple[str, ...]) -> None:
        """Copy a file, or a folder with all that is below it."""
        self._left_files -= 1
        if self._left_files < 0 or len(words) > _DEEPEST:
            raise UngradableError(f"There are over {MOST_FILES} files in it. Hand in the package alone.")
        mode = source.lstat().st_mode
        if stat.S_ISDIR(mode):
            self._place.joinpath(*words).mkdir(parents=True, exist_ok=True)
            for name in _names(source):
                if not is_skipped(name):
                    self.copy(source / name, (*words, name))
        elif stat.S_ISREG(mode):
            self._copy_file(source, words)
        else:
            what = "a link, which was not followed" if stat.S_ISLNK(mode) else "no file and no folder, and was left out"
            self._remarks.append(f"{shown('/'.join(words))} is {what}")

    def _copy_file(self, source: Path, words: tuple[str, ...]) -> None:
        place = self._place.joinpath(*words)
        place.parent.mkdir(parents=True, exist_ok=True)
        content = hashlib.sha256()
        with os.fdopen(os.open(source, _READING), "rb") as stream, place.open("xb") as copy:
            while piece := stream.read(_PIECE_BYTES):
                self._left_bytes -= len(piece)
                if self._left_bytes < 0:
                    raise UngradableError(f"It has over {MOST_BYTES} bytes. Hand in the package without data.")
                content.update(piece)
                copy.write(piece)
        self._hashes[words] = content.digest()
