"""Landlock: by it a process on Linux gives up rights for good, and all that it starts has lost them, too.

Root loses them as well. Where the system has no Landlock, nothing happens, and whoever asks is told so.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

EXECUTE, WRITE, READ, LIST = (1 << bit for bit in range(4))
CHANGES = sum(1 << bit for bit in range(4, 13))
"""Removing and making whatever can be in a folder."""
REFER, TRUNCATE, DEVICES = 1 << 13, 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE | DEVICES
"""What can be allowed for a single file."""

# Its system calls and flags, of the kernel's linux/landlock.h; they are the same on every machine.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVILEGES = 38
_TCP = 0b11
_SIGNALS_AND_SOCKETS = 0b11
_SINCE = {REFER: 2, TRUNCATE: 3, DEVICES: 5}


def version() -> int:
    """Which version the system has; 0 if none."""
    if not sys.platform.startswith("linux"):
        return 0
    with contextlib.suppress(OSError, ImportError):
        import ctypes

        library = ctypes.CDLL(None)
        return max(0, int(library.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))))
    return 0


def restrict(handled: int, allowed: Iterable[tuple[Path, int]]) -> bool:
    """Give up some rights everywhere but at some places; whether the system does that.

    From version 4 on TCP is given up, too, and from version 6 on signals to processes that are not restricted so.

    Parameters
    ----------
    handled
        The rights; those that this version does not know are left out.
    allowed
        Files and folders, with everything beneath, and the rights that are kept there. What is not there is left out.
    """
    known = version()
    if not known:
        return False
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    handled &= ~sum(right for right, since in _SINCE.items() if known < since)
    fields = [handled, *([_TCP] if known >= 4 else []), *([_SIGNALS_AND_SOCKETS] if known >= 6 else [])]
    attributes = (ctypes.c_uint64 * len(fields))(*fields)
    rules = library.syscall(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(8 * len(fields)), ctypes.c_uint(0))
    if rules < 0:
        return False
    try:
        if not all(_allow(library, rules, path, rights & handled) for path, rights in allowed):
            return False
        library.prctl(_NO_NEW_PRIVILEGES, *map(ctypes.c_ulong, (1, 0, 0, 0)))
        return bool(library.syscall(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0)) == 0)
    finally:
        os.close(rules)


def _allow(library: object, rules: int, path: Path, rights: int) -> bool:
    import ctypes

    class Beneath(ctypes.Structure):
        _pack_ = 1
        _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))

    try:
        number = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        is_folder = stat.S_ISDIR(os.fstat(number).st_mode)
        rule = Beneath(rights if is_folder else rights & OF_FILES, number)
        call = library.syscall  # type: ignore[attr-defined]
        return not rule.access or bool(
            call(_ADD, ctypes.c_int(rules), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint(0)) == 0
        )
    finally:
        os.close(number)
