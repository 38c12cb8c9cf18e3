"""The process in which a student's package runs: it takes a request a line on standard input and answers each.

What the package itself prints goes nowhere, and reading standard input gives it nothing.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from tinytorch_hf.check import wire
from tinytorch_hf.check.cases import CASES
from tinytorch_hf.student.frameworks import import_autograd, import_package, import_part, is_absent, package_location
from tinytorch_hf.student.mapping import FrameworkMap, parse_map
from tinytorch_hf.student.view import DiffersError, Student, UnbuiltError


def main() -> None:
    """Answer requests until standard input ends."""
    requests, replies, stacks = _private_channels()
    _send(replies, {"ready": True})
    session: Session | None = None
    for line in requests:
        request = json.loads(line)
        if session is None:
            session = Session(parse_map(request["map"], "the map"))
        # If the student's code loops, this tells the parent where, and ends the process even if the parent is gone.
        faulthandler.dump_traceback_later(request["limit_s"], exit=True, file=stacks)
        answer = session.answer(request)
        faulthandler.cancel_dump_traceback_later()
        _send(replies, answer)


def _send(replies: TextIO, answer: dict[str, Any]) -> None:
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


def _private_channels() -> tuple[TextIO, TextIO, TextIO]:
    """Standard input, output and error for the protocol and for stacks alone; the student's code gets none of them."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    stacks = os.fdopen(os.dup(2), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    faulthandler.enable(file=stacks)
    return requests, replies, stacks


class Session:
    """The package under test, once it is imported."""

    def __init__(self, framework_map: FrameworkMap) -> None:
        self._map = framework_map
        self._package: ModuleType | None = None
        self._student: Student | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What comes of a request; whatever the package raises is part of the answer."""
        asked: dict[str, Callable[[Any], dict[str, Any]]] = {"open": self._open, "find": self._find, "run": self._run}
        try:
            return asked[request["ask"]](request)
        except UnbuiltError as error:
            return {"missing": str(error)}
        except NotImplementedError as error:
            return {"missing": f"not implemented yet{f': {error}' if str(error) else ''}"}
        except DiffersError as error:
            return {"differs": str(error)}
        except (Exception, SystemExit) as error:
            return {"crash": _message(error), "where": self._where(error)}

    def _open(self, _: Any) -> dict[str, Any]:
        """Import the package; say what it is."""
        name = self._map.package
        try:
            self._package = import_package(name)
        except ModuleNotFoundError as error:
            if is_absent(error, name):
                return {"absent": name}
            raise
        version = getattr(self._package, "__version__", None)
        return {
            "package": f"{name} {version}" if isinstance(version, str) else name,
            "location": package_location(self._package),
        }

    def _find(self, request: dict[str, Any]) -> dict[str, Any]:
        """Whether a part is built."""
        name = request["name"]
        if name == "autograd":
            # A module that does not import is reported for what it is.
            import_autograd(self._opened())
            return {"found": self._the_student().has_autograd}
        if "." in name:
            # Of a tensor, as the part may be a function that makes one.
            return {"found": hasattr(self._the_student().tensor([0.0]), name.partition(".")[2])}
        return {"found": self._part(name) is not None}

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Run a case on the inputs that come with the request."""
        results = CASES[request["case"]].tinytorch(self._the_student(), wire.decode(request["inputs"]))
        return {"results": wire.encode(results)}

    def _the_student(self) -> Student:
        if self._student is None:
            self._student = Student(self._part, self._map.conventions, self._autograd_is_built())
        return self._student

    def _opened(self) -> ModuleType:
        if self._package is None:
            self._package = import_package(self._map.package)
        return self._package

    def _autograd_is_built(self) -> bool:
        with contextlib.suppress(Exception, SystemExit):
            return import_autograd(self._opened()) is not None
        return False

    def _part(self, name: str) -> Any:
        try:
            return import_part(self._opened(), name, self._map.names.get(name))
        except ImportError as error:
            if self._is_later_module(error):
                raise UnbuiltError(f"no {name}: {error}") from error
            raise

    def _is_later_module(self, error: ImportError) -> bool:
        """Whether what could not be imported is a part of the package itself, which is not built yet."""
        return (error.name or "").split(".")[0] == self._map.package.split(".")[0]

    def _where(self, error: BaseException) -> str:
        """File and line, below the package's folder, at which it went wrong; nothing if that is nowhere there."""
        if isinstance(error, SyntaxError) and error.filename:
            return f"{error.filename}:{error.lineno}"
        if self._package is None:
            # It did not import: its own frames are the last that are neither ours nor importlib's.
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_foreign(frame.filename)]
        else:
            folder = Path(package_location(self._package))
            places = traceback.extract_tb(error.__traceback__)
            frames = [frame for frame in places if folder in Path(frame.filename).parents]
        return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


_OURS = Path(__file__).parents[1]


def _is_foreign(filename: str) -> bool:
    return not filename.startswith("<frozen") and "importlib" not in filename and _OURS not in Path(filename).parents


def _message(error: BaseException) -> str:
    """The last line of the traceback."""
    return "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
