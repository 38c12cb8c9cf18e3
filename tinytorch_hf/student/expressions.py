"""What was being computed when an error was raised: in the student's file, as it is written; in ours, as a tree."""

from __future__ import annotations

import ast
import functools
import itertools
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NamedTuple

_ROOT = Path(__file__).parents[1]
# How cases name things, and what a reader should see of it.
_READABLE = (
    (re.compile(r"""\b\w+\.part\((["'])(\w+)\1\)"""), r"\2"),
    (re.compile(r"""\b\w+\[(["'])(\w+)\1\]"""), r"\2"),
)
_BY_VARIABLE = re.compile(r"\b\w+\.part\((\w+)\)")
# What follows a place that is written to.
_ASSIGNED = re.compile(r"\s*([-+*/@%&|^]|//|\*\*|<<|>>)?=(?!=)")
_LONGEST = 200


def is_ours(filename: str) -> bool:
    """Whether a file belongs to the judge, and not to anything that can be judged; the reference can."""
    path = Path(filename)
    return _ROOT in path.parents and _ROOT / "reference" not in path.parents


def of(error: BaseException, where: str) -> str:
    """The expression of the student's file in which an error arose, as it is written there, in one line.

    Parameters
    ----------
    error
        The error.
    where
        File and line.

    Nothing where the code itself raises the error, as the message says that already.
    """
    found = [step for step in steps(error) if f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}" == where]
    text = _short(_written(found[-1])) if found else ""
    return "" if text.startswith("raise ") else text


def is_refusal(error: BaseException) -> bool:
    """Whether the code that was called raises the error itself, in words of its own, as for what it does not take."""
    step = innermost(error)
    if step is None or is_ours(step.tb_frame.f_code.co_filename):
        return False
    return isinstance(error, AssertionError) or _written(step).lstrip().startswith("raise ")


class Place(NamedTuple):
    """A place in a function that was running.

    Attributes
    ----------
    frame
        The function's.
    lasti, lineno
        Where in it.
    """

    frame: FrameType
    lasti: int
    lineno: int


def place_of(step: TracebackType) -> Place:
    """Where a step of a traceback is."""
    return Place(step.tb_frame, step.tb_lasti, step.tb_lineno)


def readable(text: str, step: TracebackType) -> str:
    """An expression of a case as its reader would write it, in one line."""
    names = step.tb_frame.f_locals
    return plain(_BY_VARIABLE.sub(lambda found: str(names.get(found[1], found[0])), text))


def plain(text: str) -> str:
    """The same where no name of a part is itself in a variable."""
    for pattern, replacement in _READABLE:
        text = pattern.sub(replacement, text)
    return _short(text)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def is_of_a_case(filename: str) -> bool:
    """Whether a file says what to compute, as opposed to what answers requests and looks at results."""
    return is_ours(filename) and Path(filename).parent != Path(__file__).parent and Path(filename).name != "child.py"


def innermost(error: BaseException) -> TracebackType | None:
    """Where it was raised."""
    return next(reversed(list(steps(error))), None)


def trees(place: Place) -> list[ast.expr]:
    """The expressions at a place of ours that may have raised: where Python knows which one, else all of its line."""
    code = place.frame.f_code
    expressions = _expressions(code.co_filename)
    position = _position(place)
    if position is None:
        return [tree for tree in expressions if tree.lineno <= place.lineno <= (tree.end_lineno or tree.lineno)]
    first, last, start, end = position
    return [
        tree
        for tree in expressions
        if (tree.lineno, tree.end_lineno, tree.col_offset, tree.end_col_offset) == (first, last, start, end)
    ]


def value(tree: ast.expr, place: Place) -> Any:
    """What a part of such an expression stands for, computed again there.

    Raises
    ------
    BaseException
        Whatever computing it raises.
    """
    frame = place.frame
    compiled = compile(ast.Expression(tree), "<expression>", "eval")
    return eval(compiled, {**frame.f_globals, **frame.f_locals})  # noqa: S307 -- it is a line of our own


def steps(error: BaseException) -> Iterator[TracebackType]:
    """Every place that an error came by, the innermost last."""
    step = error.__traceback__
    while step is not None:
        yield step
        step = step.tb_next


def _position(place: Place) -> tuple[int, int, int, int] | None:
    """First and last line, first and last column in bytes; None before Python 3.11, or where they were left out."""
    positions = getattr(place.frame.f_code, "co_positions", None)
    if positions is None:
        return None
    for first, last, start, end in itertools.islice(positions(), place.lasti // 2, place.lasti // 2 + 1):
        if None not in (first, last, start, end):
            return first, last, start, end
    return None


def _written(step: TracebackType) -> str:
    """The source of what was computed; the whole statement where a value was written to a place."""
    filename = step.tb_frame.f_code.co_filename
    position = _position(place_of(step))
    if position is None:
        return linecache.getline(filename, step.tb_lineno)
    first, last, start, end = position
    lines = [line.encode() for line in linecache.getlines(filename)[first - 1 : last]]
    if not lines:
        return ""
    if _ASSIGNED.match(lines[-1][end:].decode(errors="replace")):
        return linecache.getline(filename, step.tb_lineno)
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
