"""A bar that shows how far something is, on a terminal, for what takes longer than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TextIO

from tinytorch_hf.shown import to_terminal

_AFTER_S = 1.0
_EVERY_S = 0.1
_WIDTH = 24
_CLEARED = "\r\x1b[K"


class Bar:
    """A bar on standard error; in files and pipes it draws nothing. A context manager that wipes it away at the end.

    Parameters
    ----------
    stream
        Where it is drawn, by default standard error.
    after_s
        For how long nothing is drawn, by default a second.
    """

    def __init__(self, stream: TextIO | None = None, after_s: float | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._is_watched = self._stream.isatty()
        self._next = time.monotonic() + (_AFTER_S if after_s is None else after_s)
        self._is_drawn = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def show(self, done: int, total: int, what: str = "") -> None:
        """Say how many pieces of how many are done, and what they are; drawn at most ten times a second."""
        now = time.monotonic()
        if not self._is_watched or now < self._next:
            return
        self._next = now + _EVERY_S
        done = min(max(done, 0), total)
        filled = _WIDTH * done // max(total, 1)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        self._stream.write(f"{to_terminal(_CLEARED)}[{bar}] {done}/{total} {what}".rstrip())
        self._stream.flush()
        self._is_drawn = True

    def clear(self) -> None:
        """Wipe it away, so that something else can be printed in its place."""
        if self._is_drawn:
            self._stream.write(to_terminal(_CLEARED))
            self._stream.flush()
            self._is_drawn = False


class Phases:
    """What is being done, a line for each phase as it begins, in files and pipes; a terminal has a `Bar` instead.

    Parameters
    ----------
    hints
        How long some phases take.
    stream
        Where it is written, by default standard error.
    """

    def __init__(self, hints: Mapping[str, str], stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._hints = hints
        self._last = ""

    def begin(self, what: str, total: int) -> None:
        """Say which phase it is, and how many steps it has, if it is another one than before."""
        if what == self._last or self._stream.isatty():
            return
        self._last = what
        said = [f"{total} steps"] if total > 1 else []
        said += [self._hints[what]] if what in self._hints else []
        words = f" ({'; '.join(said)})" if said else ""
        self._stream.write(f"{what}{words}\n")
        self._stream.flush()
