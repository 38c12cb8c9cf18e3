"""Files and folders that others may have prepared: nothing waits for a pipe, nothing is written through their links."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_READING = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    # Opening a named pipe would wait until someone writes into it.
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind_of(mode: int) -> str:
    """What is not a plain file is called, such as "a named pipe"."""
    return _KINDS.get(stat.S_IFMT(mode), "a special file")


def open_file(path: Path) -> BinaryIO:
    """Open a file to read it, and nothing else: a pipe or a device may give bytes for ever, or none.

    Raises
    ------
    OSError
        It cannot be opened, or is not a file; `strerror` says what it is.
    """
    # A device may act on being opened.
    _refuse_other_kinds(path, path.stat())
    descriptor = os.open(path, _READING)
    try:
        # Something else may stand there by now.
        _refuse_other_kinds(path, os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _refuse_other_kinds(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, f"it is {kind_of(found.st_mode)}, and no file", str(path))


def read_file(path: Path, most_bytes: int) -> bytes:
    """The content of a file, of which at most so many bytes are read.

    Raises
    ------
    OSError
        As `open_file`, or it has more.
    """
    with open_file(path) as stream:
        n_bytes = os.fstat(stream.fileno()).st_size
        # Memory for all that is asked for is taken at once.
        data = stream.read(min(n_bytes, most_bytes) + 1)
        if len(data) > most_bytes:
            raise OSError(errno.EFBIG, f"it has {n_bytes} bytes, and none here has more than {most_bytes}", str(path))
        return data


def open_to_append(path: Path) -> int:
    """A descriptor of a file that is made or added to, which is that file itself and no link to another.

    Raises
    ------
    OSError
        It cannot be opened, or is something else.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    refuse_other_than_own(path)
    descriptor = os.open(path, flags, 0o666)
    if os.fstat(descriptor).st_nlink > 1 or not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "another file was put there", str(path))
    return descriptor


def refuse_other_than_own(path: Path) -> None:
    """Raise OSError if something stands at a path that is not a file, or that is another file, too."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        kind = "a hard link" if stat.S_ISREG(found.st_mode) else kind_of(found.st_mode)
        raise OSError(errno.EINVAL, f"it is {kind}, where a file of its own belongs", str(path))


def refuse_links_of_others(path: Path) -> None:
    """Raise OSError if the way to a file leads through a link that someone else put into a folder open to all.

    So does Linux by itself, where it is set up so; here it holds on every system that has owners.
    """
    if not hasattr(os, "geteuid"):
        return
    for folder in (path, *path.absolute().parents):
        try:
            found, above = folder.lstat(), folder.parent.lstat()
        except OSError:
            # What is not there, or may not be looked at, leads nowhere.
            continue
        is_open_to_all = stat.S_ISLNK(found.st_mode) and above.st_mode & stat.S_IWOTH
        if is_open_to_all and found.st_uid not in (os.geteuid(), above.st_uid):
            raise OSError(errno.EPERM, f"{folder} is a link that another user put there", str(path))
