"""What the system itself can forbid a process for good: a network, changes outside of a folder, starting programs.

Each is asked for, and where the system does not know it, or does not let us, what listens inside of Python is left;
see `tinytorch_hf.milestones.proving.guard`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_LARGEST_FILE_BYTES = 1 << 29
_NEW_NETWORK = 0x40000000
_NEW_USER = 0x10000000
# Landlock's system calls and flags, of the kernel's linux/landlock.h; they are the same on every machine.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE = 1 << 0, 1 << 1
# Removing and making whatever can be in a folder.
_CHANGES = sum(1 << bit for bit in range(4, 13))
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_TCP = 0b11
_SIGNALS_AND_SOCKETS = 0b11


def leave_the_network() -> None:
    """Give this process no network, and no large files; before it has a second thread."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError, ImportError):
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        if library.unshare(_NEW_NETWORK) != 0:
            library.unshare(_NEW_USER | _NEW_NETWORK)
    with contextlib.suppress(OSError, ValueError, ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE_BYTES, _LARGEST_FILE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def landlock_version() -> int:
    """Which version of Landlock, by which a process gives up rights, the system has; 0 if none."""
    if not sys.platform.startswith("linux"):
        return 0
    with contextlib.suppress(OSError, ImportError):
        import ctypes

        library = ctypes.CDLL(None)
        return max(0, int(library.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))))
    return 0


def change_only(folder: Path) -> bool:
    """Let this process change files in one folder alone, and start no program; whether the system does that."""
    version = landlock_version()
    if not version:
        return False
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    handled = _EXECUTE | _WRITE | _CHANGES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    fields = [handled, *([_TCP] if version >= 4 else []), *([_SIGNALS_AND_SOCKETS] if version >= 6 else [])]
    attributes = (ctypes.c_uint64 * len(fields))(*fields)
    rules = library.syscall(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(8 * len(fields)), ctypes.c_uint(0))
    if rules < 0:
        return False
    try:
        may = [(folder, handled & ~_EXECUTE), (Path(os.devnull), _WRITE | handled & _TRUNCATE)]
        is_done = all(_allow(library, rules, path, access) for path, access in may)
        library.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        return is_done and library.syscall(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0)) == 0
    finally:
        os.close(rules)


def _allow(library: object, rules: int, path: Path, access: int) -> bool:
    import ctypes

    class Beneath(ctypes.Structure):
        _pack_ = 1
        _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))

    number = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    try:
        rule = Beneath(access, number)
        call = library.syscall  # type: ignore[attr-defined]
        return bool(call(_ADD, ctypes.c_int(rules), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint(0)) == 0)
    finally:
        os.close(number)
