"""An instructor's folder: which sub-folders are datasets, which files they have, and what is left out, and why."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.catalog import DESCRIPTION
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, StorageError, printable
from tinytorch_hf.files import folders

# What Hugging Face's clients accept as a namespace or a name.
_VALID_NAME = re.compile(r"(?!.*(--|\.\.))(?!.*\.git$)[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_RULE = (
    "letters, digits, '-', '_' and '.' may stand in it, at most 96, neither '--' nor '..', '-' or '.' neither first "
    "nor last, and no '.git' at the end. Rename the folder"
)
_LINE_END = "its name has a line end, which no address can have. Rename it"
_NOT_UTF8 = "its name is not UTF-8, in which clients ask for it. Rename it"
_KINDS = {
    stat.S_ISFIFO: "it is a named pipe, not a file",
    stat.S_ISSOCK: "it is a socket, not a file",
    stat.S_ISCHR: "it is a device, not a file",
    stat.S_ISBLK: "it is a device, not a file",
}
_NAMED = 3


@dataclass(frozen=True)
class LeftOut:
    """What is not served: its path, fit to be printed, and the reason."""

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """A sub-folder that may be a dataset: the name under which it is served, and where it is."""

    id: str
    place: Path

    @property
    def is_described(self) -> bool:
        """Whether it is a dataset of the open catalogue, with facts."""
        return (self.place / DESCRIPTION).is_file()


@dataclass(frozen=True)
class Contents:
    """The files of a sub-folder by their path with forward slashes, with their sizes, and what is left out of it."""

    files: Mapping[str, Path]
    size_bytes: int
    left_out: tuple[LeftOut, ...]


def survey(folder: Path, taken: Iterable[str] = ()) -> tuple[list[Found], list[LeftOut]]:
    """The sub-folders of a folder that can be served, as ``folder/sub-folder``, and whatever else is in it.

    Only the folder itself is listed, which takes no time however much is in the sub-folders.

    Parameters
    ----------
    folder
        The instructor's folder.
    taken
        Names under which something else is served.

    Raises
    ------
    MissingFileError
        There is no such folder.
    InvalidArgumentError
        Its own name is none that Hugging Face's clients accept, or nothing in it can be served.
    StorageError
        It cannot be read.
    """
    root = folders.expanded(folder).resolve()
    if not root.is_dir():
        raise MissingFileError(f"{folder} is not a folder. Give one that holds a sub-folder for each dataset.")
    if not _VALID_NAME.fullmatch(root.name):
        raise InvalidArgumentError(
            f"{_culprit(root.name)}{shown(root.name)!r}, the name of --folder, cannot stand before a dataset's name on "
            f"the Hub: {_RULE}."
        )
    try:
        with os.scandir(root) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    found: dict[str, Found] = {}
    left_out = []
    served = {name.casefold(): name for name in taken}
    for entry in entries:
        name = f"{root.name}/{entry.name}"
        reason = _why_no_dataset(entry, root) or _why_no_name(entry.name, served.get(name.casefold()), name)
        if reason:
            left_out.append(LeftOut(shown(name), reason))
        else:
            found[name] = Found(name, Path(entry.path))
            served[name.casefold()] = name
    if not found:
        why = "".join(f" {one.path} is not served: {one.reason}." for one in left_out[:_NAMED])
        raise InvalidArgumentError(
            f"{folder} holds no sub-folder that can be served. Each dataset needs one, such as {folder}/words.{why}"
        )
    return list(found.values()), left_out


def _why_no_dataset(entry: os.DirEntry[str], root: Path) -> str:
    """Why an entry of the instructor's folder is no dataset, or ""."""
    reason = _why_no_address(entry.name)
    if reason:
        return reason
    if entry.name.startswith("."):
        return "it is hidden: its name begins with '.'"
    try:
        reason = _why_not_followed(Path(entry.path), root, "the folder") if entry.is_symlink() else ""
        if reason:
            return reason
        if not entry.is_dir():
            return _special(entry.stat().st_mode) or "it is a file, and datasets are sub-folders. Put it into one"
        with os.scandir(entry.path) as listed:
            is_empty = next(listed, None) is None
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return "it is empty" if is_empty else ""


