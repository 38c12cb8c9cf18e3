"""What the system itself can forbid a process for good: a network, changes outside of a folder, starting programs.

Each is asked for, and where the system does not know it, or does not let us, what listens inside of Python is left;
see `tinytorch_hf.milestones.proving.guard`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from tinytorch_hf.student import landlock

_LARGEST_FILE_BYTES = 1 << 29
_NEW_NETWORK = 0x40000000
_NEW_USER = 0x10000000


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


def change_only(folder: Path) -> bool:
    """Let this process change files in one folder alone, and start no program; whether the system does that."""
    changes = landlock.WRITE | landlock.CHANGES | landlock.REFER | landlock.TRUNCATE
    allowed = [(folder, changes), (Path(os.devnull), landlock.WRITE | landlock.TRUNCATE)]
    return landlock.restrict(changes | landlock.EXECUTE, allowed)
