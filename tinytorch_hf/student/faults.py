"""What an exception means: a part that is not implemented yet, a call of ours that does not fit, or a crash."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tinytorch_hf.shown import printable
from tinytorch_hf.student import calls, expressions, signals, view
from tinytorch_hf.student.answers import Answer
from tinytorch_hf.student.mapping import FrameworkMap
from tinytorch_hf.student.unbuilt import Watch

UNBUILT = "not implemented yet: "

# What Python calls for an operator: of the left operand, of the right one.
_OPERATORS: dict[type, tuple[str, str]] = {
    ast.Add: ("__add__", "__radd__"),
    ast.Sub: ("__sub__", "__rsub__"),
    ast.Mult: ("__mul__", "__rmul__"),
    ast.Div: ("__truediv__", "__rtruediv__"),
    ast.FloorDiv: ("__floordiv__", "__rfloordiv__"),
    ast.Mod: ("__mod__", "__rmod__"),
    ast.Pow: ("__pow__", "__rpow__"),
    ast.MatMult: ("__matmul__", "__rmatmul__"),
    ast.USub: ("__neg__", ""),
    ast.UAdd: ("__pos__", ""),
    ast.Invert: ("__invert__", ""),
    ast.Gt: ("__gt__", "__lt__"),
    ast.Lt: ("__lt__", "__gt__"),
    ast.GtE: ("__ge__", "__le__"),
    ast.LtE: ("__le__", "__ge__"),
}
# Libraries that are installed under another name than they are imported under.
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "PyYAML",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
}
# Errors that a constructor leads to which makes no attributes, or says itself that it is not written.
_OF_CONSTRUCTORS = (AttributeError, view.DiffersError, view.UntriedError, NotImplementedError)
_MOST_NAMED = 3


def told(error: BaseException, package: str, folder: str, watch: Watch | None = None) -> Answer:
    """The answer for a request that ended in an exception.

    Parameters
    ----------
    error
        The exception.
    package, folder
        Import name of the package under test, and where it is; the folder is empty if it was not imported.
    watch
        What was watched for meanwhile.
    """
    where = place(error, folder)
    newer = _newer_python(error)
    if newer:
        return Answer("crash", message=newer, where=where)
    library = missing_library(error, package)
    if library:
        return Answer("crash", message=_library_advice(library, package, folder, where), where=where)
    answer = _unbuilt(error, watch, where) or _ours(error, where)
    if answer.kind == "missing":
        return answer
    if _is_of_import(error):
        # No call of ours led there, and whatever needs the module ends alike.
        return answer
    return dataclasses.replace(answer, expression=expressions.of(error, answer.where), call=calls.of(error))


def _is_of_import(error: BaseException) -> bool:
    """Whether a module of the package did not import: it is no Python, or its own lines raised the error."""
    own = (frame for frame, _ in traceback.walk_tb(error.__traceback__) if _is_foreign(frame.f_code.co_filename))
    return isinstance(error, SyntaxError) or any(frame.f_code.co_name == "<module>" for frame in own)


def _unbuilt(error: BaseException, watch: Watch | None, where: str) -> Answer | None:
    """The answer where something is not implemented yet, else None."""
    if isinstance(error, view.UnbuiltError):
        return Answer("missing", message=str(error))
    stubs = relevant(watch, error)
    if stubs:
        return Answer("missing", message=unbuilt(stubs))
    if isinstance(error, NotImplementedError):
        text = _first_line(error)
        return Answer("missing", message=f"{UNBUILT}{text}" if text else UNBUILT.rstrip(": "), where=where)
    return None


def _ours(error: BaseException, where: str) -> Answer:
    """The answer where a line of ours may be what does not fit; a crash otherwise."""
    if isinstance(error, view.UntriedError):
        return Answer("untried", message=str(error))
    if isinstance(error, signals.ParameterShapeError):
        return Answer("misshapen", message=str(error))
    step = expressions.innermost(error)
    if step is not None and expressions.is_ours(step.tb_frame.f_code.co_filename):
        lacking = _lacking(error, step)
        if lacking:
            return Answer("missing", message=f"{UNBUILT}{lacking}")
        signature = _misfit(error, step)
        if signature:
            return Answer("untried", message=f"the call does not fit {signature}: {message(error)}")
    return Answer("crash", message=message(error), where=where)


def relevant(watch: Watch | None, error: BaseException | None = None) -> Sequence[str]:
    """Unbuilt functions that may be why a run went wrong; a constructor only where an attribute is missing."""
    if watch is None:
        return ()
    names = [*(watch.constructed if isinstance(error, _OF_CONSTRUCTORS) else ()), *watch.called]
    return names or list(watch.probed if isinstance(error, NotImplementedError) else ())


def unbuilt(names: Iterable[str]) -> str:
    """That functions are not implemented yet; the first few are named, the others turn up once these are written."""
    return f"{UNBUILT}{', '.join(list(names)[:_MOST_NAMED])}"


def message(error: BaseException) -> str:
    """All that Python says of an error, without its traceback; what it is made of, too, if it is a group."""
    if isinstance(error, view.DiffersError | view.UntriedError):
        # Our own words.
        return str(error)
    try:
        lines = _in_python(error).strip().splitlines()
        if isinstance(error, SyntaxError):
            # What it says comes last; before it stand the file, which is said anyway, and the line.
            lines = [lines[-1], *lines[1:-1]]
        for inner in list(getattr(error, "exceptions", ()))[:_MOST_NAMED] if _is_group(error) else ():
            lines.append(f"  {message(inner)}")
    except Exception:
        # Whoever writes exceptions may write some that cannot be described.
        return f"{type.__getattribute__(type(error), '__name__')}, whose message cannot be read"
    return "\n".join(lines)


def _in_python(error: BaseException) -> str:
    """What Python prints of it; a name of a class is one word, whatever is in it."""
    text = "".join(traceback.format_exception_only(type(error), error))
    for name in (type(error).__module__, type(error).__qualname__):
        text = text if name.isprintable() else text.replace(name, printable(name), 1)
    return text


def _is_group(error: BaseException) -> bool:
    return any(kind.__name__ == "BaseExceptionGroup" for kind in type(error).__mro__)


def _first_line(error: BaseException) -> str:
    try:
        return next(iter(str(error).splitlines()), "")
    except Exception:
        return ""


def place(error: BaseException, folder: str) -> str:
    """File and line, below the package's folder, at which it went wrong; nothing if that is nowhere there."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        # A package that did not import is where no library of Python's or ours is.
        if Path(folder) in Path(name).parents if folder else _is_foreign(name):
            found = f"{name}:{line}"
    return found


