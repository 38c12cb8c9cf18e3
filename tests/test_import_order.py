"""Specification of who may import whom: rooms stand in one order, imports go up it, and nothing goes in circles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from conftest import CHECKOUT

from tinytorch_hf import errors

PACKAGE = "tinytorch_hf"
FOLDER = Path(errors.__file__).parent

# The rooms, from the ground up: each imports those above it in this list, and itself. What is in a room may move
# there freely; `as_tinytorch` is the one adapter that is a module.
ROOMS = (
    *("_version", "_lazy", "shown", "errors", "workers", "formats", "catalog", "files", "acquire", "data", "reference"),
    *("as_torch", "as_hf", "student", "as_tinytorch", "judging", "check", "compare", "reports"),
    *("grading", "hub", "mirror", "curation", "milestones", "health", "cli", "__main__"),
)
# The command that is spelled `python -m tinytorch_hf.milestones` is one of the command line's.
COMMANDS = {"milestones.__main__": "__main__"}
PLACE = {room: place for place, room in enumerate(ROOMS)}


@dataclass(frozen=True)
class Import:
    """One import: the module it stands in, the module it names, the line, and whether it is for types alone."""

    importer: str
    imported: str
    line: int
    for_types: bool

    def __str__(self) -> str:
        return f"{self.importer} (line {self.line}) imports {self.imported}"


def _modules() -> dict[str, Path]:
    """Every module of the package by its name below the package; "" is the package itself."""
    paths = {path.relative_to(FOLDER).with_suffix("").parts: path for path in FOLDER.rglob("*.py")}
    shipped = {parts: path for parts, path in paths.items() if parts[0] != "_shipped"}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): path for parts, path in shipped.items()}


MODULES = _modules()


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _statements(tree: ast.AST, for_types: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Every import statement, also inside functions, with whether it is for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, for_types
        elif _is_for_types(node):
            yield from _statements(ast.Module(node.body, []), True)
            yield from _statements(ast.Module(node.orelse, []), for_types)
        else:
            yield from _statements(node, for_types)


def imports_of(module: str, source: str) -> Iterator[Import]:
    """The imports of this package's modules in a module's source."""
    for node, for_types in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            assert node.level == 0, f"{module}, line {node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.split(".")[0] != PACKAGE:
                continue
            inside = name.removeprefix(PACKAGE).removeprefix(".")
            imported = inside if inside in MODULES else inside.rpartition(".")[0]
            # What the package itself offers comes from its rooms.
            assert imported, f"{module}, line {node.lineno}: {name}"
            yield Import(module, imported, node.lineno, for_types)


def _all_imports() -> list[Import]:
    return [
        found
        for module, path in MODULES.items()
        if module
        for found in imports_of(module, path.read_text(encoding="utf-8"))
    ]


def room(module: str) -> str:
    """The room that a module belongs to: its folder below the package, or itself."""
    name = COMMANDS.get(module, module).partition(".")[0]
    assert name in PLACE, f"{module} is in no room; move it into one"
    return name


def upwards(found: Import) -> bool:
    """Whether an import goes against the order."""
    if not found.imported:
        return False
    importer, imported = room(found.importer), room(found.imported)
    return importer != imported and PLACE[imported] >= PLACE[importer]


def test_every_module_is_in_a_room() -> None:
    """A loose module beside the rooms has none."""
    assert len(MODULES) > 80
    for module in filter(None, MODULES):
        room(module)


def test_contributing_lists_the_rooms_that_are_on_disk() -> None:
    """Each once, in the order of imports, so that a newcomer finds the room from its name alone."""
    table = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    cells = [row.split("|")[1] for row in table.partition("## Rules")[0].splitlines() if row.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`tinytorch_hf/(\w+)(?:\.py|/)`", cell)]
    on_disk = {module.partition(".")[0] for module in MODULES} - {""}

    assert named == [name for name in ROOMS if name != "__main__"]
    assert set(ROOMS) == on_disk


def test_no_room_exports_the_name_of_one_of_its_modules() -> None:
    """`acquire.provide` is either a module or a function; which it is never depends on what was imported before."""
    for module, path in MODULES.items():
        if path.name != "__init__.py":
            continue
        inside = {name.rpartition(".")[2] for name in MODULES if name and name.rpartition(".")[0] == module}
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bound = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module != ".".join(filter(None, (PACKAGE, module)))
            for alias in node.names
        }
        defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        assert (bound | defined) & inside == set(), module


def test_no_room_imports_upwards() -> None:
    """Not inside functions and not for types either: who needs the type knows the room."""
    found = _all_imports()

    assert len(found) > 300
    assert [str(entry) for entry in found if upwards(entry)] == []


def test_nothing_is_imported_in_circles() -> None:
    """Also inside a room, and counting imports inside functions; those for types alone are never carried out."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in _all_imports():
        if not found.for_types:
            graph[found.importer].add(found.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize(
    ("module", "source", "message"),
    [
        ("files.store", "from tinytorch_hf.data import loaders", "files.store (line 1) imports data.loaders"),
        (
            "files.store",
            "def f():\n    from tinytorch_hf.cli.options import OK",
            "files.store (line 2) imports cli.options",
        ),
        (
            "data.loaders",
            "if TYPE_CHECKING:\n    import tinytorch_hf.hub.parquet",
            "data.loaders (line 2) imports hub.parquet",
        ),
        ("hub.parquet", "from tinytorch_hf.mirror import app", "hub.parquet (line 1) imports mirror.app"),
        ("as_torch.plain", "from tinytorch_hf.as_hf import load", "as_torch.plain (line 1) imports as_hf"),
    ],
)
def test_an_import_that_goes_upwards_is_seen(module: str, source: str, message: str) -> None:
    """Wherever it hides: the test above can fail."""
    assert [str(entry) for entry in imports_of(module, source) if upwards(entry)] == [message]


def test_what_stands_above_may_be_imported() -> None:
    """By its module, by a name in it, and within a room."""
    source = "from tinytorch_hf import catalog\nfrom tinytorch_hf.hub.citation import citation\nimport numpy"

    assert [entry.imported for entry in imports_of("hub.parquet", source)] == ["catalog", "hub.citation"]
    assert not any(map(upwards, imports_of("hub.parquet", source)))


def test_no_two_specifications_are_of_one_name() -> None:
    """They are no packages, so that pytest imports the first of them alone."""
    names = [
        path.name for path in (CHECKOUT / "tests").rglob("*.py") if path.name not in ("conftest.py", "__init__.py")
    ]

    assert sorted({name for name in names if names.count(name) > 1}) == []
