"""Several files put in place together: all of them, or, whatever fails, none, and what was there stays."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tinytorch_hf.errors import StorageError
from tinytorch_hf.files import store

_OLD_SUFFIX = ".old"


@contextmanager
def replaced(contents: Mapping[Path, bytes]) -> Iterator[None]:
    """Put files in place for the body of the with statement, and for good if that ends without an error.

    All are written under other names before the first is renamed. What stood in their places is kept beside them until
    the end, so that even a process that is killed loses nothing.

    Parameters
    ----------
    contents
        What each file is to hold. A file that holds it already is left alone.

    Raises
    ------
    StorageError
        A folder has the name of a file, or something cannot be written.
    """
    changed = {path: data for path, data in contents.items() if not _holds(path, data)}
    mark = os.urandom(8).hex()
    new, old = (
        {path: path.with_name(f".{path.name}.{mark}{suffix}") for path in changed}
        for suffix in (store.PARTIAL_SUFFIX, _OLD_SUFFIX)
    )
    placed: list[Path] = []
    try:
        for path, data in changed.items():
            if path.is_dir():
                raise StorageError(f"{path} is a folder, and a file belongs there. Move it away.")
            store.write(new[path], data)
            with contextlib.suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):
                    # As `store.write` does where it replaces a file itself.
                    shutil.copymode(path, new[path])
        for path in changed:
            _rename(path, old[path])
            placed.append(path)
            _rename(new[path], path)
        yield
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
            _rename(old[path], path)
        raise
    else:
        for path in placed:
            old[path].unlink(missing_ok=True)
    finally:
        for path in new.values():
            path.unlink(missing_ok=True)


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and store.present_at(path, len(data)) == data


def _rename(path: Path, to: Path) -> None:
    """Rename what there is; nothing otherwise."""
    try:
        if os.path.lexists(path):
            path.rename(to)
    except OSError as error:
        raise store.not_written(to, error) from error
