"""Functions that are not implemented yet: found by what they are compiled to, and watched for while a case runs."""

from __future__ import annotations

import dis
import functools
import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

from tinytorch_hf.student.expressions import is_ours

# What the compiler adds to any body.
_FRAME_WORK = ("RESUME", "NOP", "CACHE", "COPY_FREE_VARS", "MAKE_CELL", "PUSH_NULL", "PRECALL", "NOT_TAKEN")
_NOTHING = (None, ...)
# Where the view tries what the package has: by functions whose names have this in them.
_PROBING = {
    str(Path(__file__).with_name(f"{name}.py")): part
    for name, part in (
        ("passing_back", ""),
        ("whole_numbers", "take"),
        ("optimizers", "takes_named"),
        ("view", "probe"),
    )
}
# A callback that does nothing is one that nobody needs.
_HOOK = re.compile(r"^(on|before|after)_|hook|callback|^__(enter|exit|del|init_subclass|set_name)__$")


def is_unbuilt(function: Any) -> bool:
    """Whether the body of a function is still to be written.

    That is one which is only ``pass``, a docstring, ``...``, ``return``, ``return None`` (also by way of a variable) or
    ``raise NotImplementedError``. Methods, properties and what `functools.wraps` wraps count as the function inside;
    a lambda never counts, nor does a hook, nor a constructor that takes nothing and so has nothing to do.
    """
    return any(_is_unbuilt(code) for code in _codes(function))


def has_unbuilt(package: str, folder: str, is_silent: bool = False) -> bool:
    """Whether what was imported of a package so far has such a function.

    Parameters
    ----------
    package
        Its import name.
    folder
        Where it is; what it imports from elsewhere does not count.
    is_silent
        Whether only those count that do nothing without raising an error, as methods of abstract classes do.
    """
    start = folder + os.sep
    modules = [sys.modules[name] for name in modules_of(package)]
    return any(
        code.co_filename.startswith(start) and _is_unbuilt(code) and not (is_silent and _is_loud(code))
        for module in modules
        for value in _functions(module)
        for code in _codes(value)
    )


def modules_of(package: str) -> tuple[str, ...]:
    """Names of the package's modules that were imported so far."""
    return _modules_among(tuple(sys.modules), package)


# Every request asks, and there are thousands of names where torch is imported, too.
@functools.lru_cache(maxsize=1)
def _modules_among(names: tuple[str, ...], package: str) -> tuple[str, ...]:
    return tuple(name for name in names if f"{name}.".startswith(f"{package}."))


