"""How a class of tensors is spoken to, found by trying: where it keeps numbers and gradients, how it is asked."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student import synonyms
from tinytorch_hf.student.mapping import Conventions
from tinytorch_hf.student.view import Student

# No two values are alike, so that no other attribute holds the same.
_VALUES: Array = np.array([[1.0, 2.0], [3.0, 5.0]], dtype=np.float32)
_MOST_TRIED = 200


@dataclasses.dataclass(frozen=True)
class Spoken:
    """What trying a class of tensors has shown.

    Attributes
    ----------
    conventions
        How it is spoken to.
    arrives
        Whether a gradient arrives as it should.
    """

    conventions: Conventions
    arrives: bool


def is_scalar(kind: type) -> bool:
    """Whether each object of a class is one number that takes part in arithmetic, and nothing speaks of arrays."""
    try:
        made = kind(3.0)
        product = made * made
        words = ("shape", "reshape", "matmul", "__matmul__", "transpose", "__getitem__")
        names = [name for name in _attributes(made) if _is_number(getattr(made, name), 3.0)]
        return bool(names) and type(product) is type(made) and not any(hasattr(made, word) for word in words)
    except Exception:
        return False


def scalar_conventions(kind: type) -> Conventions | None:
    """Where a class of single numbers keeps them and their gradients, and what starts the way back."""
    made = kind(3.0)
    datas = [name for name in _attributes(made) if _is_number(getattr(made, name), 3.0)]
    for data in synonyms.ordered(datas, synonyms.DATA):
        for backward in _named(made, synonyms.BACKWARD):
            with contextlib.suppress(Exception):
                x = kind(3.0)
                getattr(x * x, backward)()
                grads = [name for name in _attributes(x) if name != data and _is_number(getattr(x, name), 6.0)]
                if grads:
                    grad = synonyms.ordered(grads, synonyms.GRAD)[0]
                    return Conventions(data=data, grad=grad, backward=backward)
    return None


def spoken(kind: type) -> Spoken | None:
    """How a class of tensors of arrays is spoken to; None where it keeps no array, or only that."""
    if not (hasattr(kind, "__add__") or hasattr(kind, "__mul__")):
        return None
    try:
        made = kind(_VALUES.copy())
        names = [name for name in _attributes(made) if _holds(made, name) and name != "T"]
    except Exception:
        return None
    datas = [name for name in synonyms.ordered(names, synonyms.DATA) if _can_be_set(made, name)]
    if not datas:
        return None
    plain = dataclasses.replace(Conventions(), data=datas[0], **_keywords(kind))
    for conventions in itertools.islice(_ways(kind, made, plain), _MOST_TRIED):
        if _student(kind, conventions).gradients_arrive:
            return Spoken(conventions, True)
    return Spoken(next(_ways(kind, made, plain), plain), False)


def _student(kind: type, conventions: Conventions) -> Student:
    student = Student(lambda name: kind if name == "Tensor" else None, conventions)
    student.is_mapped = True
    return student


def _ways(kind: type, made: Any, plain: Conventions) -> Iterator[Conventions]:
    """Every way in which it may pass gradients back, the likeliest first."""
    grads = _named(made, synonyms.GRAD, callable_=False, but=(plain.data,)) or [plain.grad]
    more = [name for name in _attributes(made) if name not in (*grads, plain.data) and "grad" in name.lower()]
    flags = _named(made, synonyms.FLAG, callable_=False) or _arguments(kind, synonyms.FLAG) or [plain.requires_grad]
    for grad, backward, flag in itertools.product([*grads, *more], _named(made, synonyms.BACKWARD), flags):
        yield dataclasses.replace(plain, grad=grad, backward=backward, requires_grad=flag)


def _keywords(kind: type) -> dict[str, str]:
    """What reductions call their arguments."""
    found: dict[str, str] = {}
    for name in ("sum", "mean", "max"):
        taken = _arguments_of(getattr(kind, name, None))
        for ours, known in (("axis", synonyms.AXIS), ("keepdims", synonyms.KEEPDIMS)):
            spelt = next((word for word in known if word in taken), None)
            if spelt is not None:
                found.setdefault(ours, spelt)
    return found


def _named(made: Any, known: tuple[str, ...], callable_: bool = True, but: tuple[str, ...] = ()) -> list[str]:
    """Attributes with one of these names, the likeliest first; methods, or what is not a method."""
    words = [synonyms.plain(word) for word in known]
    names = [
        name
        for name in dir(type(made)) + list(vars(made) if hasattr(made, "__dict__") else ())
        if not name.startswith("__") and synonyms.plain(name.strip("_")) in words and name not in but
    ]
    fitting = [name for name in dict.fromkeys(names) if callable(getattr(made, name, None)) is callable_]
    return synonyms.ordered(fitting, known)


def _arguments(kind: type, known: tuple[str, ...]) -> list[str]:
    taken = _arguments_of(kind)
    return [word for word in known if word in taken]


def _arguments_of(part: Callable[..., Any] | None) -> list[str]:
    try:
        return list(inspect.signature(part).parameters) if callable(part) else []
    except (TypeError, ValueError):
        return []


def _attributes(made: Any) -> list[str]:
    """Names of what an object holds, properties included."""
    names = []
    for name in dir(made):
        if not name.startswith("__"):
            with contextlib.suppress(Exception):
                if not callable(getattr(made, name)):
                    names.append(name)
    return names


def _holds(made: Any, name: str) -> bool:
    held = getattr(made, name)
    return isinstance(held, np.ndarray) and held.shape == _VALUES.shape and bool(np.array_equal(held, _VALUES))


def _can_be_set(made: Any, name: str) -> bool:
    try:
        setattr(made, name, _VALUES * 2)
        return bool(np.array_equal(getattr(made, name), _VALUES * 2))
    except Exception:
        return False
    finally:
        with contextlib.suppress(Exception):
            setattr(made, name, _VALUES.copy())


def _is_number(value: Any, wanted: float) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and value == wanted
