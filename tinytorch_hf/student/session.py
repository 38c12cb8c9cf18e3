"""A student's package inside its own process: imported, looked through, and every error told for what it is."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.frameworks import import_autograd, import_package, import_part, is_absent, package_location
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.view import Student, UnbuiltError

Handler = Callable[[dict[str, Any]], Answer]


class Session:
    """The package under test, once it is imported; it answers "open" and "find", and what a command adds.

    Parameters
    ----------
    framework_map
        Which package, and where its parts are.
    """

    def __init__(self, framework_map: FrameworkMap) -> None:
        self._map = framework_map
        self._package: ModuleType | None = None
        self._student: Student | None = None

    def handlers(self) -> Mapping[str, Handler]:
        """What can be asked for, by the request's ``ask``."""
        return {"open": self._open, "find": self._find}

    def answer(self, request: dict[str, Any]) -> Answer:
        """What comes of a request; whatever the package raises is part of the answer."""
        try:
            return self.handlers()[request["ask"]](request)
        except UnbuiltError as error:
            return Answer("missing", message=str(error))
        except NotImplementedError as error:
            return Answer("missing", message=f"not implemented yet{f': {error}' if str(error) else ''}")
        except (Exception, SystemExit) as error:
            return Answer("crash", message=_message(error), where=self._where(error))

    def _open(self, _: Any) -> Answer:
        """Import the package; say what it is."""
        name = self._map.package
        try:
            self._package = import_package(name)
        except ModuleNotFoundError as error:
            if is_absent(error, name):
                return Answer("absent", message=name)
            raise
        version = getattr(self._package, "__version__", None)
        return Answer(
            "opened",
            package=f"{name} {version}" if isinstance(version, str) else name,
            location=package_location(self._package),
        )

    def _find(self, request: dict[str, Any]) -> Answer:
        """Whether a part is built."""
        name = request["name"]
        if name == "autograd":
            # A module that does not import is reported for what it is.
            import_autograd(self._opened())
            return Answer("found", found=self.student().has_autograd)
        if "." in name:
            # Of a tensor, as the part may be a function that makes one.
            return Answer("found", found=hasattr(self.student().tensor([0.0]), name.partition(".")[2]))
        return Answer("found", found=self._part(name) is not None)

    def student(self) -> Student:
        """The view of the package."""
        if self._student is None:
            # In some generations tensors take gradients only once it has been imported.
            with contextlib.suppress(Exception, SystemExit):
                import_autograd(self._opened())
            self._student = Student(self._part, self._map.conventions)
            self._student.is_mapped = self._map != FrameworkMap(self._map.package)
        return self._student

    def _opened(self) -> ModuleType:
        if self._package is None:
            self._package = import_package(self._map.package)
        return self._package

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