class Watch:
    """A context manager that writes down which unbuilt functions of a package are called.

    Parameters
    ----------
    folder
        Where the package is.

    Attributes
    ----------
    called
        Each as ``Linear.forward (tinytorch/core/layers.py:12)``, in the order of their first calls.
    constructed
        Constructors, of the same form; they count only where an attribute is what is missing.
    probed
        What the view called to see what the package has; it says nothing of a case that goes on.
    asked
        What a case itself called and was given nothing by: no result shows then that it is implemented.
    """

    def __init__(self, folder: str) -> None:
        self.called: dict[str, None] = {}
        self.constructed: dict[str, None] = {}
        self.probed: dict[str, None] = {}
        self.asked: dict[str, None] = {}
        self._start = folder + os.sep
        self._before: Any = None

    def __enter__(self) -> Watch:
        self._before = sys.getprofile()
        sys.setprofile(self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setprofile(self._before)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(self._start):
            return
        if _is_unbuilt(code):
            place = Path(code.co_filename).relative_to(Path(self._start).parent).as_posix()
            name = f"{_qualified(frame)} ({place}:{code.co_firstlineno})"
            if _is_probing(frame):
                self.probed[name] = None
            elif code.co_name == "__init__":
                self.constructed[name] = None
            else:
                self.called[name] = None
                if _is_what_is_tried(frame):
                    self.asked[name] = None


def _is_probing(frame: FrameType) -> bool:
    """Whether the view tries what the package has, instead of running a case."""
    outer: FrameType | None = frame
    while outer is not None:
        if outer.f_code.co_filename in _PROBING and _PROBING[outer.f_code.co_filename] in outer.f_code.co_name:
            return True
        outer = outer.f_back
    return False


def _is_what_is_tried(frame: FrameType) -> bool:
    """Whether a case calls a function that gives nothing back; an empty train or eval may be all that is needed."""
    code, caller = frame.f_code, frame.f_back
    if code.co_name in ("train", "eval") or caller is None or not is_ours(caller.f_code.co_filename):
        return False
    return _gives_nothing(_steps(code))


def _qualified(frame: FrameType) -> str:
    """Name with class; before Python 3.11 code does not know it."""
    code = frame.f_code
    name = getattr(code, "co_qualname", "")
    if not name:
        first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
        kind = type(first)
        name = f"{kind.__name__}.{code.co_name}" if hasattr(kind, code.co_name) else code.co_name
    return str(name).replace("<locals>.", "")


def _functions(holder: Any) -> Iterator[Any]:
    """What a module defines, and what the classes in it define."""
    for value in list(vars(holder).values()):
        if isinstance(value, type) and isinstance(holder, ModuleType):
            yield from _functions(value)
        else:
            yield value


def _codes(function: Any) -> Iterator[CodeType]:
    """The code of a function, whatever it is wrapped in; nothing for what is none."""
    for _ in range(20):
        if type(function) is FunctionType and function.__dict__.get("__wrapped__") is None:
            yield function.__code__
            return
        if isinstance(function, property):
            for part in (function.fget, function.fset):
                yield from _codes(part)
            return
        # Looked up where it is defined: an object of the student's may answer to any name.
        inner = inspect.getattr_static(function, "__wrapped__", None)
        if isinstance(function, functools.partial | functools.cached_property):
            function = function.func
        elif isinstance(function, staticmethod | classmethod) or inspect.ismethod(function):
            function = function.__func__
        elif inner is not None and not isinstance(function, type):
            function = inner
        else:
            return


# By identity, because code compares by content, which takes longer. It is kept, so that no other takes its place.
_known: dict[int, tuple[CodeType, bool]] = {}


def _is_unbuilt(code: CodeType) -> bool:
    if id(code) not in _known:
        _known[id(code)] = code, _judged(code)
    return _known[id(code)][1]


def _is_loud(code: CodeType) -> bool:
    return any(name in ("NotImplementedError", "NotImplemented") for name in code.co_names)


def _judged(code: CodeType) -> bool:
    # Modules, and bodies of classes, are code as well; lambdas have a name of this form, too.
    is_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")
    if not is_function or _HOOK.search(code.co_name):
        return False
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        return False
    n_arguments = code.co_argcount + code.co_kwonlyargcount
    n_arguments += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    if code.co_name == "__init__" and n_arguments <= 1:
        return False
    steps = _steps(code)
    return bool(steps) and (_raises(steps) or _gives_nothing(steps))


def _steps(code: CodeType) -> list[dis.Instruction]:
    """What a body does."""
    return [step for step in dis.get_instructions(code) if step.opname not in _FRAME_WORK]


def _raises(steps: list[dis.Instruction]) -> bool:
    """Whether NotImplementedError, with whatever message, or NotImplemented is all there is."""
    first, last = steps[0], steps[-1]
    if first.opname != "LOAD_GLOBAL" or any("JUMP" in step.opname or "STORE" in step.opname for step in steps):
        return False
    if first.argval == "NotImplemented":
        return len(steps) == 2 and last.opname == "RETURN_VALUE"
    return first.argval == "NotImplementedError" and last.opname == "RAISE_VARARGS"


def _gives_nothing(steps: list[dis.Instruction]) -> bool:
    """Whether only None is loaded, perhaps kept in a variable, and returned."""
    stored: set[Any] = set()
    for step in steps:
        if step.opname == "STORE_FAST":
            stored.add(step.argval)
        elif step.opname in ("LOAD_FAST", "LOAD_FAST_BORROW"):
            if step.argval not in stored:
                return False
        elif step.opname in ("LOAD_CONST", "RETURN_CONST"):
            if not any(step.argval is nothing for nothing in _NOTHING):
                return False
        elif step.opname not in ("RETURN_VALUE", "POP_TOP", "STORE_FAST_LOAD_FAST"):
            return False
    return True
