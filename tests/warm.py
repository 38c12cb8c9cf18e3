"""An interpreter that has imported torch, and runs each program that it is told to in a process forked from itself.

It reads an order a line, as JSON: arguments as after ``python``, environment, working folder, files for the output.
When a program has ended, its exit status is printed.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import signal
import sys
from typing import Any

LIMIT_S = 120


def orders() -> dict[str, Any]:
    """Wait for orders; it is in the forked processes, each with its own order, that this returns."""
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        process = os.fork()
        if process == 0:
            return order
        _, status = os.waitpid(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    os._exit(0)


def become(order: dict[str, Any]) -> None:
    """Make of this process what a fresh interpreter would be."""
    signal.alarm(LIMIT_S)
    for descriptor, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, order["stdout"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["stderr"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(name, flags, 0o600), descriptor)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    # The first entry is this file's folder.
    sys.path[:1] = ["", *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def run(option: str, what: str, *arguments: str) -> None:
    """As ``python -c program ...`` or ``python -m module ...``."""
    sys.argv = [option, *arguments]
    if option == "-c":
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 -- a test's program
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


def run_to_its_end(option: str, what: str, *arguments: str) -> None:
    """As `run`, then end this process as it is, with the status with which an interpreter would end."""
    status = 1
    # What is registered last is called first: handlers of the program are called before.
    atexit.register(lambda: leave(status))
    try:
        run(option, what, *arguments)
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
    gc.disable()
    # With all of torch that torchvision imports, which is most of what its import costs.
    import torch._dynamo  # noqa: F401

    # What is here stays: a collection in a forked process would copy it, to find nothing.
    gc.freeze()
    ordered = orders()
    gc.enable()
    become(ordered)
    run_to_its_end(*ordered["arguments"])
