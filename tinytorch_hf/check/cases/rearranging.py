"""What rearranges the values of tensors and takes some of them: expressions that values and gradients are tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinytorch_hf.check.expressions import Compute, Expression
from tinytorch_hf.judging.case import Claim, Inputs, Results


def reshapes() -> list[Expression]:
    """Of an array of three axes into others, with and without a length that is left open."""
    return [
        Expression("a.reshape(n * m, k)", lambda v: v["a"].reshape(v["lengths"][0] * v["lengths"][1], v["lengths"][2])),
        Expression(
            "a.reshape((k, n * m))",
            lambda v: v["a"].reshape((v["lengths"][2], v["lengths"][0] * v["lengths"][1])),
            is_of_tinytorch=True,
        ),
        Expression("a.reshape(n, -1)", lambda v: v["a"].reshape(v["lengths"][0], -1)),
        Expression("a.reshape(-1, k)", lambda v: v["a"].reshape(-1, v["lengths"][2])),
        Expression("a.reshape(m, -1, n)", lambda v: v["a"].reshape(v["lengths"][1], -1, v["lengths"][0])),
        Expression("a.reshape(-1)", lambda v: v["a"].reshape(-1)),
    ]


def reshape_claims(inputs: Inputs, results: Results) -> Sequence[Claim]:
    """That a length which is left open is the right one."""
    n, m, k = inputs["lengths"]
    open_lengths = {
        "a.reshape(n, -1)": (n, m * k),
        "a.reshape(-1, k)": (n * m, k),
        "a.reshape(m, -1, n)": (m, k, n),
        "a.reshape(-1)": (n * m * k,),
    }
    wrong = [text for text, shape in open_lengths.items() if np.shape(results[text]) != shape]
    what = f"{', '.join(wrong) or 'reshape'} finds the length that is left open"
    return [Claim(what, not wrong or np.shape(results["a.reshape(n * m, k)"]) != (n * m, k), "RESHAPE-MINUS-ONE")]


def transposes() -> list[Expression]:
    """Of an array of three axes."""
    return [
        Expression(
            "a.transpose()",
            lambda v: v["a"].transpose(),
            lambda v: v["a"].transpose(-2, -1),
            is_of_tinytorch=True,
            default_of="transpose",
        ),
        Expression("a.transpose(0, 1)", lambda v: v["a"].transpose(0, 1), is_of_tinytorch=True),
        Expression("a.transpose(0, 2)", lambda v: v["a"].transpose(0, 2), is_of_tinytorch=True),
        Expression("a.transpose(-1, 0)", lambda v: v["a"].transpose(-1, 0), may_be_refused=True),
        Expression("a.transpose(1, 2)", lambda v: v["a"].transpose(1, 2), is_of_tinytorch=True),
    ]


TRANSPOSES: Mapping[str, Mapping[str, Compute]] = {
    "TRANSPOSE-DEFAULT-REVERSES": {"a.transpose()": lambda v: v["a"].transpose(0, 2)},
    "TRANSPOSE-DEFAULT-FIRST": {"a.transpose()": lambda v: v["a"].transpose(0, 1)},
}
"""What is exchanged by mistake where nothing says which axes."""


def indices() -> list[Expression]:
    """Of a matrix: whole numbers, slices, steps, and rows that are named more than once."""
    rows = np.array([0, 2, 2, 4, 2])
    return [
        Expression("a[2]", lambda v: v["a"][2]),
        Expression("a[-1]", lambda v: v["a"][-1]),
        Expression("a[1, 3]", lambda v: v["a"][1, 3]),
        Expression("a[1:4]", lambda v: v["a"][1:4]),
        Expression("a[1:3, 2:]", lambda v: v["a"][1:3, 2:]),
        Expression("a[:, -2]", lambda v: v["a"][:, -2]),
        Expression("a[::2]", lambda v: v["a"][::2]),
        Expression("a[::-1]", lambda v: v["a"][::-1], lambda v: v["a"].flip(0), may_be_refused=True),
        Expression("a[[0, 2, 2, 4, 2]]", lambda v: v["a"][rows], may_be_refused=True),
        Expression("a[1:, [0, 2, 2, 4, 2]]", lambda v: v["a"][1:, rows], may_be_refused=True),
        Expression("a[rows, columns]", lambda v: v["a"][rows, rows[::-1].copy()], may_be_refused=True),
    ]
