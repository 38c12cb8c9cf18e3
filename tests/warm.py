"""An interpreter that has imported torch, and runs each program that it is told to in a process forked from itself.

One serves all workers of a run of the tests, until the last of them has closed its connection; `warm_client.py` is
their side. It is started with two sockets: behind the first nothing but torch is imported, behind the second also what
`datasets` needs, which is most of what its import costs. It cannot be imported itself: it looks at the environment.

An order is a line of JSON: arguments as after ``python``, environment, working folder, files for input and output.
The answer is the id of the process, and its exit status when it has ended.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import IO, Any

LIMIT_S = 120
NEEDED_BY_DATASETS = (
    *("pandas", "pyarrow", "pyarrow.parquet", "pyarrow.dataset", "pyarrow.json", "pyarrow.csv"),
    *(
        "PIL.Image",
        "PIL.PngImagePlugin",
        "fsspec",
        "fsspec.asyn",
        "multiprocess",
        "dill",
        "xxhash",
        "yaml",
        "tqdm.auto",
        "filelock",
        "packaging.version",
    ),
    # Of these releases of huggingface_hub need one or another.
    *("requests", "httpx", "httpx2", "xml.etree.ElementTree"),
)


class Server:
    """Takes orders until everybody who might give one has gone."""

    def __init__(self, listening: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(listening, selectors.EVENT_READ, self._accept)
        self._n_open = 0
        # Who has started this was connected before.
        self._accept(listening)

    def order(self) -> Any:
        """Wait for orders; returned are an order, in each process that is forked for one, and None in the end."""
        while self._n_open:
            for key, _ in self._selector.select():
                order = key.data(key.fileobj)
                if order is not None:
                    return order
        return None

    def _accept(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        lines = connection.makefile("rw", encoding="utf-8")
        self._selector.register(connection, selectors.EVENT_READ, partial(self._take, lines))
        self._n_open += 1

    def _take(self, lines: IO[str], connection: socket.socket) -> Any:
        line = lines.readline()
        if not line:
            self._selector.unregister(connection)
            connection.close()
            lines.close()
            self._n_open -= 1
            return None
        process = os.fork()
        if process == 0:
            self._close()
            return json.loads(line)
        answer(lines, process)
        self._selector.register(os.pidfd_open(process), selectors.EVENT_READ, partial(self._report, process, lines))
        return None

    def _report(self, process: int, lines: IO[str], ended: int) -> None:
        self._selector.unregister(ended)
        os.close(ended)
        _, status = os.waitpid(process, 0)
        answer(lines, os.waitstatus_to_exitcode(status))

    def _close(self) -> None:
        """In a forked process: nothing of the server's stays open."""
        opened = [key.fileobj for key in self._selector.get_map().values()]
        self._selector.close()
        for one in opened:
            os.close(one.detach() if isinstance(one, socket.socket) else one)  # type: ignore[arg-type] -- a number


def answer(lines: IO[str], number: int) -> None:
    """Write a line, unless nobody reads it any more."""
    with contextlib.suppress(BrokenPipeError):
        lines.write(f"{number}\n")
        lines.flush()


def serve(with_torch: socket.socket, with_libraries: socket.socket) -> Any:
    """Import, and serve both sockets, each from a process of its own; returns orders as `Server.order` does."""
    gc.disable()
    # With all of torch that torchvision imports, which is most of what its import costs. Sessions that try releases of
    # Hugging Face's library have no torch, and need only what is behind the second socket.
    with contextlib.suppress(ImportError):
        importlib.import_module("torch._dynamo")
    other = os.fork()
    serves_libraries = other == 0
    if serves_libraries:
        for name in NEEDED_BY_DATASETS:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    # What is here stays: a collection in a forked process would copy it, to find nothing.
    gc.freeze()
    (with_torch if serves_libraries else with_libraries).close()
    order = Server(with_libraries if serves_libraries else with_torch).order()
    if order is None:
        if not serves_libraries:
            os.waitpid(other, 0)
        os._exit(0)
    gc.enable()
    return order


def become(order: dict[str, Any]) -> None:
    """Make of this process what a fresh interpreter would be."""
    signal.alarm(LIMIT_S)
    for descriptor, name, flags in (
        (0, order["stdin"], os.O_RDONLY),
        (1, order["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    # The first entry is this file's folder.
    sys.path[:1] = ["", *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def run(option: str, *arguments: str) -> None:
    """As ``python -c program ...``, ``python -m module ...`` or ``python script ...``."""
    sys.argv = [option, *arguments[1:]]
    if option == "-c":
        exec(compile(arguments[0], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 -- a test's program
    elif option == "-m":
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [option, *arguments]
        sys.path[0] = str(Path(option).resolve().parent)
        runpy.run_path(option, run_name="__main__")


def run_to_its_end(*arguments: str) -> None:
    """As `run`, then end this process as it is, with the status with which an interpreter would end."""
    status = 1
    # What is registered last is called first: handlers of the program are called before.
    atexit.register(lambda: leave(status))
    try:
        run(*arguments)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise


def leave(status: int) -> None:
    """What torch has filled a memory with is not taken apart: that takes longer than most programs."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    ordered = serve(*(socket.socket(fileno=int(descriptor)) for descriptor in sys.argv[1:]))
    become(ordered)
    run_to_its_end(*ordered["arguments"])
