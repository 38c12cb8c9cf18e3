"""Automatic differentiation over more than one backward: what adds up, what is reset, and what must not be touched."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.autograd import NEEDS
from tinytorch_hf.check.inputs import features, sizes
from tinytorch_hf.check.operation import gradient_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

# Computes gradients with NumPy alone from a, b and what arrives; the judge's precision is kept.
_Formula = Callable[[Array, Array, Array], Mapping[str, Array]]


def _tensors(student: Student, values: Inputs) -> tuple[Any, Any, Array]:
    """Two leaves, and the gradient that is sent back."""
    a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"], gradient=True)
    return a, b, upstream(values["a"].shape)


def _left(student: Student, **tensors: Any) -> Results:
    """The gradients that are there now."""
    arrived = {gradient_of(name): student.gradient(tensor) for name, tensor in tensors.items()}
    return {name: None if value is None else np.array(value) for name, value in arrived.items()}


def _right(formula: _Formula) -> RunTorch:
    def run(judge: Judge, values: Inputs) -> Results:
        a, b = judge.tensor(values["a"]), judge.tensor(values["b"])
        gradient = judge.tensor(upstream(values["a"].shape))
        return {name: judge.array(value) for name, value in formula(a, b, gradient).items()}

    return run


def _case(
    name: str,
    run: Callable[[Student, Inputs], Results],
    right: RunTorch,
    mistakes: Mapping[str, RunTorch] | None = None,
    claims: Callable[[Inputs, Results], Sequence[Claim]] = lambda _inputs, _results: (),
    needs: tuple[str, ...] = (),
    optional: frozenset[str] = frozenset(),
) -> Case:
    def inputs(draw: Draw) -> Inputs:
        shape = sizes(draw, 5, 7)
        return {"a": features(draw, *shape), "b": features(draw, *shape) + np.float32(3)}

    return Case(
        f"gradient-{name}",
        "autograd",
        (*NEEDS, *needs),
        inputs,
        run,
        right,
        mistakes=mistakes or {},
        claims=claims,
        optional=optional,
    )


def _adds_up(student: Student, values: Inputs) -> Results:
    """Gradients add up over calls of backward until they are reset."""
    a, b, gradient = _tensors(student, values)
    for _ in range(2):
        student.backward(a * b, gradient.copy())
    return _left(student, a=a, b=b)


def _product(times: int) -> RunTorch:
    return _right(lambda a, b, g: {gradient_of("a"): times * g * b, gradient_of("b"): times * g * a})


def _zero_grad(student: Student, values: Inputs) -> Results:
    """After a reset the next gradient is as the first; that of another tensor stays as it was."""
    a, b, gradient = _tensors(student, values)
    student.backward(a + b, gradient.copy())
    getattr(a, student.conventions.zero_grad)()
    student.backward(a * a, gradient.copy())
    return _left(student, a=a, b=b)


def _zero_grad_in_torch(kept: int, others: int) -> RunTorch:
    return _right(lambda a, _, g: {gradient_of("a"): kept * g + 2 * g * a, gradient_of("b"): others * g})


def _zeroed_in_place(student: Student, values: Inputs) -> Results:
    """Zeros written into the gradient's array, as some optimizers reset it."""
    a, b, gradient = _tensors(student, values)
    student.backward(a * b, gradient.copy())
    held = student.gradient(a)
    if held is None or not held.flags.writeable:
        return {"gradient of a cannot be written to": 1}
    held[...] = 0
    now = student.gradient(a)
    if now is None or now.any():
        # What a tensor gives away is a copy; then nothing was reset.
        return {"gradient of a cannot be written to": 1}
    student.backward(a * b, gradient.copy())
    return _left(student, a=a)


def _untouched(student: Student, values: Inputs) -> Results:
    """A sum passes the same gradient to both; then one of them goes on alone."""
    a, b, gradient = _tensors(student, values)
    student.backward(a + b, gradient.copy())
    first, second = student.gradient(a), student.gradient(b)
    shared = first is not None and second is not None and bool(np.shares_memory(first, second))
    student.backward(a * a, gradient.copy())
    return {**_left(student, a=a, b=b), "the memory of both gradients": "shared" if shared else "its own"}


def _untouched_claims(_: Inputs, results: Results) -> list[Claim]:
    what = "the gradients of a and b in a + b share their memory: scaling one in place scales the other"
    return [Claim(what, results["the memory of both gradients"] == "its own", is_note=True)]


def _untouched_in_torch(adds_to_b: int) -> RunTorch:
    return _right(
        lambda a, _, g: {gradient_of("a"): g + 2 * g * a, gradient_of("b"): g + adds_to_b * 2 * g * a},
    )


def _not_asked(student: Student, values: Inputs) -> Results:
    """A tensor that wants no gradient gets none, and does not keep others from theirs, on either side."""
    results: Results = {}
    gradient = upstream(values["a"].shape)
    for text, compute in {
        "a * b": lambda a, b: a * b,
        "b * a": lambda a, b: b * a,
        "a / b": lambda a, b: a / b,
        "b - a": lambda a, b: b - a,
    }.items():
        a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"])
        if student.wants_gradient(b) is not None:
            setattr(b, student.conventions.requires_grad, False)
        student.backward(compute(a, b), gradient.copy())
        arrived, unasked = student.gradient(a), student.gradient(b)
        results[f"gradient of a in {text}"] = None if arrived is None else np.array(arrived)
        results[f"at b in {text}"] = "nothing" if unasked is None or not unasked.any() else "a gradient"
    return results