def _why_no_name(name: str, before: str | None, full_name: str) -> str:
    """Why a sub-folder cannot be served under its name, or ""; ``before`` has the same but for case."""
    if not _VALID_NAME.fullmatch(name):
        return f"{_culprit(name)}it cannot be a dataset's name on the Hub: {_RULE}"
    if before == full_name:
        return "another dataset is served under this name. Rename the folder"
    if before is not None:
        return f"it differs from {before} in capitals alone, which caches on Windows and macOS do not. Rename one"
    return ""


def _culprit(name: str) -> str:
    """The first character that may not stand in a name, in words; "" where each of them may."""
    wrong = re.search(r"[^A-Za-z0-9._-]", name)
    if wrong is None:
        return ""
    return f"There is a space in {shown(name)!r}: " if wrong[0] == " " else f"There is {shown(wrong[0])!r} in it: "


def _why_not_followed(link: Path, root: Path, what: str) -> str:
    """Why a link in a folder is not followed, or "" where it leads to something below it."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "it is a link to nothing"
    if root not in target.parents:
        return f"it is a link out of {what}. Copy what it leads to"
    if target.is_dir() and target in link.parents:
        return "it is a link to a folder that it stands in"
    return ""


def _special(mode: int) -> str:
    return next((text for is_kind, text in _KINDS.items() if is_kind(mode)), "")


def contents(found: Found) -> Contents:
    """Every file of a sub-folder that is served; nothing is opened.

    Hidden files, links that lead out of it, and whatever is no file are left out.
    """
    root = found.place.resolve()
    files: dict[str, Path] = {}
    left_out: list[LeftOut] = []
    size_bytes = 0
    for place, n_bytes, reason in _walked(root):
        path = place.relative_to(root).as_posix()
        if reason:
            left_out.append(LeftOut(shown(f"{found.id}/{path}"), reason))
        else:
            files[path] = place
            size_bytes += n_bytes
    return Contents(dict(sorted(files.items())), size_bytes, tuple(left_out))


def _walked(root: Path) -> Iterator[tuple[Path, int, str]]:
    """Every file below a folder with its size, and what is not served with the reason; hidden ones are skipped."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            yield folder, 0, f"it cannot be read: {error.strerror or error}"
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            place = Path(entry.path)
            reason = _why_no_file(entry, root)
            if not reason and entry.is_dir():
                waiting.append(place)
            else:
                yield place, 0 if reason else entry.stat().st_size, reason


def _why_no_file(entry: os.DirEntry[str], root: Path) -> str:
    reason = _why_no_address(entry.name)
    if reason:
        return reason
    try:
        if entry.is_symlink():
            if entry.is_dir():
                return "it is a link to a folder, which is not followed. Copy what it leads to"
            return _why_not_followed(Path(entry.path), root, "the dataset") or _special(entry.stat().st_mode)
        if entry.is_dir() or entry.is_file():
            return ""
        return _special(entry.stat().st_mode) or "it is no file"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"


def _why_no_address(name: str) -> str:
    """Why no client could ask for a name, or ""."""
    if not is_utf8(name):
        return _NOT_UTF8
    return _LINE_END if "\n" in name or "\r" in name else ""


def is_utf8(name: str) -> bool:
    """Whether a file's name can be written in UTF-8; what cannot comes from the system with stand-ins."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(path: str) -> str:
    """A path fit to be printed: bytes that are no text, and what a terminal would obey, as escapes."""
    return printable(os.fsencode(path).decode("utf-8", "backslashreplace") if not is_utf8(path) else path)


def summed_up(left_out: Iterable[LeftOut]) -> list[LeftOut]:
    """The same, with at most a few paths for each reason."""
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one.path)
    result = []
    for reason, paths in by_reason.items():
        result += [LeftOut(path, reason) for path in paths[:_NAMED]]
        if len(paths) > _NAMED:
            result.append(LeftOut(f"and {len(paths) - _NAMED} more like {paths[0]}", reason))
    return result
