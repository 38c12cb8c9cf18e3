"""Which names statements of a script bind and use, and other questions about its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each name that is imported, at any level, and from which module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, node.module or ""


def called(node: ast.Call) -> str:
    """The last name of what is called; "" if it has none."""
    return str(getattr(node.func, "attr", getattr(node.func, "id", "")))


def is_to_read(node: ast.Call) -> bool:
    """Whether a call of ``open``, a function or a method, does not write."""
    where = 1 if isinstance(node.func, ast.Name) else 0
    given = [k.value for k in node.keywords if k.arg == "mode"] or node.args[where : where + 1]
    mode = getattr(given[0], "value", "r") if given else "r"
    return not (isinstance(mode, str) and set(mode) <= set("rwaxbt+") and set(mode) & set("wax+"))


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a statement but what is in the functions and classes that it defines."""
    if isinstance(node, DEFINITIONS):
        return
    yield node
    for part in ast.iter_child_nodes(node):
        yield from outside_functions(part)


def names_in(node: ast.AST) -> Iterator[ast.Name]:
    """Each place with a name."""
    return (part for part in ast.walk(node) if isinstance(part, ast.Name))


def names_bound(statement: ast.stmt) -> set[str]:
    """Names that a statement binds."""
    if isinstance(statement, DEFINITIONS):
        return {statement.name}
    found = {part.id for part in names_in(statement) if isinstance(part.ctx, ast.Store)}
    for part in ast.walk(statement):
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in part.names}
        elif isinstance(part, DEFINITIONS):
            found.add(part.name)
        elif isinstance(part, ast.Assign):
            found |= {root(target) for target in part.targets if isinstance(target, (ast.Attribute, ast.Subscript))}
    return found - {""}


def root(node: ast.expr) -> str:
    """The name of which this is an attribute or an element; "" if it is none's."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def names_used(statement: ast.AST) -> set[str]:
    """Names that a statement, or a function, reads."""
    return {part.id for part in names_in(statement) if isinstance(part.ctx, ast.Load)}


def changes_path(statement: ast.stmt) -> bool:
    """Whether a statement has to do with where Python looks for modules."""
    if isinstance(statement, DEFINITIONS):
        return False
    return any(
        isinstance(part, ast.Attribute) and part.attr == "path" and getattr(part.value, "id", "") == "sys"
        for part in ast.walk(statement)
    )


def required(function: FunctionNode) -> set[str]:
    """Arguments that a caller has to give."""
    given = function.args
    ordered = [*given.posonlyargs, *given.args]
    required = ordered[: len(ordered) - len(given.defaults)]
    keywords = [name for name, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    return {argument.arg for argument in (*required, *keywords)}


def with_defaults(given: ast.arguments) -> ast.arguments:
    """The arguments that need not be given."""
    ordered = [*given.posonlyargs, *given.args]
    kept = ordered[len(ordered) - len(given.defaults) :]
    keywords = [(n, d) for n, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d is not None]
    return ast.arguments([], kept, None, [n for n, _ in keywords], [d for _, d in keywords], None, list(given.defaults))
