"""Masks of attention, in the form that a package takes.

Masks are written in many ways: 1 where a query may attend to a key, as TinyTorch has it, or numbers that are added to
the scores, 0 and minus infinity; for one sequence, for each of a batch, or with an axis for the heads. No form is
wrong. Which one is taken is found by trying, and the form of the package's own `create_causal_mask` comes first.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.view import Student, UnbuiltError, UntriedError

# From a mask (batch, queries, keys), one of each shape.
_SHAPES: dict[str, Callable[[Array], Array]] = {
    "(1, L, L)": lambda mask: mask[:1],
    "(L, L)": lambda mask: mask[0],
    "(B, L, L)": lambda mask: mask,
    "(B, 1, L, L)": lambda mask: mask[:, np.newaxis],
    "(1, 1, L, L)": lambda mask: mask[:1, np.newaxis],
}
_OF_SAMPLES = ("(B, L, L)", "(B, 1, L, L)")
_LARGE = -1e9


@dataclass(frozen=True)
class Form:
    """How a mask is written.

    Attributes
    ----------
    shape
        One of ``"(L, L)"``, ``"(1, L, L)"``, ``"(B, L, L)"``, ``"(B, 1, L, L)"`` and ``"(1, 1, L, L)"``.
    may, may_not
        What stands where a query may attend to a key, and where not.
    is_array
        Whether it is a bare array instead of a tensor.
    """

    shape: str = "(1, L, L)"
    may: float = 1.0
    may_not: float = 0.0
    is_array: bool = False

    SHAPES: ClassVar[tuple[str, ...]] = tuple(_SHAPES)

    def values(self, allowed: Array) -> Array:
        """What stands in the mask for (batch or 1, queries, keys) of 1 and 0."""
        return _SHAPES[self.shape](np.where(allowed > 0, np.float32(self.may), np.float32(self.may_not)))

    def mask(self, student: Student, allowed: Array) -> Any:
        """The mask for (batch or 1, queries, keys) of 1 and 0."""
        values = self.values(allowed)
        return values if self.is_array else student.tensor(values)


# What was found of a package, by what takes the mask: it does not change while the package is tried.
_FOUND: weakref.WeakKeyDictionary[Student, dict[str, Form]] = weakref.WeakKeyDictionary()


def once(student: Student, part: str, find: Callable[[], Form]) -> Form:
    """The form that a part of the package takes, looked for once."""
    found = _FOUND.setdefault(student, {})
    if part not in found:
        found[part] = find()
    return found[part]


def known(student: Student, part: str) -> Form | None:
    """The form that a part takes, where that was looked for."""
    return _FOUND.get(student, {}).get(part)


# Attends with a mask: (batch, length, features) of a sequence that is part of the closure.
Attend = Callable[[Any], Array]


def taken_form(student: Student, attend: Attend, first: Array, free: Array, allowed: Array) -> Form:
    """The form of mask that an attention takes.

    Parameters
    ----------
    attend
        Gives its output with a mask, (batch, length, features).
    first
        What the first position gives if it sees itself alone, (batch, features).
    free
        The output without a mask: with the causal one, the last position sees as much.
    allowed
        The causal mask for the whole batch, (batch, length, length), of 1 and 0.

    The first form by which the first position sees itself alone and the last one everything; if there is none, the
    first that raises no error, so that what is wrong then is seen.
    """
    runs: Form | None = None
    error: Exception | None = None
    for form in _forms(student, allowed.shape[-1]):
        try:
            found = attend(form.mask(student, allowed))
        except (UnbuiltError, UntriedError, NotImplementedError):
            raise
        except Exception as raised:
            error = error or raised
            continue
        if found.shape == free.shape and _same(found[:, 0], first) and _same(found[:, -1], free[:, -1]):
            return form
        runs = runs or form
    if runs is None and error is not None:
        raise error
    return runs or Form()


def of_samples(student: Student, form: Form, attend: Attend, allowed: Array) -> Array:
    """The output with a mask for each sample, in a form that is like the one taken for all of them.

    Raises
    ------
    UntriedError
        Only one mask for the whole batch is taken.
    """
    for shape in dict.fromkeys((form.shape, *_OF_SAMPLES)):
        if shape in _OF_SAMPLES:
            try:
                return attend(Form(shape, form.may, form.may_not, form.is_array).mask(student, allowed))
            except (UnbuiltError, UntriedError, NotImplementedError):
                raise
            except Exception:  # noqa: S112 -- the next form is tried
                continue
    raise UntriedError("no mask is taken that differs from sample to sample")


def _same(found: Array, right: Array) -> bool:
    """Whether both are the same; far coarser than rounding, far finer than what another position would change."""
    if found.shape != right.shape or not np.isfinite(found).all():
        return False
    return bool(np.abs(found - right).max() <= 1e-4 * max(float(np.abs(right).max()), 1e-6))


def _forms(student: Student, length: int) -> Iterator[Form]:
    """Forms to be tried, the package's own first."""
    own = own_form(student, length)
    styles = [(1.0, 0.0), (0.0, _LARGE), (0.0, -np.inf)]
    if own is not None:
        yield own
        if (own.may, own.may_not) == (1.0, 0.0):
            # A package that makes masks of TinyTorch's has to take them.
            styles = [(1.0, 0.0)]
    is_array = own is not None and own.is_array
    for (may, may_not), shape in itertools.product(styles, _SHAPES):
        yield Form(shape, may, may_not, is_array)


def own_form(student: Student, length: int) -> Form | None:
    """The form of the masks that the package makes; None if it makes none, or not such that their form can be told."""
    try:
        made = student.part("create_causal_mask")(length)
        values = student.array(made).astype(np.float64)
    except Exception:
        # It has a case of its own.
        return None
    shape = {2: "(L, L)", 3: "(1, L, L)", 4: "(1, 1, L, L)"}.get(values.ndim)
    if shape is None or values.size != length * length:
        return None
    may, may_not = style_of(values.reshape(length, length))
    return Form(shape, may, may_not, not student.is_tensor(made))


def style_of(mask: Array) -> tuple[float, float]:
    """What stands in a causal mask (length, length) where a query may attend, and where not."""
    if mask.min() < 0:
        return 0.0, float(mask.min())
    is_exchanged = mask[0, 0] == 0 and mask[0, -1] == 1
    return (0.0, 1.0) if is_exchanged else (1.0, 0.0)
