"""Where the reference can be changed, and into what: one small change of its code at a time.

Left out is what does not compute: documentation, annotations, imports, what `__repr__` shows, and validation, which is
what stands in an ``if`` that raises, in functions called ``check_...`` and in calls of them.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tinytorch_hf.reference

SOURCE = Path(tinytorch_hf.reference.__file__).parent

_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.Pow: ast.Mult, ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}
_PAIRS = (
    *(("max", "min"), ("maximum", "minimum"), ("sum", "mean"), ("any", "all"), ("sin", "cos"), ("exp", "expm1")),
    *(("zeros", "ones"), ("zeros_like", "ones_like"), ("log", "log1p"), ("sqrt", "square"), ("ceil", "floor")),
    *(("add", "subtract"), ("multiply", "divide"), ("tril", "triu")),
)
_FUNCTIONS = {**dict(_PAIRS), **{second: first for first, second in _PAIRS}}
_COPYING = ("copy", "astype")
_SHOWN = ("__repr__", "__str__")


@dataclass(frozen=True)
class Mutation:
    """One change.

    Attributes
    ----------
    module
        The module's name in the reference.
    within
        The class and function it is in; nothing for the module itself.
    kind
        What is done, a name of `KINDS`.
    before, after
        The code there, and what takes its place, each on one line.
    number
        Which one it is of those that are the same in all of this, from 0.
    line
        Where it begins, from 1.
    start, end
        The bytes of the module that are replaced.
    """

    module: str
    within: str
    kind: str
    before: str
    after: str
    number: int
    line: int
    start: int
    end: int

    @property
    def key(self) -> str:
        """What it is called: the same as long as the code there stays, wherever it moves to in the module."""
        more = f" #{self.number + 1}" if self.number else ""
        return f"{self.where}: {self.kind}: {self.before} -> {self.after}{more}"

    @property
    def where(self) -> str:
        """Module, class and function."""
        return f"{self.module}.{self.within}".rstrip(".")

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it is; a place may be changed in several ways."""
        return self.module, self.start, self.end

    def applied(self, text: str) -> str:
        """The module's text with the change in it."""
        code = text.encode()
        return (code[: self.start] + self.after.encode() + code[self.end :]).decode()


# Each gives the nodes that can stand in a node's place.
Kind = Callable[[ast.AST], Iterator[ast.AST]]


