"""A student's package inside its own process: imported, looked through, and every error told for what it is."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tinytorch_hf.student import expressions, faults, parts, standin
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.frameworks import (
    has_no_tensor,
    import_autograd,
    import_package,
    is_absent,
    is_laid_out_as_tinytorch,
    package_location,
)
from tinytorch_hf.student.inferring import Inference
from tinytorch_hf.student.mapping import FrameworkMap, as_json
from tinytorch_hf.student.scanning import definitions
from tinytorch_hf.student.unbuilt import Watch, has_unbuilt, modules_of
from tinytorch_hf.student.view import Student, UnbuiltError

Handler = Callable[[dict[str, Any]], Answer]
# Kinds of answers that something may explain which is not implemented yet.
_FAILED = ("crash", "missing", "untried", "misshapen")


class Session:
    """The package under test, once it is imported; it answers "open", "find" and "infer", and what a command adds.

    Parameters
    ----------
    framework_map
        Which package, and where its parts are.
    """

    def __init__(self, framework_map: FrameworkMap) -> None:
        # Whether a KeyboardInterrupt is the user's own Ctrl-C; nobody's reaches a process that is the package's own.
        self.is_interrupted: Callable[[], bool] = lambda: False
        self._map = framework_map
        self._package: ModuleType | None = None
        self._folder = ""
        self._student: Student | None = None
        self._unbuilt: dict[tuple[tuple[str, ...], bool], bool] = {}

    def handlers(self) -> Mapping[str, Handler]:
        """What can be asked for, by the request's ``ask``."""
        return {"open": self._open, "find": self._find, "infer": self._infer}

    def answer(self, request: dict[str, Any]) -> Answer:
        """What comes of a request; whatever the package raises is part of the answer.

        Functions that are not implemented yet are watched for, which takes a few times as long: where the package has
        some that do nothing without a word, where nothing came of it, or where the request asks for that with
        ``watch``.
        """
        # Programs are many, and those that fail are asked for once more, to be watched.
        is_quick = request["ask"] == "programs" and not request.get("watch")
        is_watched = not is_quick and self._has_unbuilt(is_silent=not request.get("watch"))
        if request.get("watch") and not is_watched and self._folder:
            # It has run already, for a difference to be explained; there is nothing to watch for.
            return Answer("results")
        answer = self._attempt(request, is_watched)
        has_failed = answer.kind in _FAILED and bool(self._folder) and not is_watched
        # A module that calls such a function when it is imported was not there to be looked through before.
        if has_failed and (request["ask"] != "run" or self._has_unbuilt()):
            return self._attempt(request, is_watched=True)
        return answer

    def _has_unbuilt(self, is_silent: bool = False) -> bool:
        """Looked through again only when another module was imported, because every request asks."""
        if not self._folder:
            return False
        key = modules_of(self._map.package), is_silent
        if key not in self._unbuilt:
            self._unbuilt[key] = has_unbuilt(self._map.package, self._folder, is_silent)
        return self._unbuilt[key]

    def _attempt(self, request: dict[str, Any], is_watched: bool) -> Answer:
        watch = Watch(self._folder) if is_watched else None
        try:
            # Neither the caller's settings nor the package's turn a warning into an error.
            with warnings.catch_warnings(), watch or contextlib.nullcontext():
                warnings.simplefilter("ignore")
                answer = self.handlers()[request["ask"]](request)
        except BaseException as error:  # it is the student's code that may raise anything, Ctrl-C's exception, too
            if isinstance(error, KeyboardInterrupt) and self.is_interrupted():
                raise
            return self._told(error, watch)
        if watch is not None and watch.asked and answer.kind == "results":
            # What does nothing may well leave everything as it should be; nothing says that it is right, then.
            return Answer("missing", message=faults.unbuilt(watch.asked))
        # A case of several expressions goes on after an error, which it tells as a text.
        lacks = any(
            isinstance(value, str) and value.startswith("AttributeError: ") for value in answer.results.values()
        )
        return dataclasses.replace(answer, stubs=tuple(faults.relevant(watch, AttributeError() if lacks else None)))

    def _told(self, error: BaseException, watch: Watch | None) -> Answer:
        try:
            answer = faults.told(error, self._map.package, self._folder, watch)
            step = expressions.innermost(error)
            is_ours = step is not None and expressions.is_ours(step.tb_frame.f_code.co_filename)
            if self._map.style != "tensors" and is_ours and answer.kind in ("crash", "missing"):
                # An adapter stands between, which has no more than what such a framework can do.
                message = f"it has nothing that this could be tried with: {answer.message}"
                return Answer("untried", message=message)
            if not self._map.is_bare and answer.kind == "crash" and self._folder and expressions.is_refusal(error):
                # Another framework may have limits of its own.
                return Answer("untried", message=f"it refuses this itself: {answer.message}")
            return answer
        except BaseException as problem:
            # An exception of the student's may answer with another to any question.
            return Answer("crash", message=f"an error that cannot be described ({type(problem).__name__})")

    def _open(self, _: Any) -> Answer:
        """Import the package; say what it is."""
        name = self._map.package
        try:
            package = self._opened()
        except ModuleNotFoundError as error:
            if is_absent(error, name):
                return Answer("absent", message=name)
            raise
        version = getattr(package, "__version__", None)
        return Answer(
            "opened",
            package=f"{name} {version}" if isinstance(version, str) else name,
            location=self._folder,
            notes=standin.notes(name),
            found=not self._map.is_bare or self._is_tinytorch(package),
        )

    def _is_tinytorch(self, package: ModuleType) -> bool:
        """Whether what it lacks is not built yet; ``core/layers.py`` is also where layers without tensors may be."""
        if not is_laid_out_as_tinytorch(package) or not has_no_tensor(package):
            return is_laid_out_as_tinytorch(package)
        found = definitions(Path(self._folder), package.__name__)
        return not any({"forward", "backward"} <= set(one.methods) for one in found)

    def _infer(self, _: Any) -> Answer:
        """Find the map of a package that has none; it is used from now on, and given as JSON."""
        inference = Inference(self._opened())
        framework_map = inference.framework_map()
        if framework_map is None:
            return Answer("missing", message="; ".join([*inference.failures.values()][:3]) or "nothing in it computes")
        self._map, self._student, self._unbuilt = framework_map, None, {}
        return Answer("results", results={"map": json.dumps(as_json(framework_map))})

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
            self._student = Student(self._part, parts.conventions_of(self._map))
            self._student.is_mapped = not self._map.is_bare
            self._student.style = self._map.style
            self._student.own_names = self._map.parameters
        return self._student

    def _opened(self) -> ModuleType:
        if self._package is None:
            self._package = import_package(self._map.package)
            self._folder = package_location(self._package)
        return self._package

    def _part(self, name: str) -> Any:
        try:
            return parts.find(self._opened(), self._map, name)
        except ImportError as error:
            if standin.is_unfinished(error, self._map.package):
                raise UnbuiltError(f"no {name}: {error}") from error
            raise
