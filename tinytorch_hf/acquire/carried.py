"""Files that were carried here on a USB stick: recognised by their content, copied, verified and unpacked."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tinytorch_hf.acquire import plan as planning
from tinytorch_hf.acquire import unpack
from tinytorch_hf.acquire.plan import Step
from tinytorch_hf.catalog import DataFile, DatasetInfo
from tinytorch_hf.errors import MissingFileError, StorageError
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.opening import open_file
from tinytorch_hf.shown import shown


def take(dataset: DatasetInfo, root: str | Path | None, steps: Sequence[Step], source: str | Path) -> list[Path]:
    """Copy a dataset's archives, or the files unpacked from them, from a file or folder, and unpack them.

    They are recognised by their hashes, whatever their names: browsers call a second copy ``x (1).gz``, and some
    unpack it without being asked. What is carried stays as it is. Neither network nor other libraries are needed.

    Parameters
    ----------
    dataset, root
        Whose files, and under which root they belong.
    steps
        What `tinytorch_hf.acquire.plan` found to be missing.
    source
        A file, or a folder: its own files are looked at, and where it is laid out as a root, those of the dataset.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    MissingFileError
        There is no such file or folder, or something is still missing; it says what.
    CorruptFileError, StorageError
        An archive is damaged, or a file cannot be read or written.
    """
    source = folders.expanded(source)
    if not source.exists():
        raise MissingFileError(
            f"There is no file or folder {source}. Give --from the file, or the folder that holds it."
        )
    planning.check_space(steps)
    sys.stderr.write(shown(planning.announcement(dataset, steps, root, str(source))) + "\n")
    folder = folders.folder(dataset, root)
    carried = list(_carried(source, dataset))
    written: list[Path] = []
    missing: list[str] = []
    for step in steps:
        if not store.is_good(step.path, step.archive.file):
            written += _copy(carried, step.archive.file, step.path)
        if store.is_good(step.path, step.archive.file):
            written += unpack.unpack(step.path, step.files, folder, member_folder=dataset.place)
            continue
        copied = {file.name: _copy(carried, file, folder / file.name) for file in step.files}
        written += [path for paths in copied.values() for path in paths]
        if not all(copied.values()):
            missing.append(step.archive.file.name)
    if missing:
        found = f"{len(written)} files were taken from {source}" if written else f"{source} has no file of it"
        urls = [url for step in steps if step.archive.file.name in missing for url in step.archive.urls[-1:]]
        where = f"with a browser from {' '.join(urls)}" if urls else "where it can be had"
        raise MissingFileError(
            f"{dataset.title} is not complete: {found}, told by content, not by name; missing: {', '.join(missing)}. "
            f"Get what is missing {where}, then run it again; "
            "a file that is cut off or changed counts as missing."
        )
    return written


def _carried(source: Path, dataset: DatasetInfo) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    places = [dataset.place, *(archive.folder for archive in dataset.archives)]
    for folder in dict.fromkeys([source, *(source / place for place in places)]):
        try:
            yield from sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else ()
        except OSError as error:
            raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error


def _copy(carried: Sequence[Path], file: DataFile, target: Path) -> list[Path]:
    """Copy the first of the carried files that is this one; gives the path it was written to, if any."""
    for path in carried:
        try:
            may_be = path.stat().st_size <= unpack.most_bytes(file) and store.is_good(path, file)
        except FileNotFoundError:
            # It was there a moment ago; what is missing in the end is said then.
            continue
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
        if may_be:
            advice = f"{path} was changed while it was copied. Leave it as it is, then run it again."
            store.write_pieces(target, _pieces(path, unpack.most_bytes(file)), file, advice)
            return [target]
    return []


def _pieces(path: Path, most_bytes: int) -> Iterator[bytes]:
    try:
        with open_file(path) as stream:
            # One byte more makes another hash, however much comes after it.
            while piece := stream.read(min(store.PIECE_BYTES, most_bytes + 1)):
                most_bytes -= len(piece)
                yield piece
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
