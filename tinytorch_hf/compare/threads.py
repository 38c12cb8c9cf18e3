"""How many threads PyTorch computes on while it is compared."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from tinytorch_hf.judging.judges import chosen

_LOCK = threading.Lock()
# How many comparisons run in this process now, and how many threads torch had before the first of them.
_running: list[int] = []


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread: on matrices this small, several only wait for each other.

    The number is the process's. Where comparisons run in several threads of it, the last that ends gives it back.
    """
    if chosen() != "torch":
        yield
        return
    import torch

    with _LOCK:
        _running.append(_running[0] if _running else torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _LOCK:
            before = _running.pop()
            if not _running:
                torch.set_num_threads(before)