def _operator(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        yield _with(node, op=_OPERATORS[type(node.op)]())


def _comparison(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for number, op in enumerate(node.ops):
            yield _with(node, ops=[*node.ops[:number], _COMPARISONS[type(op)](), *node.ops[number + 1 :]])


def _sign(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        yield node.operand


def _number(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield ast.Constant(node.value + 1)
    if isinstance(node, ast.Constant) and type(node.value) is float:
        yield ast.Constant(node.value * 2 if node.value else 0.5)


def _truth(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)


def _not_copied(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _COPYING:
        yield node.func.value


def _keyword(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        for number, keyword in enumerate(node.keywords):
            # Without one that is true or false there is the other, which `_truth` gives.
            if keyword.arg and not (isinstance(keyword.value, ast.Constant) and type(keyword.value.value) is bool):
                yield _with(node, keywords=[*node.keywords[:number], *node.keywords[number + 1 :]])


def _and_or(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())


def _branches(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)


def _exchange(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Tuple | ast.List):
        for number in range(len(node.elts) - 1):
            first, second = node.elts[number : number + 2]
            if ast.dump(first) != ast.dump(second):
                yield _with(node, elts=[*node.elts[:number], second, first, *node.elts[number + 2 :]])


def _function(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Attribute) and node.attr in _FUNCTIONS and isinstance(node.ctx, ast.Load):
        yield _with(node, attr=_FUNCTIONS[node.attr])
    if isinstance(node, ast.Name) and node.id in _FUNCTIONS and isinstance(node.ctx, ast.Load):
        yield ast.Name(_FUNCTIONS[node.id])


def _added_up(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)


def _left_out(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr | ast.AugAssign) or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    ):
        yield ast.Pass()
    if isinstance(node, ast.Continue):
        yield ast.Break()


def _condition(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test), body=[], orelse=[])


def _slice(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Slice):
        for part in ("lower", "upper", "step"):
            if getattr(node, part) is not None:
                yield _with(node, **{part: None})


KINDS: dict[str, Kind] = {
    "another operator": _operator,
    "another comparison": _comparison,
    "without the sign": _sign,
    "another number": _number,
    "the other truth value": _truth,
    "not copied": _not_copied,
    "without the keyword": _keyword,
    "and for or": _and_or,
    "branches exchanged": _branches,
    "elements exchanged": _exchange,
    "another function": _function,
    "set instead of changed": _added_up,
    "left out": _left_out,
    "condition reversed": _condition,
    "without the bound": _slice,
}
"""The kinds of changes."""


def modules() -> list[str]:
    """The modules of the reference."""
    return sorted(path.stem for path in SOURCE.glob("*.py") if path.stem != "__init__")


def mutations(module: str, text: str | None = None) -> list[Mutation]:
    """Every change of a module, in the order of its lines.

    Parameters
    ----------
    module
        Its name.
    text
        Its code, if it is another than the reference's.
    """
    text = (SOURCE / f"{module}.py").read_text(encoding="utf-8") if text is None else text
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[Mutation] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for within, node in _computing(ast.parse(text), ""):
        for kind, changes in KINDS.items():
            if kind in _IN_FUNCTIONS and not within:
                continue
            replaced = node.test if isinstance(node, ast.If) else node
            for change in changes(node):
                before = ast.unparse(replaced)
                after = _as_text(change.test if isinstance(change, ast.If) else change)
                same = (within, kind, before, after)
                start, end = (starts[row - 1] + column for row, column in _ends(replaced))
                found.append(
                    Mutation(module, within, kind, before, after, seen[same], replaced.lineno, start, end)  # type: ignore[attr-defined]
                )
                seen[same] += 1
    return sorted(found, key=lambda one: (one.start, -one.end))


# At a module's top such code names types.
_IN_FUNCTIONS = ("elements exchanged", "without the keyword")


def _computing(node: ast.AST, within: str) -> Iterator[tuple[str, ast.AST]]:
    """The nodes that compute something, each with the name of the function that it is in."""
    for child in ast.iter_child_nodes(node):
        if _is_left_out(child):
            continue
        inside = within
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            inside = f"{within}.{child.name}".lstrip(".")
        if hasattr(child, "lineno"):
            yield inside, child
        yield from _parts(child, inside)


def _parts(node: ast.AST, within: str) -> Iterator[tuple[str, ast.AST]]:
    """What computes in a node, without its annotations and decorators."""
    if isinstance(node, ast.AnnAssign):
        if node.value is not None:
            yield from _computing(ast.Expression(node.value), within)
    elif isinstance(node, ast.FunctionDef):
        if node.name not in _SHOWN and not node.name.startswith("check_"):
            defaults = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None]
            yield from _computing(ast.Tuple(defaults), within)
            yield from _computing(ast.Module(node.body, []), within)
    elif isinstance(node, ast.ClassDef):
        yield from _computing(ast.Module(node.body, []), within)
    else:
        yield from _computing(node, within)


def _is_left_out(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.Assert | ast.JoinedStr):
        return True
    if isinstance(node, ast.If):
        return any(isinstance(statement, ast.Raise) for statement in node.body)
    if isinstance(node, ast.Expr):
        value = node.value
        named = value.func if isinstance(value, ast.Call) else None
        is_check = isinstance(named, ast.Name) and named.id.startswith("check_")
        return is_check or isinstance(value, ast.Constant | ast.Yield)
    # Names of types, as in Array = NDArray[np.float32], are not values.
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript) and _is_type(node.value)


def _is_type(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("NDArray", "Callable")


def _with(node: ast.AST, **changes: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _ends(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
    places: tuple[int, ...] = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
    return places[:2], places[2:]  # type: ignore[return-value]


def _as_text(node: ast.AST) -> str:
    """Code that means the same wherever it is put."""
    text = ast.unparse(ast.fix_missing_locations(node))
    if isinstance(node, ast.Tuple) and any(isinstance(part, ast.Slice) for part in node.elts):
        return text.removeprefix("(").removesuffix(")")
    is_closed = isinstance(node, ast.stmt | ast.Slice | ast.Constant | ast.Name | ast.Attribute | ast.List | ast.Tuple)
    return text if is_closed else f"({text})"
