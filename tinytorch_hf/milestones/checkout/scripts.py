"""What scripts and modules of a checkout import and define, read without running them."""

from __future__ import annotations

import ast
from pathlib import Path


def imports_of(script: Path) -> set[tuple[str, str]]:
    """Each ``from module import name`` of a script, at any level, as (module, name); ``import module`` has no name."""
    found = set()
    for node in ast.walk(_tree(script)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found |= {(node.module or "", alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
    return found


def defines(module: Path, name: str) -> bool:
    """Whether a module has a class, function, variable or import of this name, at any level."""
    return any(
        name == (getattr(node, "asname", None) or getattr(node, "name", None) or getattr(node, "id", None))
        for node in ast.walk(_tree(module))
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.alias, ast.Name))
    )


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        # What is absent imports nothing, and what does not parse is the student's business.
        return ast.Module([], [])
