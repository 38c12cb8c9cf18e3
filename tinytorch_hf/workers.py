"""Independent pieces of work on several processes, or on whatever executor the caller brings.

Everything that runs in parallel goes through `results`: seeds of a comparison, submissions of a class. What comes out
depends on the pieces alone, never on how many workers there are or which executor it is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.synchronize import Event
from types import FrameType
from typing import TypeVar

from tinytorch_hf.errors import InvalidArgumentError, TinyTorchHFError

_GUARD = (
    'What starts workers must stand below `if __name__ == "__main__":` in a script, which must be a file: every worker '
    "imports it first."
)

Piece = TypeVar("Piece")
Found = TypeVar("Found")


def results(
    work: Callable[[Piece], Found],
    pieces: Sequence[Piece],
    *,
    workers: int | None = None,
    executor: Executor | None = None,
) -> Iterator[tuple[int, Found]]:
    """The result of each piece of work with the piece's number, each as soon as it is done.

    When the caller stops early, as at Ctrl-C, what has not begun is cancelled. What has begun is ended where processes
    were started here, and left to itself on an executor of the caller's.

    Parameters
    ----------
    work
        A function at the top level of a module, so that another process can import it.
    pieces
        What it is called with; each can be pickled.
    workers
        How many processes; by default as many as there are cores. With 1, or where there is one piece, everything runs
        in this process.
    executor
        Where to run it instead, such as a `concurrent.futures.ThreadPoolExecutor` or Dask's ``client.get_executor()``.
        It is not shut down.

    Raises
    ------
    InvalidArgumentError
        ``workers`` is not at least 1, or given beside ``executor``; or no process could begin, as where a script calls
        this without asking whether it is ``__main__``.
    TinyTorchHFError
        A process that was started for the work was killed.
    """
    check_not_imported_by_worker()
    if workers is not None and executor is not None:
        raise InvalidArgumentError("An executor knows how many workers it has. Leave out workers or executor.")
    if workers is not None and workers < 1:
        raise InvalidArgumentError(f"{workers} workers are too few: it takes at least 1.")
    n_workers = min(workers or os.cpu_count() or 1, len(pieces))
    if executor is not None:
        yield from _as_done(_submitted(executor, work, pieces))
    elif n_workers <= 1:
        yield from ((number, work(piece)) for number, piece in enumerate(pieces))
    else:
        yield from _on_processes(n_workers, work, pieces)


def check_not_imported_by_worker() -> None:
    """Refuse to begin in a worker that is still importing the script that started it: it would do everything again.

    Whatever writes files before it calls `results` asks this first.

    Raises
    ------
    InvalidArgumentError
        The script lacks ``if __name__ == "__main__":``.
    """
    # Python's own mark of a process that is being prepared; `multiprocessing` refuses by it to start more of them.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InvalidArgumentError(f"This was called while a worker was importing the script again. {_GUARD}")


def _on_processes(
    n_workers: int, work: Callable[[Piece], Found], pieces: Sequence[Piece]
) -> Iterator[tuple[int, Found]]:
    # Processes are started anew: a fork copies locks that threads of torch or NumPy hold.
    context = multiprocessing.get_context("spawn")
    has_begun = context.Event()
    with ProcessPoolExecutor(n_workers, context, _begin, (has_begun,)) as pool:
        is_done = False
        try:
            with _ctrl_c_held_back():
                futures = _submitted(pool, partial(_unless_ended, work), pieces)
            yield from _as_done(futures)
            is_done = True
        except BrokenProcessPool as error:
            if not has_begun.is_set():
                raise InvalidArgumentError(
                    f"No worker could begin; what it said stands above. {_GUARD} With 1 worker no process is started."
                ) from error
            raise TinyTorchHFError(
                "A worker ended before its work was done. The system may have killed it, for want of memory: take "
                "fewer workers."
            ) from error
        finally:
            # Leaving waits for what has begun.
            for process in [] if is_done else list((pool._processes or {}).values()):
                process.terminate()


def _submitted(executor: Executor, work: Callable[[Piece], Found], pieces: Sequence[Piece]) -> dict[Future[Found], int]:
    return {executor.submit(work, piece): number for number, piece in enumerate(pieces)}


def _as_done(numbers: dict[Future[Found], int]) -> Iterator[tuple[int, Found]]:
    try:
        for future in as_completed(list(numbers)):
            yield numbers[future], future.result()
    finally:
        for future in numbers:
            with contextlib.suppress(CancelledError, RuntimeError):
                future.cancel()


@contextlib.contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let processes that are started inside begin without Ctrl-C: it goes to them, too, and is for who started them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_ENDING_S = 5.0
# Of a process that was started for work: whether it was told to end, and whether it is at a piece.
_state = {"ended": False, "working": False}


def _begin(has_begun: Event) -> None:
    """In a process that was started for work: one thread, no Ctrl-C, and cleaning up when told to end."""
    has_begun.set()
    # Before NumPy is imported: the cores are taken by pieces of work, and threads of one would wait for another's.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it was killed: nobody would ever tell it to."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        # By then its context managers have ended what it has started.
        time.sleep(_ENDING_S)
        os._exit(1)


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave a piece of work by its context managers, which end what it has started, once; and begin no other.

    Between two pieces nothing is left: the process goes when its executor tells it to, and breaks nothing.
    """
    _state["ended"] = True
    if _state["working"]:
        _state["working"] = False
        sys.exit()


def _unless_ended(work: Callable[[Piece], Found], piece: Piece) -> Found:
    _state["working"] = True
    try:
        if _state["ended"]:
            sys.exit()
        return work(piece)
    finally:
        _state["working"] = False
