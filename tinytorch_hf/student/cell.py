"""Where a package runs that is not trusted: a cell of its own, for one process after the other.

Each process has an empty folder for its files, no environment but what it needs, and limits; before anything of the
package runs it gives up the rest (`confining`). What it tells of what the package tries is kept here, and how long it
has taken; what is left of its files is removed with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.shown import printable
from tinytorch_hf.student import landlock, seccomp
from tinytorch_hf.student.hearing import REMARK, VIOLATION
from tinytorch_hf.student.limits import Limits
from tinytorch_hf.student.search_path import SearchPath

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
# One thread is faster for what is as small, takes less memory, and can be confined.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_MOST_FILES = 10_000
_MOST_TOLD = 100
_LONGEST_LINE = 1 << 12
_NOT_HELD = {
    "files": "files are not confined on this system: it can read what this user can read",
    "calls": "processes, signals and the network are not confined on this system",
    "memory": "memory is not limited on this system",
}


class Cell:
    """What holds for all processes of one package.

    Parameters
    ----------
    limits
        What they may use.
    withheld
        Names at the top level that may not be imported.
    run_as
        The name of the user that they run as, where this process is root's; the user of this process by default.

    Raises
    ------
    InvalidArgumentError
        There is no such user, or this process is not root's.
    """

    def __init__(self, limits: Limits, withheld: Iterable[str] = (), run_as: str = "") -> None:
        self.limits = limits
        self.withheld = frozenset(withheld)
        self._user = _user(run_as) if run_as else None
        self._spent_s = 0.0
        self._told: dict[str, list[str]] = {VIOLATION: [], REMARK: []}
        self._not_held: set[str] = set()

    @property
    def violations(self) -> tuple[str, ...]:
        """What was tried and may not be done, a sentence each."""
        return tuple(self._told[VIOLATION])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What else was tried; then what this system does not hold back."""
        return (*self._told[REMARK], *(_NOT_HELD[name] for name in _NOT_HELD if name in self._not_held))

    @property
    def left_s(self) -> float:
        """How many seconds are left."""
        return max(0.0, self.limits.total_seconds - self._spent_s)

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """Count the time inside."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._spent_s += time.monotonic() - start

    def held(self, names: Iterable[str]) -> None:
        """Take note of what a process says that the system enforces; it says so before it runs the package."""
        self._not_held |= _NOT_HELD.keys() - set(names)

    def hear(self, kind: Any, text: Any) -> None:
        """Take note of what a process tells."""
        known = self._told.get(kind) if isinstance(kind, str) else None
        if known is not None and isinstance(text, str):
            shown = printable(text)[:300]
            if shown not in known and len(known) < _MOST_TOLD:
                known.append(shown)

    def enter(self, path: SearchPath) -> Stay:
        """A folder and settings for one process, which may read the folders of a package on this path.

        Raises
        ------
        OSError
            No folder can be made.
        """
        return Stay(self, path, self._user)


class Stay:
    """The time of one process in its cell.

    Attributes
    ----------
    settings
        What `confining.confine` is given.
    arguments
        What the process is started with.
    """

    def __init__(self, cell: Cell, path: SearchPath, user: tuple[int, int] | None) -> None:
        self._cell = cell
        self._mark = secrets.token_hex(16)
        self._rest = b""
        self._scratch = Path(tempfile.mkdtemp(prefix="tinytorch-hf-")).resolve()
        self.arguments: dict[str, Any] = {"cwd": str(self._scratch)}
        if user is not None:
            os.chown(self._scratch, *user)
            self.arguments |= {"user": user[0], "group": user[1], "extra_groups": []}
        self.settings = {
            "limits": dataclasses.asdict(cell.limits),
            "withheld": sorted(cell.withheld),
            # Another package of the same name, which may be complete, is no business of this one.
            "own": sorted(path.own),
            "folders": [str(folder.resolve()) for folder in path.folders],
            "scratch": str(self._scratch),
            "mark": self._mark,
            "files": landlock.version() > 0,
            "calls": seccomp.is_there(),
        }

    def environment(self) -> dict[str, str]:
        """All that the process gets of an environment."""
        places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), str(self._scratch))
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {**passed_on, **places, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONDONTWRITEBYTECODE": "1"}

    def listen(self, piece: bytes) -> None:
        """Look for what the process tells among what else it writes."""
        *lines, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[-_LONGEST_LINE:]
        mark = f"{self._mark} ".encode()
        for line in lines:
            if line.startswith(mark) and len(line) < _LONGEST_LINE:
                with contextlib.suppress(ValueError, TypeError):
                    self._cell.hear(*json.loads(line[len(mark) :]))

    @property
    def overfull(self) -> str:
        """What to say if its files have become too large or too many; else nothing."""
        size = number = 0
        waiting = [str(self._scratch)]
        while waiting:
            with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    number += 1
                    with contextlib.suppress(OSError):
                        found = entry.stat(follow_symlinks=False)
                        size += found.st_size
                        if stat.S_ISDIR(found.st_mode):
                            waiting.append(entry.path)
                    if size > self._cell.limits.file_size + _FOLDERS or number > _MOST_FILES:
                        return f"it filled more than {self._cell.limits.file_size / 2**20:g} MB with files"
        return ""

    def end(self) -> None:
        """Remove its files; the process is gone."""
        _remove(self._scratch)


# What folders themselves take.
_FOLDERS = 1 << 20


def _user(name: str) -> tuple[int, int]:
    """The numbers of a user and of the group."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise InvalidArgumentError(f"Only root starts processes of another user such as {name}. Leave out run_as.")
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise InvalidArgumentError(f"There is no user {name} on this system. Make it first, or name another.") from None
    if entry.pw_uid == 0:
        raise InvalidArgumentError(f"{name} is root, who is held back by less. Name another user.")
    return entry.pw_uid, entry.pw_gid


def _remove(folder: Path) -> None:
    """Remove a folder however deep it is: what is below its own folders is lifted up until there is nothing below."""
    number = 0
    with contextlib.suppress(OSError):
        while folders := [entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()]:
            for inner in folders:
                inner.chmod(0o700)
                for entry in list(inner.iterdir()):
                    number += 1
                    entry.rename(folder / f"lifted {secrets.token_hex(4)} {number}")
                inner.rmdir()
    shutil.rmtree(folder, ignore_errors=True)
