"""What a script may not do while its data are loaded: reach a network, change files elsewhere, start programs.

Python reports each of these before it happens, and whoever listens can forbid it; it cannot be told to stop listening.
So it is known what was tried. Code that is made to get around this can, where the system itself forbids nothing; see
`tinytorch_hf.milestones.proving.confinement`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from tinytorch_hf.student.hearing import CONNECTS, STARTS

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# How many of the first arguments of an event are paths that it changes.
_CHANGES = {
    **dict.fromkeys(["os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.utime"], 1),
    **dict.fromkeys(["os.rename", "os.link", "os.symlink", "shutil.move"], 2),
    **dict.fromkeys(["os.setxattr", "os.removexattr", "os.chflags", "shutil.rmtree", "sqlite3.connect"], 1),
}
_STARTS = STARTS | {"os.kill", "os.killpg", "ctypes.dlopen", "ctypes.dlsym"}


class Refused(OSError):
    """Something that a script may not do here."""


class Guard:
    """Refuses, and remembers what it has refused.

    Parameters
    ----------
    folder
        The only folder in which files may be changed.
    """

    def __init__(self, folder: Path) -> None:
        self.connections: list[str] = []
        self.others: list[str] = []
        self._folder = os.path.realpath(folder)
        self._is_on = False

    def start(self) -> None:
        """From now on, for as long as the process lives."""
        self._is_on = True
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if event in CONNECTS:
            where = " ".join(str(part) for part in given if isinstance(part, (str, bytes, tuple, int)))
            self.connections.append(where[:200])
            raise Refused(f"there is no network here: {where[:200]}")
        if event in _STARTS and not (event == "ctypes.dlopen" and given[0] is None):
            self._refuse(f"starts or loads something else: {event} {str(given[:1])[:100]}")
        elif event == "open":
            self._open(*given)
        elif event in _CHANGES:
            for path in given[: _CHANGES[event]]:
                self._change(path)
        elif event == "os.chdir" and isinstance(given[0], int):
            self._refuse("goes to a folder that has no name")

    def _open(self, path: Any, mode: Any, flags: Any) -> None:
        writes = bool(set(str(mode or "")) & set("wax+")) or (isinstance(flags, int) and bool(flags & _WRITES))
        if isinstance(path, int):
            return
        if writes:
            self._change(path)
        elif mode is None and Path(os.fsdecode(path)).is_dir():
            # Paths that are relative to an open folder are not reported as such.
            self._refuse(f"opens the folder {os.fsdecode(path)[:200]}")

    def _change(self, path: Any) -> None:
        if isinstance(path, int):
            self._refuse("changes a file that has no name")
        name = os.fsdecode(path)
        # The last part may be a link that leads elsewhere, or be made just now.
        real = os.path.realpath(name)
        if real != os.devnull and os.path.commonpath([real, self._folder]) != self._folder:
            self._refuse(f"changes {name[:200]}, which is outside of the checkout")

    def _refuse(self, what: str) -> None:
        self.others.append(what)
        raise Refused(f"a script that only loads data may not do this; it {what}")
