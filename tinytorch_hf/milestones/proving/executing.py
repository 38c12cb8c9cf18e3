"""Executing the part of a script that loads data, in a process that is guarded."""

from __future__ import annotations

import ast
import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.formats.strict_json import JsonError, parse_json
from tinytorch_hf.milestones import DatasetManager, TinyDigits
from tinytorch_hf.milestones.proving import confinement
from tinytorch_hf.milestones.proving.guard import Guard
from tinytorch_hf.milestones.proving.plan import SEEN, Load, plan
from tinytorch_hf.student.answers import Answer, AnswerError, parse

# What scripts import, imported once for all of them.
_USUAL = (DatasetManager, TinyDigits)
NO_DATA = "data"
NETWORK = "network"
"""What an answer says is not there, and what else there is none of."""

CAN_COPY = hasattr(os, "fork")
"""Whether each script can have a process of its own that is a copy of this one, which is made faster."""

CACHE = ".cache"
"""Name of the folder in the copy of a checkout that is the script's cache."""

_DEEPEST = 4
_LONGEST_ANSWER = 1 << 20
_MOST_PARTS = 50
# Texts that are shorter than that are names and labels.
_SHORTEST_TEXT = 100
# A permission may be missing because it was taken away.
_NOT_OF_DATA = (PermissionError, ImportError, NameError, AttributeError, TypeError, NotImplementedError, MemoryError)


def execute(request: Mapping[str, Any]) -> Answer:
    """Load what a script loads, in a process of its own where the system can copy this one.

    The request names the ``script`` and the ``folder`` that it and its data have been copied into. The answer is
    "results" with a list for each array or text, as `described` makes it; or "crash" with what was raised or refused,
    and in ``unbuilt`` `NETWORK` or `NO_DATA` if that means that the script does not get its data.
    """
    if not CAN_COPY:
        return _execute(request)
    reading, writing = os.pipe()
    number = os.fork()
    if number == 0:
        try:
            text = json.dumps(_execute(request).as_json())
            with os.fdopen(writing, "w") as pipe:
                pipe.write(text)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        received = pipe.read(_LONGEST_ANSWER)
    os.waitpid(number, 0)
    if not received:
        return Answer("crash", message="it ended the process in which it was to load its data")
    try:
        return parse(parse_json(received, with_half_pairs=True))
    except (JsonError, AnswerError) as error:
        return Answer("crash", message=f"what it loaded could not be told: {error}")


def _execute(request: Mapping[str, Any]) -> Answer:
    script, folder = Path(request["script"]), Path(request["folder"])
    os.environ |= {"HOME": str(folder), "TMPDIR": str(folder), "TINYTORCH_HF_CACHE": str(folder / CACHE)}
    os.environ |= {"MPLBACKEND": "Agg", "TERM": "dumb"}
    os.environ.pop("TINYTORCH_AUTO_DOWNLOAD", None)
    # As Python does with a script: its own folder is on the path, and the checkout only if the script puts it there.
    sys.path[:] = [str(script.parent), *(entry for entry in sys.path if entry != str(folder.parent))]
    sys.argv = [str(script)]
    sys.dont_write_bytecode = True
    os.chdir(folder)
    planned = plan(ast.parse(script.read_bytes()))
    code = compile(planned.code, str(script), "exec")
    confinement.change_only(folder)
    guard = Guard(folder)
    guard.start()
    found = _Found()
    error = kind = ""
    lacks_module = False
    try:
        space: dict[str, Any] = {"__name__": "__main__", "__file__": str(script), SEEN: found.see}
        exec(code, space)  # noqa: S102 -- this is what the process is for
        for load in planned.loads:
            _load(load, space, found)
    except BaseException as raised:
        error, kind = _told(raised, script), _kind(raised, folder)
        lacks_module = isinstance(raised, ImportError)
    if guard.connections:
        return Answer("crash", message=f"it asks the network for {guard.connections[0]}", unbuilt=NETWORK)
    if error and guard.others and not lacks_module:
        # What was refused and not missed has not happened, and is no reason to doubt what was loaded; nor is it the
        # reason why a module is not installed.
        return Answer("crash", message=f"it {guard.others[0]}")
    if error:
        return Answer("crash", message=error, unbuilt=kind)
    return Answer("results", results=found.results)


class _LeftEarlyError(AttributeError):
    """A part of a function returned before it had loaded anything."""


class _Found:
    """Arrays and texts that were loaded, each once."""

    def __init__(self) -> None:
        self.results: dict[str, list[Any]] = {}
        self._known: list[tuple[Any, str]] = []

    def see(self, name: str, value: Any) -> Any:
        """Take up what is in a value, and give the value back."""
        for part, entry, inner in described(name, value):
            before = next((key for known, key in self._known if inner is known), None)
            if before is not None and part.isidentifier() and not before.isidentifier():
                # The script has a name for it, which is shorter than the call that gave it.
                self.results.pop(before, None)
                before = None
            if before is None:
                self._known.append((inner, part))
                self.results.setdefault(part, entry)
        return value


def _load(load: Load, space: dict[str, Any], found: _Found) -> None:
    given = space[load.function]() if load.function else space
    if load.names is None:
        found.see("", given)
        return
    if not isinstance(given, dict):
        raise _LeftEarlyError(f"{load.shown} is not reached: the function returns {given!r:.40} before")
    for name in load.names:
        if name in given:
            found.see(name, given[name])


def described(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, list[Any], Any]]:
    """Each array and text in a value: what it is called, what it is like, and itself.

    An array is like ``["array", whether all is finite, dtype, *shape]``, a text like ``["text", its length]``.
    """
    array = value if isinstance(value, np.ndarray) else getattr(value, "data", None)
    if isinstance(array, np.ndarray):
        is_finite = array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
        yield name, ["array", is_finite, str(array.dtype), *map(int, array.shape)], array
    elif isinstance(value, str):
        if len(value) >= _SHORTEST_TEXT:
            yield name, ["text", len(value)], value
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


def _kind(raised: BaseException, folder: Path) -> str:
    """`NO_DATA`, unless something else than data is missing: a module, or a part of the student's package."""
    if isinstance(raised, _NOT_OF_DATA):
        return ""
    frames = traceback.extract_tb(raised.__traceback__)
    package, datasets = folder / "tinytorch", folder / "tinytorch" / "datasets"
    place = Path(frames[-1].filename) if frames else folder
    is_of_package = package in place.parents and datasets not in (*place.parents, place.with_suffix(""))
    return "" if is_of_package else NO_DATA


def _told(raised: BaseException, script: Path) -> str:
    """What was raised, and at which line of the script."""
    lines = [frame.lineno for frame in traceback.extract_tb(raised.__traceback__) if frame.filename == str(script)]
    where = f" (line {lines[-1]})" if lines else ""
    if isinstance(raised, SystemExit):
        return f"it ends itself with the exit status {raised.code}{where}"
    kind = "" if isinstance(raised, _LeftEarlyError) else f"{type(raised).__name__}: "
    return f"{kind}{raised}{where}"