def _is_foreign(filename: str) -> bool:
    return not filename.startswith("<frozen") and "importlib" not in filename and not expressions.is_ours(filename)


def _newer_python(error: BaseException) -> str:
    """What is to be said where Python's own library does not have what is imported from it."""
    if not isinstance(error, ImportError) or isinstance(error, ModuleNotFoundError):
        return ""
    name = error.name if isinstance(error.name, str) else ""
    wanted = getattr(error, "name_from", None) or next(iter(re.findall(r"import name '(\w+)'", _first_line(error))), "")
    if name.partition(".")[0] not in sys.stdlib_module_names or not wanted:
        return ""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"it needs {name}.{wanted}, which Python {version} does not have: run it with the Python that it is made for"


def missing_library(error: BaseException, package: str) -> str:
    """The library that an import did not find, if that is what happened; a part of the package itself is none."""
    if not isinstance(error, ModuleNotFoundError) or not isinstance(error.name, str):
        return ""
    name = error.name.split(".")[0]
    try:
        is_there = importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        is_there = True
    return "" if is_there or name == package.partition(".")[0] else name


def _library_advice(library: str, package: str, folder: str, where: str) -> str:
    above = next((one for one in Path(where.rpartition(":")[0]).parents if one.name == library), None)
    if above is not None:
        return f"it is a part of the package {library}, which it imports by that name: give --package {above}"
    if library == FrameworkMap().package:
        # What the package index has under this name is another one.
        return f"it imports {library}, which is not beside it: give --package PATH with the folder that holds {library}"
    own = next(iter(Path(folder).rglob(f"{library}.py")), None) if folder else None
    if own is not None:
        home = ".".join([package, *own.relative_to(folder).with_suffix("").parts])
        return f"it imports {library}, which is found only inside the package: import {home} instead"
    name = _DISTRIBUTIONS.get(library, library)
    return f"it needs the library {library}, which is not installed here; install it, for example: pip install {name}"


