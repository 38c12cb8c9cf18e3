"""What the process of a package that is not trusted tells of what the package tries, as soon as it tries it.

Python reports much of what it is about to do to whoever listens, and nobody can be told to stop listening. Code that is
made for it can still keep a report from being sent; where the system refuses what was tried, it has no more of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

VIOLATION, REMARK = "violation", "remark"
"""What is told: what may not be done, and what the instructor may want to know."""

LOOKS = "it looks into what runs it, by "
"""How is begun what is told of code that finds its way to what watches it, and could have that tell something else."""

CONNECTS = frozenset(
    f"socket.{name}"
    for name in ("connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
) | {"urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect"}
"""Python's names for what reaches a network."""

STARTS = frozenset(
    [f"os.{name}" for name in ("system", "exec", "posix_spawn", "spawn", "fork", "forkpty", "startfile")]
    + ["subprocess.Popen", "pty.spawn"]
)
"""Python's names for what starts a process."""

# With these, code finds what runs it.
_REACHES = frozenset({"gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames"})
_FRAMES = frozenset({"tb_frame", "gi_frame", "cr_frame", "ag_frame"})
_SIGNALS = frozenset({"os.kill", "os.killpg"})
_ATTRIBUTE = "object.__getattr__"
_HEARD = CONNECTS | STARTS | _REACHES | _SIGNALS | {"import", "open", "ctypes.dlopen", _ATTRIBUTE}
_MOST = 50
_LONGEST = 200
# Of frames between whoever opens a file and this.
_DEEP = 10


class Hearing:
    """Tells what is tried, each once.

    Parameters
    ----------
    channel
        The number of the file that it is written to.
    mark
        What each line begins with.
    withheld
        Names at the top level that may not be imported.
    closed
        Files and folders of these, and those of this package that say what is right.
    ours
        The folder of this package.
    libraries
        Folders of what is installed, where nobody can have written for this purpose.
    """

    def __init__(
        self,
        channel: int,
        mark: str,
        withheld: Iterable[str],
        closed: Iterable[Path],
        ours: Path,
        libraries: Iterable[Path] = (),
    ) -> None:
        self.refuses_files = False
        self._channel = channel
        self._mark = mark
        self._withheld = frozenset(withheld)
        self._closed = tuple(os.path.realpath(path) for path in closed)
        self._ours = os.path.realpath(ours)
        # Python's own, such as what shows an error, and ours look there, too.
        trusted = (ours, os.path.dirname(os.__file__), *libraries)  # noqa: PTH120
        self._trusted = ("<frozen ", *(f"{folder}{os.sep}" for folder in trusted))
        self._told: set[str] = set()
        self._number = os.getpid()

    def start(self) -> None:
        """From now on, for as long as the process lives."""
        react = self._react

        def hear(event: str, given: tuple[Any, ...]) -> None:
            # Whoever watches functions run, as we do, looks at their code a million times.
            if (event != _ATTRIBUTE or given[1] in _FRAMES) and event in _HEARD:
                react(event, given)

        sys.addaudithook(hear)

    def _react(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "import":
            self._import(str(given[0]))
        elif event == "open":
            self._open(given[0])
        elif event in STARTS:
            self._tell(REMARK, "it tries to start a process", refuses=True)
        elif event in CONNECTS:
            self._tell(REMARK, "it tries to reach a network", refuses=True)
        elif event in _SIGNALS and given and given[0] != self._number:
            self._tell(REMARK, "it tries to send a signal to another process", refuses=True)
        elif event in _REACHES or event == _ATTRIBUTE:
            self._reach(given[1] if event == _ATTRIBUTE else event, sys._getframe(2).f_code.co_filename)
        elif event == "ctypes.dlopen" and given[0] is not None:
            self._tell(REMARK, f"it loads {given[0]} by ctypes, past Python")

    def _reach(self, what: str, file: str) -> None:
        if not file.startswith(self._trusted):
            self._tell(VIOLATION, f"{LOOKS}{what}")

    def _import(self, name: str) -> None:
        if name.partition(".")[0] in self._withheld:
            self._tell(VIOLATION, f"it imports {name}")
            raise ImportError(f"{name} is not to be used here")

    def _open(self, path: Any) -> None:
        if not isinstance(path, (str, bytes)):
            return
        try:
            name = os.path.realpath(os.fsdecode(path))
        except (OSError, ValueError):
            return
        closed = next((each for each in self._closed if name == each or name.startswith(f"{each}{os.sep}")), "")
        if not closed or _is_for_a_message():
            return
        is_of_ours = name.startswith(f"{self._ours}{os.sep}")
        inside = os.path.relpath(name, os.path.dirname(self._ours if is_of_ours else closed))  # noqa: PTH120
        self._tell(VIOLATION, f"it reads {inside}")
        if self.refuses_files:
            raise PermissionError(f"{inside} is not to be read here")

    def _tell(self, kind: str, text: str, refuses: bool = False) -> None:
        if text not in self._told and len(self._told) < _MOST:
            self._told.add(text)
            line = f"\n{self._mark} {json.dumps([kind, text[:_LONGEST]])}\n"
            with contextlib.suppress(OSError):
                os.write(self._channel, line.encode())
        if refuses:
            raise PermissionError(f"{text}, which is refused here")


def _is_for_a_message() -> bool:
    """Whether Python itself looks for a line of code, to show it with a warning or an error."""
    frame = sys._getframe(2)
    for _ in range(_DEEP):
        if os.path.basename(frame.f_code.co_filename) == "linecache.py":  # noqa: PTH119 -- nothing may be imported here
            return True
        if frame.f_back is None:
            break
        frame = frame.f_back
    return False
