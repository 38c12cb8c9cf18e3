"""Packages whose ``__init__`` imports modules that are not built yet: their modules are imported without it.

A stand-in takes the package's place among imported modules. It has the name and the path of the package, runs nothing,
and finds what ``__init__`` would have imported where ``__init__`` says that it is.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tinytorch_hf.student.unbuilt import Watch

_notes: dict[str, str] = {}


def notes(package: str) -> tuple[str, ...]:
    """What is to be said of stand-ins for a package and for packages inside it."""
    return tuple(note for name, note in _notes.items() if f"{name}.".startswith(f"{package}."))


def forget() -> None:
    """Say nothing of packages that were looked at before in this process."""
    _notes.clear()


def is_unfinished(error: BaseException, package: str) -> bool:
    """Whether an import fails because a part of the same package is not built yet.

    Modules that import each other in a circle are a fault, though Python reports it in almost the same way.
    """
    if isinstance(error, ImportError):
        is_own = (error.name or "").partition(".")[0] == package.partition(".")[0]
        return is_own and not _is_circular(error)
    return isinstance(error, NotImplementedError)


def _is_circular(error: ImportError) -> bool:
    """Whether a module imports from one that is still being imported; a package may ask for its own parts meanwhile."""
    places = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    places = [place for place in places if not place.startswith("<frozen")]
    is_own_part = error.path in places[-1:] and Path(str(error.path)).stem == "__init__"
    return "partially initialized module" in str(error) and not is_own_part


def import_package(name: str) -> ModuleType:
    """Import a package; one that fails because it is unfinished is represented by a stand-in.

    Raises
    ------
    BaseException
        Whatever else it raises.
    """
    try:
        return importlib.import_module(name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{name}.".startswith(f"{error.name}."):
            # It is not there at all.
            raise
        if not is_unfinished(error, name) and not _calls_unbuilt(name):
            raise
        return _stand_in(name, error)


def import_module(name: str) -> ModuleType:
    """Import a module; a package around it that fails because it is unfinished is represented by a stand-in.

    Raises
    ------
    BaseException
        Whatever else the module raises.
    """
    words = name.split(".")
    for end in range(1, len(words)):
        import_package(".".join(words[:end]))
    return importlib.import_module(name)


def _calls_unbuilt(name: str) -> bool:
    """Whether importing a package calls one of its functions that is not implemented yet, which then explains it."""
    spec = _spec(name)
    if spec is None or not spec.origin:
        return False
    with Watch(str(Path(spec.origin).parent)) as watch, contextlib.suppress(Exception, SystemExit):
        importlib.import_module(name)
    return bool(watch.called)


def _spec(name: str) -> Any:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


def _stand_in(name: str, error: Exception) -> ModuleType:
    spec = _spec(name)
    if spec is None or spec.submodule_search_locations is None:
        # A single module has no parts that could be imported without it.
        raise error
    module = importlib.util.module_from_spec(spec)
    places, constants = _declared(Path(spec.origin), name)
    vars(module).update(constants)
    vars(module)["__getattr__"] = _finder(name, places)
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, module)
    reason = (str(error).splitlines() or [""])[0]
    _notes[name] = (
        f"importing {name} as a whole fails ({type(error).__name__}: {reason}), because not all that it imports is "
        "implemented yet; its modules were imported one by one"
    )
    return module


def _finder(package: str, places: dict[str, list[tuple[str, str]]]) -> Any:
    """What answers when a name of a stand-in is asked for."""

    def find(name: str) -> Any:
        module = sys.modules.get(f"{package}.{name}")
        if module is not None:
            return module
        for home, original in [*places.get(name, []), *((home, name) for home, _ in places.get("*", []))]:
            if original == "":
                found = _imported(f"{home}.{name}", package)
            else:
                found = getattr(_imported(home, package), original, None)
            if found is not None:
                return found
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find


def _imported(name: str, package: str) -> Any:
    """A module, or None if it is not built yet."""
    try:
        return import_module(name)
    except (ImportError, NotImplementedError) as error:
        if is_unfinished(error, package):
            return None
        raise


def _declared(init: Path, package: str) -> tuple[dict[str, list[tuple[str, str]]], dict[str, Any]]:
    """Where an ``__init__`` takes its names from, each as module and name there, and its constants.

    What is a module itself has no name there; ``*`` stands for modules of which everything is taken.
    """
    places: dict[str, list[tuple[str, str]]] = {}
    constants: dict[str, Any] = {}
    try:
        tree = ast.parse(init.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return places, constants
    for node in _statements(tree):
        if isinstance(node, ast.ImportFrom):
            home = _home(node, package)
            for alias in node.names:
                taken = "" if home == package else alias.name
                places.setdefault(alias.asname or alias.name, []).append((home, taken))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            constants.update({name.id: node.value.value for name in node.targets if isinstance(name, ast.Name)})
    return places, {name: value for name, value in constants.items() if value is not None}


def _home(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or package
    base = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
    return f"{base}.{node.module}" if node.module else base


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Statements that run when a module is imported; not those inside functions and classes."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            yield node
            yield from _statements(node)