def _lacking(error: BaseException, step: TracebackType) -> str:
    """The operator or method that an expression of ours needs and that the student's class does not have."""
    if not isinstance(error, TypeError | AttributeError):
        return ""
    place = expressions.place_of(step)
    for tree in expressions.trees(place):
        try:
            found = _lacks(tree, place)
        except Exception:  # noqa: S112 -- what cannot be computed anew is not what is looked for
            continue
        if found:
            return f"`{expressions.readable(ast.unparse(tree), step)}` needs {found}"
    return ""


def _lacks(tree: ast.expr, place: expressions.Place) -> str:
    if isinstance(tree, ast.Call):
        if isinstance(tree.func, ast.Name) and tree.func.id == "getattr" and len(tree.args) == 2:
            return _without(expressions.value(tree.args[0], place), expressions.value(tree.args[1], place))
        # A method that is not there raises where it is looked up.
        tree = tree.func
    if isinstance(tree, ast.Attribute):
        return _without(expressions.value(tree.value, place), tree.attr)
    if isinstance(tree, ast.UnaryOp):
        name, _ = _OPERATORS.get(type(tree.op), ("", ""))
        return _without(expressions.value(tree.operand, place), name)
    if isinstance(tree, ast.Subscript):
        return _without(expressions.value(tree.value, place), "__getitem__")
    kind: type
    if isinstance(tree, ast.BinOp):
        kind, sides = type(tree.op), (tree.left, tree.right)
    elif isinstance(tree, ast.Compare) and len(tree.ops) == 1:
        kind, sides = type(tree.ops[0]), (tree.left, tree.comparators[0])
    else:
        return ""
    names = _OPERATORS.get(kind, ("", ""))
    lacking = [_without(expressions.value(side, place), name) for side, name in zip(sides, names, strict=True)]
    return next(filter(None, lacking), "")


def _without(value: Any, name: str) -> str:
    """``Tensor.__rsub__`` if that is what the class of a student's object does not have."""
    kind = type(value)
    is_theirs = not isinstance(value, type) and kind.__module__ not in ("builtins", "numpy")
    if not name or not is_theirs or expressions.is_ours(inspect.getfile(kind)) or hasattr(value, name):
        return ""
    return f"{kind.__name__}.{name}"


def _misfit(error: BaseException, step: TracebackType) -> str:
    """The student's function, with its signature, that the arguments of our call cannot be bound to."""
    if not isinstance(error, TypeError):
        return ""
    place = expressions.place_of(step)
    for tree in expressions.trees(place):
        if isinstance(tree, ast.Call):
            try:
                function = expressions.value(tree.func, place)
                signature = _signature(function)
                if signature is not None and not _fits(signature, tree, place):
                    return f"{_name(function)}{signature}"
            except Exception:  # noqa: S112 -- what cannot be computed anew proves nothing
                continue
    return ""


def _signature(function: Any) -> inspect.Signature | None:
    """What a function of the student's takes; None for one of ours or of a library."""
    inner = getattr(function, "__init__" if isinstance(function, type) else "__func__", function)
    if not inspect.isroutine(inner):
        inner = getattr(type(function), "__call__", None)  # noqa: B004 -- it is looked into, not at
    code = inspect.unwrap(inner) if inner is not None else None
    if not inspect.isfunction(code) or expressions.is_ours(code.__code__.co_filename):
        return None
    return inspect.signature(function)


def _name(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _fits(signature: inspect.Signature, call: ast.Call, place: expressions.Place) -> bool:
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for argument in call.args:
        positional += list(expressions.value(argument.value, place)) if isinstance(argument, ast.Starred) else [None]
    for keyword in call.keywords:
        named.update({keyword.arg: None} if keyword.arg else expressions.value(keyword.value, place))
    try:
        signature.bind(*positional, **named)
    except TypeError:
        return False
    return True
