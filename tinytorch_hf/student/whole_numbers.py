"""In which form a mapped framework takes whole numbers, found by trying.

TinyTorch's documentation settles this for a TinyTorch: they come in tensors of float32 like all others. Elsewhere ids
and labels may have to be of a whole-number type, or no tensor at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from tinytorch_hf.formats.arrays import Array


class Framework(Protocol):
    """What trying needs of a framework."""

    def part(self, name: str) -> Any:
        """A class or function by its name in TinyTorch."""

    def float_tensor(self, values: Any) -> Any:
        """A tensor of float32."""

    def array(self, value: Any) -> Array:
        """The values of a tensor."""


# Gives whole numbers as a framework takes them.
Form = Callable[[Framework, Any], Any]


FORMS: tuple[Form, ...] = (
    lambda framework, values: framework.float_tensor(values),
    lambda framework, values: framework.part("Tensor")(np.array(values, dtype=np.int64)),
    lambda framework, values: framework.part("Tensor")(np.array(values, dtype=np.int64), dtype=np.int64),
    lambda _, values: np.array(values, dtype=np.int64),
)
"""As a tensor of float32, as TinyTorch's hold them; as a tensor of whole numbers, which may have to be asked for; as an
array of them."""


def form_of_whole_numbers(framework: Framework, part: str) -> Form | str:
    """The first form in which "Embedding" takes ids, or a loss takes labels; the first error where none is taken.

    TinyTorch's where the part itself is not to be had in the usual way, so that the case says why.
    """
    taken = _ids_are_taken if part == "Embedding" else _labels_are_taken
    try:
        made = framework.part(part)(7, 3) if part == "Embedding" else framework.part(part)()
    except Exception:
        return FORMS[0]
    error = ""
    for form in FORMS:
        try:
            if taken(framework, made, form):
                return form
        except Exception as raised:
            error = error or f"{type(raised).__name__}: {raised}".splitlines()[0][:200]
    return error or FORMS[0]


def _ids_are_taken(framework: Framework, made: Any, form: Form) -> bool:
    rows = made(form(framework, [[1, 2]]))
    shape = np.shape(framework.array(rows))
    return shape == (1, 2, 3)


def _labels_are_taken(framework: Framework, made: Any, form: Form) -> bool:
    loss = getattr(made, "forward", made)
    logits = framework.float_tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])
    given: Array = framework.array(loss(logits, form(framework, [0, 2])))
    return bool(np.isfinite(given).all())