def _not_asked_claims(_: Inputs, results: Results) -> list[Claim]:
    return [
        Claim(f"b, which asked for no gradient, has none after {text}", found == "nothing", "NOT-ASKED-GRADIENT")
        for text, found in ((text, results[f"at b in {text}"]) for text in ("a * b", "b * a", "a / b", "b - a"))
    ]


def _not_asked_in_torch(_: Any = None) -> RunTorch:
    return _right(
        lambda a, b, g: {
            "gradient of a in a * b": g * b,
            "gradient of a in b * a": g * b,
            "gradient of a in a / b": g / b,
            "gradient of a in b - a": -g,
        }
    )


def _values_kept(student: Student, values: Inputs) -> Results:
    """A backward pass changes gradients and nothing else."""
    a, b, gradient = _tensors(student, values)
    output = (a * b + a) / b
    before = np.array(student.array(output))
    student.backward(output, gradient)
    return {
        "a": np.array(student.array(a)),
        "b": np.array(student.array(b)),
        "output before": before,
        "output after": np.array(student.array(output)),
        "what was sent back": gradient,
    }


def _kept_claims(inputs: Inputs, results: Results) -> list[Claim]:
    sent = upstream(inputs["a"].shape)
    kept = {name: np.array_equal(results[name], inputs[name]) for name in ("a", "b")}
    kept["the output"] = np.array_equal(results["output before"], results["output after"])
    return [
        *(Claim(f"{name} keeps its values", holds, "DATA-CHANGED-BY-BACKWARD") for name, holds in kept.items()),
        Claim(
            "the gradient that is sent back keeps its values",
            np.array_equal(results["what was sent back"], sent),
            "BACKWARD-CHANGES-SEED",
        ),
    ]


def _of_integers(student: Student, values: Inputs) -> Results:
    """A tensor made of whole numbers receives fractions as gradients."""
    a = student.tensor(values["whole"], gradient=True, keeps_type=True)
    student.backward(a * 0.25, upstream(values["whole"].shape))
    return _left(student, a=a)


def _of_integers_in_torch(rounds: bool) -> RunTorch:
    def run(judge: Judge, values: Inputs) -> Results:
        gradient = 0.25 * judge.tensor(upstream(values["whole"].shape))
        return {gradient_of("a"): judge.array(gradient.trunc() if rounds else gradient)}

    return run


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
            student.backward(y, upstream(values["a"].shape))
        results |= {f"calls for {n_diamonds} diamonds": count[0]}
    return {**results, **_left(student, a=a)}


@contextlib.contextmanager
def _counted_calls() -> Any:
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
        Claim(f"twice the diamonds take about twice the calls, and not {many} after {few}", many < 12 * few, "BACKWARD-NO-VISITED-SET")
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
    return {"a long chain": "", **_left(student, a=a)}


def _chain_claims(_: Inputs, results: Results) -> list[Claim]:
    what = f"backward through {_LENGTH} operations in a row ends with a RecursionError; PyTorch takes any number"
    return [Claim(what, not results["a long chain"], is_note=True)]


def _beyond(student: Student, values: Inputs) -> Results:
    """What PyTorch refuses: backward of several values without a gradient, and twice through one graph."""
    a, b, gradient = _tensors(student, values)
    results: Results = {}
    product = a * b
    student.backward(product, gradient.copy())
    results |= _left(student, a=a, b=b)
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
        Claim("accepts what PyTorch refuses: a second backward of one result, which adds a wrong gradient", is_sound, is_note=True),
        Claim(
            "accepts what PyTorch refuses: backward() of several values without a gradient",
            results["without a gradient"] != "",
            is_note=True,
        ),
    ]


CASES = (
    _case(
        "adds-up",
        _adds_up,
        _product(2),
        {"BACKWARD-OVERWRITES": _product(1), "BACKWARD-REPEATS": _product(3)},
    ),
    _case(
        "zero-grad",
        _zero_grad,
        _zero_grad_in_torch(kept=0, others=1),
        {
            "ZERO-GRAD": _zero_grad_in_torch(kept=1, others=1),
            "ZERO-GRAD-IN-PLACE": _zero_grad_in_torch(kept=0, others=0),
        },
        needs=("Tensor.zero_grad",),
    ),
    _case(
        "zeroed-in-place",
        _zeroed_in_place,
        _right(lambda _, b, g: {gradient_of("a"): g * b}),
        {"GRADIENT-IN-PLACE": _right(lambda _, b, g: {gradient_of("a"): 0 * g * b})},
        optional=frozenset([gradient_of("a")]),
    ),
    _case(
        "of-both-kept-apart",
        _untouched,
        _untouched_in_torch(adds_to_b=0),
        {"GRADIENT-SHARED": _untouched_in_torch(adds_to_b=1)},
        _untouched_claims,
    ),
    _case("not-asked", _not_asked, _not_asked_in_torch(), claims=_not_asked_claims),
    _case("leaves-values", _values_kept, lambda *_: {}, claims=_kept_claims),
    Case(
        "gradient-of-integers",
        "autograd",
        NEEDS,
        lambda draw: {"whole": draw.rng.integers(-9, 10, sizes(draw, 5, 7))},
        _of_integers,
        _of_integers_in_torch(rounds=False),
        mistakes={"DTYPE": _of_integers_in_torch(rounds=True)},
    ),
    _case(
        "many-diamonds",
        _diamonds,
        _right(lambda _a, _b, g: {gradient_of("a"): 2**_MANY * g}),
        claims=_diamond_claims,
    ),
    _case(
        "long-chain",
        _long_chain,
        _right(lambda _a, _b, g: {gradient_of("a"): g}),
        claims=_chain_claims,
        optional=frozenset([gradient_of("a")]),
    ),
    _case("beyond-pytorch", _beyond, _product(1), claims=_beyond_claims),
)
