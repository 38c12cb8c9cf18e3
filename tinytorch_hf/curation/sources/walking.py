"""The files in a folder, as the system lists them: a hundred thousand names without a question about each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tinytorch_hf.errors import CorruptFileError, StorageError


def files(folder: Path, root: Path, suffixes: Sequence[str]) -> list[str]:
    """The names of the files in a folder that end with one of these suffixes, sorted, without hidden ones.

    Raises
    ------
    CorruptFileError
        One is a link that leads out of the root.
    StorageError
        The folder cannot be read.
    """
    inside, endings, found = root.resolve(), tuple(suffixes), []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                # What the name tells is known without asking the system.
                if entry.name.startswith(".") or not entry.name.lower().endswith(endings) or not entry.is_file():
                    continue
                if entry.is_symlink() and inside not in Path(entry.path).resolve().parents:
                    raise CorruptFileError(
                        f"{entry.path} is a link out of {root}; it is not followed. Put the file itself there."
                    )
                found.append(entry.name)
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror or error}.") from error
    return sorted(found)
