"""Attention with a mask, in the form that a package takes; that is found by trying, once for each part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.attention import causal
from tinytorch_hf.check.cases.multi_head import forward_of, mask_form
from tinytorch_hf.check.masks import Form, once, taken_form
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.student.view import Student

FUNCTION, LAYER = "scaled_dot_product_attention", "MultiHeadAttention"
"""What takes masks."""

# Which queries may attend to which keys, as rows of 1 and 0.
Mask = Sequence[Sequence[float]]


def of_function(student: Student, operands: Sequence[Any], mask: Mask | None) -> Any:
    """What the function of attention gives."""
    attention = student.part(FUNCTION)
    if mask is None:
        return attention(*operands)[0]
    batch = student.array(operands[0]).shape[0]
    return attention(*operands, _form_of_function(student).mask(student, _for_batch(mask, batch)))[0]


def of_layer(student: Student, layer: Any, x: Any, mask: Mask) -> Any:
    """What a layer of attention gives."""
    block = forward_of(layer)
    values = student.array(x)
    form = mask_form(student, LAYER, block, _sequences(values.shape[-1]))
    return block(x, form.mask(student, _for_batch(mask, len(values))))


def _for_batch(mask: Mask, batch: int) -> Array:
    allowed: Array = np.array([mask], dtype=np.float32).repeat(batch, 0)
    return allowed


def _sequences(width: int) -> Array:
    """Two sequences of three positions, to try masks on."""
    values: Array = np.random.default_rng(0).standard_normal((2, 3, width)).astype(np.float32)
    return values


def _form_of_function(student: Student) -> Form:
    plain = [_sequences(4) * np.float32(sign) for sign in (1, -1, 0.5)]
    attention = student.part(FUNCTION)

    def output(mask: Any = None) -> Array:
        return student.array(attention(*map(student.tensor, plain), mask)[0])

    def find() -> Form:
        return taken_form(student, output, plain[2][:, 0], output(), causal(3).repeat(2, 0))

    return once(student, FUNCTION, find)
