"""The partial file that a download grows in, with limits on its size and on how slowly it may come."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from tinytorch_hf.acquire.reasons import Failure
from tinytorch_hf.errors import StorageError
from tinytorch_hf.files.opening import kind_of, refuse_links_of_others
from tinytorch_hf.shown import printable, to_terminal


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    ``connect_s`` is for a connection, ``read_s`` for the next byte, and in every ``slow_s`` seconds at least
    ``slow_bytes_per_s`` bytes a second must come: an old modem's speed, below which nobody waits for a dataset.
    ``waits_s`` are the pauses before further tries of what may pass, such as an overloaded server.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    slow_bytes_per_s: int = 1000
    slow_s: float = 30.0
    waits_s: tuple[float, ...] = (1.0, 4.0)


class Sink:
    """A partial file that a download is written into: it counts, measures the speed and shows the progress."""

    def __init__(self, partial: Path, size_bytes: int, patience: Patience) -> None:
        self.size_bytes, self.first, self.n_bytes, self.is_receiving = size_bytes, 0, 0, False
        self._partial, self._patience = partial, patience
        self._since, self._came = time.monotonic(), 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Sink:
        with self._explained():
            refuse_links_of_others(self._partial.parent)
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            # Not buffered: what has come is in the file when the process is killed.
            self._file: RawIOBase = self._stack.enter_context(os.fdopen(_opened(self._partial), "r+b", buffering=0))
            self.n_bytes = self._file.seek(0, os.SEEK_END)
        self._bar = self._stack.enter_context(_progress_bar(self._partial, self.n_bytes, self.size_bytes))
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._explained():
            self._stack.close()
            if not self.n_bytes:
                self._partial.unlink(missing_ok=True)

    @property
    def missing(self) -> int:
        """How many bytes are still to come."""
        return self.size_bytes - self.n_bytes

    def begin(self, first: int) -> None:
        """Get ready for bytes that begin at a position."""
        with self._explained():
            self._file.seek(first)
            self._file.truncate()
        self.first = self.n_bytes = first
        self.is_receiving = True
        self._since, self._came = time.monotonic(), 0
        self._bar(first)

    def write(self, piece: bytes) -> None:
        """Take what has come."""
        with self._explained():
            rest = memoryview(piece)
            while rest:
                n_written = self._file.write(rest)
                rest = rest[n_written:]
                self.n_bytes += n_written
        self._came += len(piece)
        self._bar(self.n_bytes)
        passed = time.monotonic() - self._since
        if passed >= self._patience.slow_s and self.missing:
            if self._came < self._patience.slow_bytes_per_s * passed:
                raise Failure(f"it is too slow: {self._came / passed:.0f} bytes per second")
            self._since, self._came = time.monotonic(), 0

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._partial} could not be written: {error.strerror or error}. Free some space or choose another "
                "folder with TINYTORCH_HF_CACHE or with a root, then run it again; what has come so far is kept."
            ) from error


def _opened(partial: Path) -> int:
    """Make the partial file or open that of a former try, but never write through a link into another file."""
    flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        found = partial.lstat()
    except FileNotFoundError:
        return os.open(partial, flags | os.O_CREAT | os.O_EXCL, 0o666)
    if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
        descriptor = os.open(partial, flags | getattr(os, "O_NONBLOCK", 0))
        opened = os.fstat(descriptor)
        # Between the look and the opening, another file may have come there; Windows follows links, too.
        if os.path.samestat(found, opened) and opened.st_nlink <= 1:
            return descriptor
        os.close(descriptor)
    kind = "a hard link" if stat.S_ISREG(found.st_mode) else kind_of(found.st_mode)
    raise StorageError(
        f"{partial} is {kind}, where the beginning of a download belongs. Nothing was changed; move it away, then "
        "run it again."
    )


class _Drawn:
    """Standard error for what is drawn over itself."""

    def write(self, text: str) -> None:
        """Write a text; its carriage returns are ours, so that the terminal may obey them."""
        sys.stderr.write(text.replace("\r", to_terminal("\r")))

    def flush(self) -> None:
        """Show what was written."""
        sys.stderr.flush()

    def fileno(self) -> int:
        """The terminal's, from which its width is asked."""
        return sys.stderr.fileno()


@contextlib.contextmanager
def _progress_bar(partial: Path, n_bytes: int, size_bytes: int) -> Iterator[Callable[[int], None]]:
    """Show how many bytes are there, on a terminal alone; gives the function that is told."""
    if not sys.stderr.isatty():
        yield lambda _n_bytes: None
        return
    from tqdm import tqdm

    name = printable(partial.with_suffix("").stem)
    given = {"desc": name, "unit": "B", "unit_scale": True, "leave": False, "file": _Drawn()}
    with tqdm(total=size_bytes, initial=n_bytes, **given) as bar:

        def show(n_bytes: int) -> None:
            if n_bytes < bar.n:
                bar.reset()
            bar.update(n_bytes - bar.n)

        yield show
