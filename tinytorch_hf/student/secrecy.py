"""A process that no other one of the same user can look into, while it knows what others must not know."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

_GET, _SET = 3, 4
_LOCK = threading.Lock()
_N_INSIDE = 0
_BEFORE = 1


@contextlib.contextmanager
def unreadable() -> Iterator[None]:
    """Close this process's memory and files in ``/proc`` to others; on Linux, and against everyone but root."""
    global _N_INSIDE, _BEFORE  # noqa: PLW0603 -- it is about the process
    with _LOCK:
        if _N_INSIDE == 0:
            _BEFORE = _control(_GET)
            _control(_SET, 0)
        _N_INSIDE += 1
    try:
        yield
    finally:
        with _LOCK:
            _N_INSIDE -= 1
            if _N_INSIDE == 0 and _BEFORE == 1:
                _control(_SET, 1)


def _control(what: int, value: int = 0) -> int:
    if not sys.platform.startswith("linux"):
        return 0
    try:
        import ctypes

        return int(ctypes.CDLL(None).prctl(what, *map(ctypes.c_ulong, (value, 0, 0, 0))))
    except (OSError, ImportError):
        return 0
