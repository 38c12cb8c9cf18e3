"""What to say about a line that cuts the graph."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable

from tinytorch_hf.milestones.gradients import names
from tinytorch_hf.milestones.gradients.values import Site

_MOST_NAMES = 4


def of(node: ast.expr, missing: Iterable[Site]) -> tuple[str, str]:
    """Why no gradient passes an expression, and what to write instead; ``missing`` get none."""
    return f"{_why(node)} and {_listed(missing)} no gradient", _instead(node)


def _why(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "detach":
        return "detach() gives a tensor without the graph: backward ends here,"
    return "the new tensor has the numbers but not the graph: backward ends here,"


def _listed(missing: Iterable[Site]) -> str:
    """Names of parameters in the order of the script, each once."""

    def line(site: Site) -> int:
        return int(getattr(site.key[0], "lineno", 0))

    labels = list(dict.fromkeys(site.label for site in sorted(missing, key=lambda site: (line(site), site.label))))
    more = f" and {len(labels) - _MOST_NAMES} more" if len(labels) > _MOST_NAMES else ""
    return ", ".join(labels[:_MOST_NAMES]) + more + (" get" if len(labels) > 1 else " gets")


class _WithGraph(ast.NodeTransformer):
    """Takes `.data` away, and counts it; finds what no tensor has a method for."""

    def __init__(self) -> None:
        self.n_data = 0
        self.functions: list[str] = []

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        inner: ast.expr = self.visit(node.value)
        if node.attr in ("data", "detach", "numpy"):
            self.n_data += 1
            return inner
        return ast.Attribute(inner, node.attr, node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = node.func
        if isinstance(called, ast.Attribute):
            if called.attr in ("detach", "numpy"):
                self.n_data += 1
                inner: ast.expr = self.visit(called.value)
                return inner
            if isinstance(called.value, ast.Name) and called.value.id in ("np", "numpy"):
                self.functions.append(called.attr)
        else:
            self.functions.append(getattr(called, "id", ""))
        self.generic_visit(node)
        return node


def _instead(node: ast.expr) -> str:
    made_of = node.args[0] if isinstance(node, ast.Call) and node.args else node
    if isinstance(made_of, (ast.List, ast.Tuple)) and len(made_of.elts) == 1:
        made_of = made_of.elts[0]
    rewriting = _WithGraph()
    rewritten = rewriting.visit(copy.deepcopy(made_of))
    if rewriting.n_data and not rewriting.functions and not isinstance(made_of, (ast.List, ast.Tuple)):
        return f"write `{ast.unparse(ast.fix_missing_locations(rewritten))}`, which keeps the graph"
    known = [f"{names.REPLACEMENTS[f]} for np.{f}" for f in rewriting.functions if f in names.REPLACEMENTS]
    if known:
        return f"use what keeps the graph: {', '.join(dict.fromkeys(known))}"
    if rewriting.n_data:
        return "compute it from the tensors themselves, with their operators, methods and layers"
    return (
        f"compute `{ast.unparse(made_of)}` from tensors, with their operators and layers or a loss such as "
        "CrossEntropyLoss, not from their .data"
    )
