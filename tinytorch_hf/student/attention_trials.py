"""Whether functions of attention are called as TinyTorch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tinytorch_hf.student.part_trials import Seen
from tinytorch_hf.student.view import Student

_LENGTH, _WIDTH = 3, 4


def _attention(student: Student) -> Seen:
    """It takes queries, keys, values and no mask, and gives an output and weights."""
    values = np.cos(np.arange(_LENGTH * _WIDTH, dtype=np.float32)).reshape(1, _LENGTH, _WIDTH)
    tensors = [student.float_tensor(values * factor) for factor in (1, 2, 3)]
    output, weights = student.part("scaled_dot_product_attention")(*tensors, None)
    shapes = student.array(output).shape, student.array(weights).shape
    fits = shapes == ((1, _LENGTH, _WIDTH), (1, _LENGTH, _LENGTH))
    return Seen(fits, fits, f"it gives the shapes {shapes}")


def _mask(student: Student) -> Seen:
    """It takes a length, and gives a square."""
    made = student.array(student.part("create_causal_mask")(_LENGTH))
    fits = made.size == _LENGTH**2
    return Seen(fits, fits, f"it gives the shape {made.shape}")


TRIALS: Mapping[str, Callable[[Student], Seen]] = {
    "scaled_dot_product_attention": _attention,
    "create_causal_mask": _mask,
}
