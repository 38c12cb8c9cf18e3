"""What of our own code was being computed when the student's code raised an error: as it is written, and as a tree."""

from __future__ import annotations

import ast
import functools
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_ROOT = Path(__file__).parents[1]
# How cases name things, and what a reader should see of it.
_READABLE = (
    (re.compile(r"""\b\w+\.part\((["'])(\w+)\1\)"""), r"\2"),
    (re.compile(r"""\b\w+\[(["'])(\w+)\1\]"""), r"\2"),
    (re.compile(r"\s+"), " "),
)
_BY_VARIABLE = re.compile(r"\b\w+\.part\((\w+)\)")
_LONGEST = 200


def is_ours(filename: str) -> bool:
    """Whether a file belongs to the judge, and not to anything that can be judged; the reference can."""
    path = Path(filename)
    return _ROOT in path.parents and _ROOT / "reference" not in path.parents


def of(error: BaseException) -> str:
    """What a case computed, as it is written, such as ``1 - a``; nothing if no case was running."""
    steps = [step for step in _steps(error) if _is_of_a_case(step.tb_frame.f_code.co_filename)]
    # Where a case itself says what is wrong, that is no expression of the package's.
    written = [(text, step) for step in steps if not (text := _written(step)).lstrip().startswith("raise ")]
    return readable(*written[-1]) if written else ""


def readable(text: str, step: TracebackType) -> str:
    """An expression of a case as its reader would write it, in one line."""
    names = step.tb_frame.f_locals
    text = _BY_VARIABLE.sub(lambda found: str(names.get(found[1], found[0])), text)
    for pattern, replacement in _READABLE:
        text = pattern.sub(replacement, text)
    text = text.strip()
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _is_of_a_case(filename: str) -> bool:
    """Whether a file says what to compute, as opposed to what answers requests and looks at results."""
    return is_ours(filename) and Path(filename).parent != Path(__file__).parent and Path(filename).name != "child.py"


def innermost(error: BaseException) -> TracebackType | None:
    """Where it was raised."""
    return next(reversed(list(_steps(error))), None)


def trees(step: TracebackType) -> list[ast.expr]:
    """The expressions at a place of ours that may have raised: where Python knows which one, else all of its line."""
    code = step.tb_frame.f_code
    expressions = _expressions(code.co_filename)
    position = _position(step)
    if position is None:
        return [tree for tree in expressions if tree.lineno <= step.tb_lineno <= (tree.end_lineno or tree.lineno)]
    first, last, start, end = position
    return [
        tree
        for tree in expressions
        if (tree.lineno, tree.end_lineno, tree.col_offset, tree.end_col_offset) == (first, last, start, end)
    ]


def value(tree: ast.expr, step: TracebackType) -> Any:
    """What a part of such an expression stands for, computed anew there.

    Raises
    ------
    BaseException
        Whatever computing it raises.
    """
    frame = step.tb_frame
    compiled = compile(ast.Expression(tree), "<expression>", "eval")
    return eval(compiled, {**frame.f_globals, **frame.f_locals})  # noqa: S307 -- it is a line of our own


def _steps(error: BaseException) -> Iterator[TracebackType]:
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def _position(step: TracebackType) -> tuple[int, int, int, int] | None:
    """First and last line, first and last column in bytes; None before Python 3.11, or where they were left out."""
    positions = getattr(step.tb_frame.f_code, "co_positions", None)
    if positions is None:
        return None
    for number, position in enumerate(positions()):
        if number == step.tb_lasti // 2:
            return None if None in position else position
    return None


def _written(step: TracebackType) -> str:
    filename = step.tb_frame.f_code.co_filename
    position = _position(step)
    if position is None:
        return linecache.getline(filename, step.tb_lineno)
    first, last, start, end = position
    lines = [line.encode() for line in linecache.getlines(filename)[first - 1 : last]]
    if not lines:
        return ""
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    return b"".join(lines).decode(errors="replace")


@functools.lru_cache(maxsize=64)
def _expressions(filename: str) -> list[ast.expr]:
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr)]


def forget() -> None:
    """Read files again that have changed, which they do only where one process looks at a package twice."""
    linecache.checkcache()
    _expressions.cache_clear()
