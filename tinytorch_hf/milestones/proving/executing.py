"""Executing the part of a script that loads data, in a process that is guarded."""

from __future__ import annotations

import ast
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.milestones.proving.guard import Guard
from tinytorch_hf.milestones.proving.plan import Load, plan
from tinytorch_hf.student.answers import Answer

_DEEPEST = 4
_MOST_PARTS = 50
# Texts that are shorter than that are names and labels.
_SHORTEST_TEXT = 100
_MISSING = "missing "


def execute(request: Mapping[str, Any]) -> Answer:
    """Load what a script loads.

    The request names the ``script`` and the ``folder`` that it and its data have been copied into. The answer is
    "results" with a list for each array or text, as `described` makes it; or "crash" with what was raised, and in
    ``unbuilt`` "network" or "guard" if something was refused, or the kind of error.
    """
    script, folder = Path(request["script"]), Path(request["folder"])
    os.environ |= {"HOME": str(folder), "TMPDIR": str(folder), "TINYTORCH_HF_CACHE": str(folder / ".cache")}
    os.environ |= {"MPLBACKEND": "Agg", "TERM": "dumb"}
    os.environ.pop("TINYTORCH_AUTO_DOWNLOAD", None)
    sys.argv = [str(script)]
    sys.dont_write_bytecode = True
    os.chdir(folder)
    planned = plan(ast.parse(script.read_bytes()))
    code = compile(planned.code, str(script), "exec")
    guard = Guard(folder)
    guard.start()
    found: dict[str, Any] = {}
    error = ""
    kind = ""
    try:
        space: dict[str, Any] = {"__name__": "__main__", "__file__": str(script), "__builtins__": __builtins__}
        exec(code, space)  # noqa: S102 -- this is what the process is for
        for load in planned.loads:
            found |= _load(load, space)
    except BaseException as raised:
        error, kind = _told(raised, script), type(raised).__name__
        kind = _MISSING + str(raised.name) if isinstance(raised, ModuleNotFoundError) and raised.name else kind
    if guard.connections:
        return Answer("crash", message=f"it asks the network for {guard.connections[0]}", unbuilt="network")
    if guard.others:
        return Answer("crash", message=f"it {guard.others[0]}", unbuilt="guard")
    if error:
        return Answer("crash", message=error, unbuilt=kind)
    return Answer("results", results=found)


def _load(load: Load, space: dict[str, Any]) -> dict[str, Any]:
    given = space[load.function]() if load.function else space
    if load.names is None:
        parts = {load.shown: given}
    elif given is None:
        return {}
    else:
        parts = {name: given[name] for name in load.names if name in given}
    return {name: entry for part, value in parts.items() for name, entry in described(part, value)}


def described(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Each array and text in a value.

    Of an array it is ``["array", whether all is finite, dtype, *shape]``, of a text ``["text", its length]``.
    """
    array = value if isinstance(value, np.ndarray) else getattr(value, "data", None)
    if isinstance(array, np.ndarray):
        is_finite = array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
        yield name, ["array", is_finite, str(array.dtype), *map(int, array.shape)]
    elif isinstance(value, str):
        if len(value) >= _SHORTEST_TEXT:
            yield name, ["text", len(value)]
    elif depth < _DEEPEST:
        for part, inner in list(_parts(name, value))[:_MOST_PARTS]:
            yield from described(part, inner, depth + 1)


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{name}[{key!r}]", inner) for key, inner in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"{name}[{index}]", inner) for index, inner in enumerate(value))
    elif hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        yield from ((f"{name}.{key}", inner) for key, inner in vars(value).items())


def _told(raised: BaseException, script: Path) -> str:
    """What was raised, and at which line of the script."""
    lines = [frame.lineno for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == str(script)]
    where = f" (line {lines[-1]})" if lines else ""
    if isinstance(raised, SystemExit):
        return f"it ends itself with the exit status {raised.code}{where}"
    return f"{type(raised).__name__}: {raised}{where}"
