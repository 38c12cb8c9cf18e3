"""Specification of how code tells datasets apart: by their facts, never by which built-in one it has in hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinytorch_hf import catalog, errors

FOLDER = Path(errors.__file__).parent
# The facts themselves, and the milestones' tables of what each milestone asks for.
EXEMPT = {"catalog", "milestones"}

_INFOS = [*map(catalog.info, catalog.built_in_names()), *catalog.GENERATED.values()]
NAMES = {info.name for info in _INFOS} | {info.title for info in _INFOS}
FACTS = {name for name, value in vars(catalog).items() if value in _INFOS}
# Names of splits that one built-in dataset alone has.
NAMES |= {"full"}


def _decisions(tree: ast.AST) -> Iterator[ast.expr]:
    """What decides which way the code goes: conditions, comparisons, patterns, and the keys of tables."""
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                yield test
            case ast.comprehension(ifs=tests):
                yield from tests
            case ast.Compare() | ast.BoolOp():
                yield node
            case ast.MatchValue(value=value):
                yield value
            case ast.Dict(keys=keys):
                yield from (key for key in keys if key is not None)
            case ast.DictComp(key=key):
                yield key
            case ast.Subscript(slice=key):
                yield key
            case ast.Call(
                func=ast.Attribute(attr="startswith" | "endswith" | "removeprefix" | "removesuffix"), args=args
            ):
                yield from args
            case _:
                pass


def _is_of_one_dataset(node: ast.AST) -> bool:
    """Whether an expression is a built-in dataset's name or facts, or what only some of them begin with."""
    match node:
        case ast.Constant(value=str(text)):
            return text in NAMES or (len(text) > 3 and any(name.startswith(text) for name in NAMES))
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in FACTS
        case ast.Subscript(value=ast.Attribute(attr="columns"), slice=ast.Constant(value=int())):
            return True
        case _:
            return False


def decisions_by_name(source: str) -> list[str]:
    """The decisions in a module that depend on which built-in dataset it has in hand."""
    found = (node for decision in _decisions(ast.parse(source)) for node in ast.walk(decision))
    return sorted({f"line {node.lineno}: {ast.unparse(node)}" for node in found if _is_of_one_dataset(node)})


def _exported(path: Path) -> set[str]:
    """The public names of classes, which stand in a package's table of what it exports."""
    return {info.title for info in _INFOS} if path.name == "__init__.py" else set()


def test_no_code_asks_which_dataset_it_has() -> None:
    """Not one branch, comparison or key of a table outside the catalog and the milestones' tables."""
    found = {}
    for path in sorted(FOLDER.rglob("*.py")):
        room = path.relative_to(FOLDER).parts[0]
        if room in EXEMPT or room == "_shipped":
            continue
        exported = {ast.unparse(ast.Constant(name)) for name in _exported(path)}
        wrong = decisions_by_name(path.read_text(encoding="utf-8"))
        wrong = [entry for entry in wrong if entry.partition(": ")[2] not in exported]
        if wrong:
            found[path.relative_to(FOLDER).as_posix()] = wrong

    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "if dataset is catalog.TINYPY: pass",
        "x = 1 if name == 'tinytalks' else 2",
        "found = [n for n in names if n in ('mnist', 'cifar10')]",
        "TASKS = {'tinydigits': 1}",
        "TASKS[TINYDIGITS.name] = 1",
        "holds_images = dataset.columns[0].name == 'images'",
        "match name:\n    case 'digits_8x8': pass",
        "if name.startswith('tiny'): pass",
        "y = split_name == 'full'",
        "z = dataset.title in {'TinyPy'}",
        "assert name != 'xor'",
    ],
)
def test_a_decision_by_name_is_seen(source: str) -> None:
    """In whatever form: the test above can fail."""
    assert decisions_by_name(source)


@pytest.mark.parametrize(
    "source", ["load_images('tinydigits')", "dataset_name = 'mnist'", "if dataset.kind == 'images': pass"]
)
def test_what_public_functions_say_of_themselves_is_no_decision(source: str) -> None:
    """A function that is called after a dataset may load it."""
    assert decisions_by_name(source) == []
