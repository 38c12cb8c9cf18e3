"""What a package defines, read from its source: nothing of it is run for that.

A package may hold scripts that train or download when they are imported. So its files are only read here, and of its
modules those alone are imported later that define something of a fitting name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tinytorch_hf.student.synonyms import PARTS, bare

_MOST_FILES = 400
_LARGEST_BYTES = 1_000_000
_LEFT_OUT = ("test", "tests", "example", "examples", "benchmark", "benchmarks", "setup", "conftest", "__main__")
# What a module does outside functions if it is a script that trains.
_OF_TRAINING = ("backward", "step", "fit", "train")


@dataclass(frozen=True)
class Definition:
    """A class or function.

    Attributes
    ----------
    place
        Where, such as ``mylib.nn.Dense``.
    name
        Its own name.
    is_class
        Whether it is a class.
    methods
        Names of the methods that a class defines itself.
    """

    place: str
    name: str
    is_class: bool
    methods: tuple[str, ...] = ()


def definitions(folder: Path, package: str) -> list[Definition]:
    """The public classes and functions of a package's modules, those nearest to its top first.

    Parameters
    ----------
    folder
        Of the package, or the file if it is a single one.
    package
        Its import name.
    """
    found = []
    for file, module in _modules(folder, package):
        try:
            tree = ast.parse(file.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        if not _is_script(tree):
            found += list(_defined(tree, module))
    return found


def candidates(found: list[Definition]) -> Mapping[str, list[Definition]]:
    """For each part of TinyTorch the definitions of fitting names, the likeliest first."""
    fitting: dict[str, list[Definition]] = {}
    for part, names in PARTS.items():
        # Losses and activations that are functions are called mse_loss, or cross_entropy_loss.
        named = [(bare(one.name, part), one) for one in found]
        ranked = [(names.index(name), not one.is_class, one) for name, one in named if name in names]
        fitting[part] = [one for *_, one in sorted(ranked, key=lambda entry: entry[:2])]
    return fitting


def _modules(folder: Path, package: str) -> Iterator[tuple[Path, str]]:
    if folder.suffix == ".py":
        yield folder, package
        return
    files = [
        file
        for file in folder.rglob("*.py")
        if not any(word.lower() in _LEFT_OUT or word.startswith(".") for word in file.relative_to(folder).parts[:-1])
        and file.stem not in _LEFT_OUT
        and not file.stem.startswith("test_")
    ]
    for file in sorted(files, key=lambda file: (len(file.parts), str(file)))[:_MOST_FILES]:
        words = file.relative_to(folder).with_suffix("").parts
        if all(word.isidentifier() for word in words) and file.stat().st_size <= _LARGEST_BYTES:
            yield file, ".".join((package, *(word for word in words if word != "__init__")))


def _defined(tree: ast.Module, module: str) -> Iterator[Definition]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            methods = tuple(entry.name for entry in node.body if isinstance(entry, ast.FunctionDef))
            yield Definition(f"{module}.{node.name}", node.name, True, methods)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Definition(f"{module}.{node.name}", node.name, False)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            # Another name for something.
            for target in node.targets:
                if isinstance(target, ast.Name) and not target.id.startswith("_"):
                    yield Definition(f"{module}.{target.id}", target.id, True)


def _is_script(tree: ast.Module) -> bool:
    """Whether importing it trains something, as loops outside functions show."""
    loops = [node for node in tree.body if isinstance(node, ast.For | ast.While | ast.With)]
    calls = [node.func for loop in loops for node in ast.walk(loop) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in _OF_TRAINING for call in calls)
