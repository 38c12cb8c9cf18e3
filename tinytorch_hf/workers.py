"""Independent pieces of work on several processes, or on whatever executor the caller brings.

Everything that runs in parallel goes through `results`: seeds of a comparison, submissions of a class. What comes out
depends on the pieces alone, never on how many workers there are or which executor it is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, as_completed
from typing import TypeVar

from tinytorch_hf.errors import InvalidArgumentError

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

    When the caller stops early, as at Ctrl-C, what has not begun is cancelled.

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
        ``workers`` is not at least 1, or given beside ``executor``.
    """
    if workers is not None and executor is not None:
        raise InvalidArgumentError("An executor knows how many workers it has. Leave out workers or executor.")
    if workers is not None and workers < 1:
        raise InvalidArgumentError(f"{workers} workers are too few: it takes at least 1.")
    n_workers = min(workers or os.cpu_count() or 1, len(pieces))
    if executor is not None:
        yield from _on(executor, work, pieces)
    elif n_workers <= 1:
        yield from ((number, work(piece)) for number, piece in enumerate(pieces))
    else:
        # Processes are started anew: a fork copies locks that threads of torch or NumPy hold.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(n_workers, mp_context=context) as pool:
            yield from _on(pool, work, pieces)


def _on(executor: Executor, work: Callable[[Piece], Found], pieces: Sequence[Piece]) -> Iterator[tuple[int, Found]]:
    numbers: dict[Future[Found], int] = {}
    try:
        for number, piece in enumerate(pieces):
            numbers[executor.submit(work, piece)] = number
        for future in as_completed(list(numbers)):
            yield numbers[future], future.result()
    finally:
        for future in numbers:
            with contextlib.suppress(CancelledError, RuntimeError):
                future.cancel()
