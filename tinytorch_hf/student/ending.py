"""Ending a process that is not trusted, with everything that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

VARIABLE = "TINYTORCH_HF_PROCESS"
"""Names the environment variable by which what a process has started is recognised, even in a session of its own."""

_ROUNDS = 3


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended; where that is possible it keeps its number until it is waited for."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return process.poll() is not None


def end(process: subprocess.Popen[bytes], mark: str) -> int:
    """End a process, its process group, and what bears its mark; returns the exit status.

    Parameters
    ----------
    process
        It was started as the leader of a session of its own, with the mark in the variable `VARIABLE`.
    mark
        A text that is in no other process's environment.
    """
    if process.returncode is None and hasattr(os, "killpg"):
        # Before it is waited for: its number is that of its group until then.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    status = process.wait()
    for _ in range(_ROUNDS):
        left = _marked(mark)
        for number in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        if not left:
            break
    return status


def _marked(mark: str) -> list[int]:
    """Processes in whose environment the mark is; none where the system does not tell."""
    wanted = f"{VARIABLE}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found
