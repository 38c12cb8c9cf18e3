"""The command's output: whatever is printed goes through one place, which shows no secrets and obeys nobody."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from tinytorch_hf import shown


class Guard:
    """A text stream that writes to another one what people may be shown of a text; see `tinytorch_hf.shown`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._secrets = shown.secrets_of(os.environ)

    def write(self, text: str) -> int:
        """Write a text, without secrets and printable; gives the number of its characters."""
        self._stream.write(shown.guarded(text, self._secrets))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write texts one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Guard what is written to standard output and standard error, by whomever.

    Where a stream was closed, what is written goes to nowhere; what its encoding lacks is written as escapes. An
    exception that nobody expects ends the program outside: its traceback is guarded, too.
    """
    _make_usable()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (Guard(stream) for stream in (sys.stdout, sys.stderr))
    shown.guards(+1)
    try:
        yield
    except Exception:
        _guard_traceback()
        raise
    finally:
        shown.guards(-1)
        sys.stdout, sys.stderr = before


def _make_usable() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- it stays open
        elif getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _guard_traceback() -> None:
    """Let Python print the traceback of what ends the program as everything else is printed."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.excepthook = before
        if sys.stderr is not None:
            sys.stderr = Guard(sys.stderr)
        before(kind, error, trace)

    sys.excepthook = hook
