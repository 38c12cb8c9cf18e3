"""Graphs of unusual shape, and what PyTorch refuses: how long backward takes, how deep it goes, what is not a fault."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.state_gradients import by_formula, gradients_left, leaves, product, situation
from tinytorch_hf.check.state import gradient_of
from tinytorch_hf.judging.case import Claim, Inputs, Results, upstream
from tinytorch_hf.student.view import Student

_FEW, _MANY = 6, 12


def _diamonds(student: Student, values: Inputs) -> Results:
    """A row of y = y + y: 2^n paths lead back, and n operations."""
    results: Results = {}
    for n_diamonds in (_FEW, _MANY):
        a = student.tensor(values["a"], gradient=True)
        y = a * 1.0
        for _ in range(n_diamonds):
            y = y + y
        with _counted_calls() as count:
            # Ones, of which thousands may be added up one by one without rounding.
            student.backward(y, np.ones_like(values["a"]))
        results[f"calls for {n_diamonds} diamonds"] = count[0]
    return {**results, **gradients_left(student, a=a)}


@contextlib.contextmanager
def _counted_calls() -> Iterator[list[int]]:
    """Count the calls of Python functions; a count is the same on every machine, and seconds are not."""
    count = [0]

    def note(_frame: Any, event: str, _argument: Any) -> None:
        count[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield count
    finally:
        sys.setprofile(before)


def _diamond_claims(_: Inputs, results: Results) -> list[Claim]:
    few, many = (results[f"calls for {n} diamonds"] for n in (_FEW, _MANY))
    # Twice as many diamonds are twice the work, four times where every tensor is compared with every other, and 64
    # times where every path is followed.
    return [
        Claim(
            f"twice the diamonds take about twice the calls, and not {many} after {few}",
            many < 12 * few,
            "BACKWARD-NO-VISITED-SET",
        )
    ]


_LENGTH = 2000


def _long_chain(student: Student, values: Inputs) -> Results:
    """As many additions one after the other as a recurrent network over a long text has."""
    a = student.tensor(values["a"], gradient=True)
    y = a
    for _ in range(_LENGTH):
        y = y + 0.001
    try:
        student.backward(y, upstream(values["a"].shape))
    except RecursionError:
        return {"a long chain": "RecursionError"}
    return {"a long chain": "", **gradients_left(student, a=a)}


def _chain_claims(_: Inputs, results: Results) -> list[Claim]:
    what = f"backward through {_LENGTH} operations in a row ends with a RecursionError; PyTorch takes any number"
    if not results["a long chain"] and gradient_of("a") not in results:
        return [Claim("the gradient of a long chain arrives", False, "NO-GRADIENT")]
    return [Claim(what, not results["a long chain"], is_note=True)]


def _beyond(student: Student, values: Inputs) -> Results:
    """What PyTorch refuses: backward of several values without a gradient, and twice through one graph."""
    student.require_own_tensors("what backward() refuses")
    a, b, gradient = leaves(student, values)
    results: Results = {}
    product = a * b
    student.backward(product, gradient.copy())
    results |= gradients_left(student, a=a, b=b)
    try:
        student.backward(product, gradient.copy())
        again = student.gradient(a)
        results["a second time"] = "" if again is None else np.array(again)
    except Exception as error:
        results["a second time"] = type(error).__name__
    try:
        student.backward(a * b)
        results["without a gradient"] = ""
    except Exception as error:
        results["without a gradient"] = type(error).__name__
    return results


def _beyond_claims(_: Inputs, results: Results) -> list[Claim]:
    once, again = results[gradient_of("a")], results["a second time"]
    is_sound = isinstance(again, str) or once is None or np.allclose(again, 2 * once) or np.allclose(again, once)
    return [
        Claim(
            "accepts what PyTorch refuses: a second backward of one result, which adds a wrong gradient",
            is_sound,
            is_note=True,
        ),
        Claim(
            "accepts what PyTorch refuses: backward() of several values without a gradient",
            results["without a gradient"] != "",
            is_note=True,
        ),
    ]


CASES = (
    situation(
        "many-diamonds",
        _diamonds,
        by_formula(lambda _a, _b, g: {gradient_of("a"): 2**_MANY * (0 * g + 1)}),
        claims=_diamond_claims,
    ),
    situation(
        "long-chain",
        _long_chain,
        by_formula(lambda _a, _b, g: {gradient_of("a"): g}),
        claims=_chain_claims,
        optional=frozenset([gradient_of("a")]),
    ),
    situation("beyond-pytorch", _beyond, product(1), claims=_beyond_claims),
)
