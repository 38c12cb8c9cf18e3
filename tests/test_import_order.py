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

# A room is a module, or a package with all that is in it. Each may import those of the lines above it; the rooms of one
# line do not know each other. The order is that of DESIGN.md's picture.
ORDER = (
    ("errors", "arrays", "timing"),
    ("catalog",),
    ("store",),
    ("on_hub",),
    ("idx", "npz", "pickles", "json_lines"),
    ("cifar", "talks", "talks_problems"),
    ("readers", "talks_rules", "tokenizer", "clones", "python_functions"),
    ("splits", "standard_library"),
    ("tinycifar", "downloads", "export"),
    ("provision",),
    ("loaders", "text_loaders"),
    ("describe", "generated", "difficulty", "reference"),
    ("curate", "frameworks", "descriptors"),
    ("framework_map", "as_torch", "as_tinytorch", "as_hf"),
    ("compare", "hub"),
    ("compare.battery", "hub.mirror"),
    ("milestones",),
    ("verification", "doctor"),
    ("cli",),
    ("__main__", "milestones.__main__"),
)
PLACE = {room: place for place, rooms in enumerate(ORDER) for room in rooms}


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
            # What the package itself offers comes from rooms below; only its version is its own.
            assert imported or name == f"{PACKAGE}.__version__", f"{module}, line {node.lineno}: {name}"
            yield Import(module, imported, node.lineno, for_types)


def _all_imports() -> list[Import]:
    return [
        found
        for module, path in MODULES.items()
        if module
        for found in imports_of(module, path.read_text(encoding="utf-8"))
    ]


def room(module: str) -> str:
    """The room of the table that a module belongs to: the longest that its name begins with."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in PLACE:
            return name
    raise AssertionError(f"{module} has no place in the order; give it one")


def upwards(found: Import) -> bool:
    """Whether an import goes against the order."""
    if not found.imported:
        return False
    importer, imported = room(found.importer), room(found.imported)
    return importer != imported and PLACE[imported] >= PLACE[importer]


def test_every_module_has_a_place() -> None:
    """A new one gets its place before it gets its importers."""
    assert len(MODULES) > 80
    for module in filter(None, MODULES):
        room(module)


def test_contributing_has_a_place_for_every_module() -> None:
    """Each once, so that a newcomer finds it: by its own name, or by its package's."""
    table = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where things are")[2]
    cells = [row.split("|")[1] for row in table.partition("## Rules")[0].splitlines() if row.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`(?:tinytorch_hf/)?(\w+)(?:\.py)?/?`", cell)]
    inner = {"as_torch", "compare", "milestones", "hub"}
    tops = {module.partition(".")[0] for module in MODULES} - {"", "__main__"}

    missing = {top for top in tops if top not in named and not any(f"`tinytorch_hf/{top}/" in cell for cell in cells)}
    reached = {name for cell in cells for name in re.findall(r"`(?:\w+/)+(\w+)(?:\.py)?/?`", cell)} | set(named)
    missing |= {
        module
        for module in MODULES
        if module.partition(".")[0] in inner and "." in module and not reached & set(module.split("."))
    } - {"milestones.__main__"}

    assert missing == set()
    assert [name for name in tops - inner if named.count(name) > 1] == []


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
        ("store", "from tinytorch_hf import loaders", "store (line 1) imports loaders"),
        ("store", "def f():\n    from tinytorch_hf.cli.options import OK", "store (line 2) imports cli.options"),
        ("loaders", "if TYPE_CHECKING:\n    import tinytorch_hf.hub.cards", "loaders (line 2) imports hub.cards"),
        ("hub.cards", "from tinytorch_hf.hub.mirror import app", "hub.cards (line 1) imports hub.mirror.app"),
        ("as_hf", "from tinytorch_hf.as_torch.images import TinyMNIST", "as_hf (line 1) imports as_torch.images"),
    ],
)
def test_an_import_that_goes_upwards_is_seen(module: str, source: str, message: str) -> None:
    """Wherever it hides: the test above can fail."""
    assert [str(entry) for entry in imports_of(module, source) if upwards(entry)] == [message]


def test_what_stands_above_may_be_imported() -> None:
    """By its module, by a name in it, and within a room."""
    source = "from tinytorch_hf import catalog, store\nfrom tinytorch_hf.hub.tables import block\nimport numpy"

    assert [entry.imported for entry in imports_of("hub.cards", source)] == ["catalog", "store", "hub.tables"]
    assert not any(map(upwards, imports_of("hub.cards", source)))
