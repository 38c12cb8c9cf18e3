"""One process at a time: whoever shares a cache downloads once."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf.errors import StorageError, TinyTorchHFError
from tinytorch_hf.files.opening import refuse_other_than_own
from tinytorch_hf.shown import shown

# How long another process is waited for before that is said.
_QUIET_S = 5.0

# What file systems answer that have no locks: NFS without its lock service, some of user space, and others.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENOTTY)


@contextlib.contextmanager
def only_one(path: Path, quiet_s: float = _QUIET_S) -> Iterator[None]:
    """Hold the lock that belongs to a file; other processes, on other machines too, wait until it is free.

    The lock is the operating system's (``flock``) on a hidden empty file beside ``path``. It ends with the process that
    holds it, however that ends. The empty file stays (with some releases of filelock it goes); nobody else removes it,
    because two processes could then hold "the" lock.
    On a file system without such locks, a file that exists while the lock is held stands for it. A process that was
    killed leaves that file: others on the same machine notice and take over; those on other machines wait, and are
    told which file to remove.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    import filelock

    place = path.with_name(f".{path.name}.lock")
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Some releases of filelock empty whatever file a link there leads to.
            refuse_other_than_own(place)
            if _has_locks(place):
                _acquire(filelock.FileLock(place), f"Another process is downloading {path.name}", quiet_s, stack)
            else:
                # Another name, because the attempt left its empty file, which would stand for a lock that is held.
                held = place.with_name(f"{place.name}ed")
                waiting = f"Another process is downloading {path.name} (if there is none, remove {held})"
                _acquire(filelock.SoftFileLock(held), waiting, quiet_s, stack)
        except TinyTorchHFError:
            raise
        except OSError as error:
            raise StorageError(
                f"{path.parent} cannot be written to: {error.strerror or error}. Choose another folder with "
                "TINYTORCH_HF_CACHE or with a root."
            ) from error
        yield


def _has_locks(place: Path) -> bool:
    """Whether the file system locks files. Asked here: releases of filelock do different things where it does not."""
    try:
        import fcntl
    except ImportError:
        # Windows locks on every file system.
        return True
    # As filelock opens it: never what a link leads to.
    with os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            raise
    return True


def _acquire(lock: Any, waiting: str, quiet_s: float, stack: contextlib.ExitStack) -> None:
    import filelock

    try:
        stack.enter_context(lock.acquire(timeout=quiet_s))
    except filelock.Timeout:
        sys.stderr.write(f"{shown(waiting)}; this one goes on when it is done.\n")
        stack.enter_context(lock.acquire())
