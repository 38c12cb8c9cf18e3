"""Fingerprints of functions and modules that stay the same when names, comments and texts are changed.

A fingerprint is a hash of the syntax tree, in which every name that the package itself defines is replaced
by the number of its first appearance. Names of libraries stay, whatever they were imported as: ``np.exp`` is not
``np.log``. Docstrings, annotations and the wording of texts are left out. The source is parsed and never run.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.grading.file_names import shown

SHORTEST = 40
"""How many nodes a function's syntax tree has at least: a shorter one looks alike in every right solution."""

SHORTEST_MODULE = 200
"""How many nodes there are at least in the functions of a module."""

_MOST_FILES = 400
_LARGEST_BYTES = 1_000_000
_LEFT_OUT = frozenset({"ctx", "type_comment", "annotation", "returns", "kind", "type_params", "type_ignores"})


@dataclass(frozen=True)
class CodePrint:
    """A fingerprint of a function, or of a whole module.

    Attributes
    ----------
    hash
        What it is compared by.
    place
        What it is of, such as ``core/layers.py: Linear.forward``, or ``core/layers.py``.
    is_module
        Whether it is of a whole module.
    """

    hash: str
    place: str
    is_module: bool = False


def code_prints(folder: Path) -> tuple[CodePrint, ...]:
    """The fingerprints of all modules and functions in a folder that are not short, methods included, file by file.

    What cannot be parsed is left out, and so are very large files.
    """
    trees = list(_parsed(folder))
    # Its modules are its own, too.
    own = {word for place, _ in trees for word in place.removesuffix(".py").split("/")}
    for _, tree in trees:
        own |= _defined(tree)
    for _, tree in trees:
        own |= _imported_from(own, tree)
    found = []
    for place, tree in trees:
        libraries = _libraries(tree)
        written = 0
        for name, function in _functions(tree):
            one = _written(function, own, libraries)
            written += 0 if _is_blank(function) else one.n_nodes
            if one.n_nodes >= SHORTEST and not _is_blank(function):
                found.append(CodePrint(one.hash(), f"{place}: {name}"))
        if written >= SHORTEST_MODULE:
            found.append(CodePrint(_written(tree, own, libraries).hash(), place, is_module=True))
    return tuple(found)


def _parsed(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(folder.rglob("*.py"), key=os.fsencode)[:_MOST_FILES]:
        try:
            if not file.is_file() or file.is_symlink() or file.stat().st_size > _LARGEST_BYTES:
                continue
            with warnings.catch_warnings():
                # What Python says of a submission's spelling is its author's matter.
                warnings.simplefilter("ignore")
                tree = ast.parse(file.read_bytes())
        # Of what is not Python, or is nested too deeply for it, nothing can be said.
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield shown(file.relative_to(folder).as_posix()), tree


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Functions and methods, each with its name; what is inside a function is part of it."""
    waiting: list[tuple[ast.AST, tuple[str, ...]]] = [(tree, ())]
    while waiting:
        node, names = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield ".".join((*names, child.name)), child
            elif isinstance(child, ast.ClassDef):
                waiting.append((child, (*names, child.name)))
            elif isinstance(child, ast.stmt):
                waiting.append((child, names))


def _is_blank(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether its body is still to be written: nothing, an error, or one value that is returned."""
    body = [statement for statement in function.body if not _says_nothing(statement)]
    return all(
        isinstance(one, ast.Raise) or (isinstance(one, ast.Return) and isinstance(one.value, ast.Constant | None))
        for one in body
    )


def _defined(tree: ast.AST) -> set[str]:
    """Every name that a module defines: of variables, arguments, attributes, functions and classes."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case _:
                pass
    # What Python calls by its name cannot be called otherwise.
    return {name for name in names if not (name.startswith("__") and name.endswith("__"))}


def _imported_from(own: set[str], tree: ast.AST) -> set[str]:
    """What a module calls things that it imports from the package's own modules."""
    return {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.level or str(node.module).partition(".")[0] in own)
        for one in node.names
    }


def _libraries(tree: ast.AST) -> dict[str, str]:
    """What names of imported things stand for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({one.asname or one.name.partition(".")[0]: one.name for one in node.names})
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.update({one.asname or one.name: f"{node.module}.{one.name}" for one in node.names})
    return names


def _written(node: ast.AST, own: set[str], libraries: dict[str, str]) -> _Writer:
    writer = _Writer(own, libraries)
    # What is nested too deeply for Python ends where it does, and is equal to what begins alike.
    with contextlib.suppress(RecursionError):
        writer.write(node)
    return writer


class _Writer:
    """Writes a syntax tree as one text, in which own names are numbers."""

    def __init__(self, own: set[str], libraries: dict[str, str]) -> None:
        self._own = own
        self._libraries = libraries
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self.n_nodes = 0

    def hash(self) -> str:
        """The hash of what was written."""
        return hashlib.sha256("\n".join(self._words).encode("utf-8", "surrogatepass")).hexdigest()[:24]

    def write(self, node: ast.AST) -> None:
        """Write a node and all below it."""
        self.n_nodes += 1
        match node:
            case ast.Constant(value=str() | bytes()) | ast.JoinedStr():
                self._words.append("text")
            case ast.Constant(value=value):
                self._words.append(f"{type(value).__name__} {value!r}")
            case ast.Import() | ast.ImportFrom():
                self._words.append("import")
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._write_as("Assign", [target, value])
            case _:
                self._write_as(type(node).__name__, [getattr(node, field, None) for field in node._fields], node)

    def _write_as(self, kind: str, values: Sequence[object], node: ast.AST | None = None) -> None:
        self._words.append(f"({kind}")
        fields = node._fields if node is not None else ("",) * len(values)
        for field, value in zip(fields, values, strict=True):
            if field in _LEFT_OUT:
                continue
            if isinstance(value, ast.AST):
                self.write(value)
            elif isinstance(value, list):
                self._write_list(value)
            elif isinstance(value, str):
                self._words.append(self._name(value, is_attribute=field == "attr"))
            else:
                self._words.append(repr(value))
        self._words.append(")")

    def _write_list(self, values: Sequence[object]) -> None:
        self._words.append("[")
        for value in values:
            if isinstance(value, str):
                self._words.append(self._name(value))
            elif isinstance(value, ast.AST) and not _says_nothing(value):
                self.write(value)
        self._words.append("]")

    def _name(self, name: str, is_attribute: bool = False) -> str:
        if name in self._own:
            return f"#{self._numbers.setdefault(name, len(self._numbers))}"
        return name if is_attribute else self._libraries.get(name, name)


def _says_nothing(node: ast.AST) -> bool:
    """Whether a statement does nothing: a docstring or another text alone, ``pass``, a declared type."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Pass) or (isinstance(node, ast.AnnAssign) and node.value is None)
