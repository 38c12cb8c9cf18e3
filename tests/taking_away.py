"""What a Python on Windows lacks, taken away from this one; a ``.pth`` file calls it before everything else.

It cannot be all: paths, line ends and the way in which processes start stay those of this system. What the standard
library needs itself, where it believes to be on such a system, is imported and kept before.
"""

from __future__ import annotations

import asyncio  # noqa: F401 -- takes what it needs
import concurrent.futures.process  # noqa: F401
import errno
import multiprocessing.connection
import multiprocessing.popen_spawn_posix
import multiprocessing.spawn  # noqa: F401
import os
import pathlib
import platform  # noqa: F401
import selectors
import shutil  # noqa: F401
import signal
import subprocess
import sys
import sysconfig
import tempfile  # noqa: F401
from collections.abc import Iterator
from typing import Any

MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline")
NEEDED = ("termios", "tty", "pty")
"""Of these, what libraries import that ask which system it is; nothing of ours does."""
OF_OS = (
    *("fork", "forkpty", "killpg", "getpgid", "getpgrp", "setpgid", "setsid", "getsid", "waitid", "wait3", "wait4"),
    *("geteuid", "getuid", "getegid", "getgid", "getgroups", "setuid", "setgid", "chown", "lchown", "fchown", "chroot"),
    *("fchmod", "openpty"),
    *("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_PATH", "P_PID", "WNOWAIT", "WEXITED"),
    *("sched_getaffinity", "sched_setaffinity", "mkfifo", "posix_spawn", "posix_spawnp", "getloadavg", "set_blocking"),
    *("sysconf", "uname", "nice", "memfd_create", "pidfd_open", "getxattr", "setxattr"),
)
OF_SIGNALS = (
    *("SIGALRM", "SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGSTOP", "SIGCONT", "SIGPIPE", "SIGQUIT"),
    *("pthread_sigmask", "pthread_kill", "sigwait", "setitimer", "alarm", "pause", "SIG_BLOCK", "SIG_SETMASK"),
)
SYSTEM = "unheard-of"
"""What the system calls itself: what is for Linux alone must not be tried."""


def take_away() -> None:
    """Take all of it away from this process; whatever it starts with the same Python does the same."""
    # The library that keeps its own numbers, and whose processes are leaders of nothing here.
    subprocess.Popen.kill = lambda self: self.send_signal(9)  # type: ignore[method-assign]
    start = subprocess.Popen.__init__

    def begin(self: Any, *arguments: Any, start_new_session: bool = False, **more: Any) -> None:
        start(self, *arguments, **more)

    subprocess.Popen.__init__ = begin  # type: ignore[method-assign]
    sysconfig.get_config_vars()
    for name in set(MODULES).difference(NEEDED):
        sys.modules[name] = None  # type: ignore[assignment]
    for module, names in ((os, OF_OS), (signal, OF_SIGNALS), (selectors, ("PollSelector",))):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    os.symlink = _refuse  # type: ignore[assignment]
    _hide_processes()
    sys.platform = SYSTEM


def _refuse(*_: Any, **__: Any) -> None:
    raise OSError(errno.EPERM, "a required privilege is not held by the client")


def _hide_processes() -> None:
    """Let nothing be found in ``/proc``."""
    glob, listdir = pathlib.Path.glob, os.listdir

    def without(self: pathlib.Path, *arguments: Any, **more: Any) -> Iterator[pathlib.Path]:
        return iter(()) if self == pathlib.Path("/proc") else glob(self, *arguments, **more)

    def listed(path: Any = ".") -> Any:
        if str(path).startswith("/proc"):
            raise FileNotFoundError(path)
        return listdir(path)

    pathlib.Path.glob = without  # type: ignore[method-assign]
    os.listdir = listed  # type: ignore[assignment]
