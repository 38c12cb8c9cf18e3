"""What code that is not ours does to the whole process, kept apart from what is ours while it runs in this one.

It is not protection: code that wants to can change everything here. Nothing of this module needs a thread or another
process, or NumPy where it is not there.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, NoReturn

NOT_ISOLATED = "not isolated: no time limits, and this verdict can be forged"
"""What every report says of code that ran in the process which judges it."""

# What they start with, where it is not what is here: as in a fresh process.
_AT_FIRST = {
    "writes no bytecode": True,
    "NumPy's errors": {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"},
}


class Apart:
    """The state of the process for code that is not ours: it finds what it left, and we find what we left.

    Parameters
    ----------
    path
        Python's path as that code finds it at first.
    """

    def __init__(self, path: Iterable[str]) -> None:
        self._theirs: dict[str, Any] = {**_AT_FIRST, "path": list(path)}
        self._are_running = False
        self._was_interrupted = False

    def was_interrupted(self) -> bool:
        """Whether the user pressed Ctrl-C: whoever raises a KeyboardInterrupt otherwise has made it himself."""
        return self._was_interrupted

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Their state while they run. What they print goes nowhere, and reading standard input gives them nothing.

        Raises
        ------
        KeyboardInterrupt
            The user pressed Ctrl-C, whatever they made of it.
        """
        with self._watching_for_interrupts(), warnings.catch_warnings(), _silent(), self._swapped():
            self._are_running = True
            # It would end the process that judges, with the exit status of agreement.
            leave, os._exit = os._exit, _leaving
            try:
                yield
            finally:
                os._exit = leave
                self._are_running = False
        if self._was_interrupted:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def _watching_for_interrupts(self) -> Iterator[None]:
        """Note Ctrl-C; where another thread runs than the main one, or nobody listens for it, none comes."""
        before = signal.getsignal(signal.SIGINT)

        def note(number: int, frame: FrameType | None) -> None:
            self._was_interrupted = True
            # While our state is being put back it waits.
            if self._are_running and callable(before):
                before(number, frame)

        is_watching = False
        if callable(before):
            with contextlib.suppress(ValueError):
                signal.signal(signal.SIGINT, note)
                is_watching = True
        try:
            yield
        finally:
            if is_watching:
                signal.signal(signal.SIGINT, before)

    @contextlib.contextmanager
    def _swapped(self) -> Iterator[None]:
        folder = os.getcwd()  # noqa: PTH109 -- it is put back as it is
        ours = _state()
        try:
            _put({**ours, **self._theirs})
            yield
        finally:
            theirs = _state()
            self._theirs = theirs if isinstance(theirs["path"], list) else {**theirs, "path": list(ours["path"])}
            _put(ours)
            with contextlib.suppress(OSError):
                os.chdir(folder)


def _leaving(status: int) -> NoReturn:
    raise SystemExit(f"os._exit({status!r}) was called")


def _pieces() -> dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """What is kept apart, each with how it is read and how it is set."""
    pieces: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
        # The list itself, so that what is appended stays with who appends it.
        "path": (lambda: sys.path, lambda path: setattr(sys, "path", path)),
        "writes no bytecode": (lambda: sys.dont_write_bytecode, lambda flag: setattr(sys, "dont_write_bytecode", flag)),
        "recursion limit": (sys.getrecursionlimit, _set_recursion_limit),
        "environment": (lambda: dict(os.environ), _set_environment),
        "random": (random.getstate, random.setstate),
    }
    numpy: Any = sys.modules.get("numpy")
    if hasattr(numpy, "seterr"):
        pieces["NumPy's errors"] = (numpy.geterr, lambda errors: numpy.seterr(**errors))
        pieces["NumPy's texts"] = (numpy.get_printoptions, lambda options: numpy.set_printoptions(**options))
    drawing: Any = sys.modules.get("numpy.random")
    if hasattr(drawing, "set_state"):
        pieces["NumPy's random"] = (drawing.get_state, drawing.set_state)
    return pieces


def _state() -> dict[str, Any]:
    return {name: read() for name, (read, _) in _pieces().items()}


def _put(state: dict[str, Any]) -> None:
    for name, (_, put) in _pieces().items():
        if name in state:
            put(state[name])


def _set_recursion_limit(limit: int) -> None:
    # It is refused where more is already in use.
    with contextlib.suppress(RecursionError):
        sys.setrecursionlimit(limit)


def _set_environment(wanted: dict[str, str]) -> None:
    if dict(os.environ) != wanted:
        os.environ.clear()
        os.environ.update(wanted)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Give standard input, output and error to nobody, by Python's names and by their numbers."""
    ours = sys.stdin, sys.stdout, sys.stderr
    for stream in ours[1:]:
        if stream is not None:
            stream.flush()
    with (
        open(os.devnull, encoding="utf-8") as nothing,  # noqa: PTH123 -- it is a device
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123
        _redirected(nothing.fileno(), nowhere.fileno()),
    ):
        sys.stdin, sys.stdout, sys.stderr = nothing, nowhere, nowhere
        try:
            yield
        finally:
            # What was written to the streams below ours, and waits there, is theirs.
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    with contextlib.suppress(OSError, ValueError):
                        stream.flush()
            sys.stdin, sys.stdout, sys.stderr = ours


@contextlib.contextmanager
def _redirected(nothing: int, nowhere: int) -> Iterator[None]:
    """Let the numbers 0, 1 and 2 be these files, where the system has such numbers."""
    kept: dict[int, int] = {}
    try:
        for standard, instead in ((0, nothing), (1, nowhere), (2, nowhere)):
            with contextlib.suppress(OSError):
                kept[standard] = os.dup(standard)
                os.dup2(instead, standard)
        yield
    finally:
        for standard, before in kept.items():
            with contextlib.suppress(OSError):
                os.dup2(before, standard)
            with contextlib.suppress(OSError):
                os.close(before)
