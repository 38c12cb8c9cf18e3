"""Automatic differentiation over more than one backward: what adds up, what is reset, and what must not be touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.autograd import NEEDS
from tinytorch_hf.check.inputs import features, sizes
from tinytorch_hf.check.optional import if_taken
from tinytorch_hf.check.state import gradient_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.judging.rounding import as_kept
from tinytorch_hf.student.calls import arguments_of
from tinytorch_hf.student.view import Student, UntriedError

# Computes gradients with NumPy alone from a, b and what arrives; the judge's precision is kept.
_Formula = Callable[[Array, Array, Array], Mapping[str, Array]]


def leaves(student: Student, values: Inputs) -> tuple[Any, Any, Array]:
    """Two leaves, and the gradient that is sent back."""
    a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"], gradient=True)
    return a, b, upstream(values["a"].shape)


def gradients_left(student: Student, **tensors: Any) -> Results:
    """The gradients that are there now."""
    arrived = {gradient_of(name): student.gradient(tensor) for name, tensor in tensors.items()}
    return {name: None if value is None else np.array(value) for name, value in arrived.items()}


def by_formula(formula: _Formula) -> RunTorch:
    """The right gradients, from a formula."""

    def run(judge: Judge, values: Inputs) -> Results:
        a, b = judge.tensor(values["a"]), judge.tensor(values["b"])
        gradient = judge.tensor(upstream(values["a"].shape))
        return {name: judge.array(value) for name, value in formula(a, b, gradient).items()}

    return run


def situation(
    name: str,
    run: Callable[[Student, Inputs], Results],
    right: RunTorch,
    mistakes: Mapping[str, RunTorch] | None = None,
    claims: Callable[[Inputs, Results], Sequence[Claim]] = lambda _inputs, _results: (),
    needs: tuple[str, ...] = (),
    optional: frozenset[str] = frozenset(),
) -> Case:
    """A case of two leaves, a and b."""

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
    a, b, gradient = leaves(student, values)
    for _ in range(2):
        # The same array both times, as a loop over batches sends it.
        student.backward(a * b, gradient)
    return gradients_left(student, a=a, b=b)


def product(times: int) -> RunTorch:
    """The gradients of a * b, so many times."""
    return by_formula(lambda a, b, g: {gradient_of("a"): times * g * b, gradient_of("b"): times * g * a})


def _zero_grad(student: Student, values: Inputs) -> Results:
    """After a reset the next gradient is as the first; that of another tensor stays as it was."""
    a, b, gradient = leaves(student, values)
    student.backward(a + b, gradient.copy())
    getattr(a, student.conventions.zero_grad)()
    student.backward(a * a, gradient.copy())
    return gradients_left(student, a=a, b=b)


def _zero_grad_in_torch(kept: int, others: int) -> RunTorch:
    return by_formula(lambda a, _, g: {gradient_of("a"): kept * g + 2 * g * a, gradient_of("b"): others * g})


def _zeroed_in_place(student: Student, values: Inputs) -> Results:
    """Zeros written into the gradient's array, as some optimizers reset it."""
    a, b, gradient = leaves(student, values)
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
    return gradients_left(student, a=a)


def _zeroed_claims(_: Inputs, results: Results) -> list[Claim]:
    tried = gradient_of("a") in results or results["gradient of a cannot be written to"] == 1
    return [Claim("the gradient arrives after it was set to zero in place", tried)]


def _untouched(student: Student, values: Inputs) -> Results:
    """A sum passes the same gradient to both; then one of them goes on alone."""
    a, b, gradient = leaves(student, values)
    student.backward(a + b, gradient.copy())
    first, second = student.gradient(a), student.gradient(b)
    # What nobody may write to, nobody scales in its place.
    shared = (
        first is not None and second is not None and first.flags.writeable and bool(np.shares_memory(first, second))
    )
    student.backward(a * a, gradient.copy())
    return {**gradients_left(student, a=a, b=b), "the memory of both gradients": "shared" if shared else "its own"}


def _untouched_claims(_: Inputs, results: Results) -> list[Claim]:
    what = "the gradients of a and b in a + b have memory of their own, as in PyTorch"
    is_own = results["the memory of both gradients"] == "its own"
    return [Claim(what, is_own, "GRADIENT-SHARED", seen="scaling one in place, as clipping does, scales the other")]


def _untouched_in_torch(adds_to_b: int) -> RunTorch:
    return by_formula(
        lambda a, _, g: {gradient_of("a"): g + 2 * g * a, gradient_of("b"): g + adds_to_b * 2 * g * a},
    )


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "a * b": lambda a, b: a * b,
    "b * a": lambda a, b: b * a,
    "a / b": lambda a, b: a / b,
    "b - a": lambda a, b: b - a,
}


def _not_asked(student: Student, values: Inputs) -> Results:
    """A tensor that wants no gradient gets none, and does not keep others from theirs, on either side."""
    if student.is_mapped and student.wants_gradient(student.tensor(values["b"])) is None:
        raise UntriedError("its tensors do not say whether they want a gradient")
    results: Results = {}
    gradient = upstream(values["a"].shape)
    for text, compute in _OPERATORS.items():
        a, b = student.tensor(values["a"], gradient=True), student.tensor(values["b"])
        if student.wants_gradient(b) is not None:
            setattr(b, student.conventions.requires_grad, False)
        student.backward(compute(a, b), gradient.copy())
        arrived, unasked = student.gradient(a), student.gradient(b)
        results[f"gradient of a in {text}"] = None if arrived is None else np.array(arrived)
        results[f"at b in {text}"] = "nothing" if unasked is None or not unasked.any() else "a gradient"
    if not student.is_mapped and "requires_grad" in arguments_of(student.part("Tensor")):
        # TinyTorch's interface, for which its documentation states the default.
        results["a new tensor wants a gradient"] = str(bool(student.wants_gradient(student.tensor(values["a"]))))
    return results


def _not_asked_claims(_: Inputs, results: Results) -> list[Claim]:
    is_default = results.get("a new tensor wants a gradient", "False") == "False"
    return [
        Claim("requires_grad is False by default", is_default, "DEFAULT-ARGUMENT"),
        *(
            Claim(
                f"b, which asked for no gradient, has none after {text}",
                results[f"at b in {text}"] == "nothing",
                "NOT-ASKED-GRADIENT",
            )
            for text in _OPERATORS
        ),
    ]


_NOT_ASKED_IN_TORCH = by_formula(
    lambda _, b, g: {
        "gradient of a in a * b": g * b,
        "gradient of a in b * a": g * b,
        "gradient of a in a / b": g / b,
        "gradient of a in b - a": -g,
    }
)


def _values_kept(student: Student, values: Inputs) -> Results:
    """A backward pass changes gradients and nothing else."""
    a, b, gradient = leaves(student, values)
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
    kept = {name: np.array_equal(results[name], as_kept(inputs[name], results[name])) for name in ("a", "b")}
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
    student.require_own_tensors("the type of numbers")

    def run() -> Results:
        a = student.tensor(values["whole"], gradient=True, keeps_type=True)
        student.backward(a * 0.25, upstream(values["whole"].shape))
        return gradients_left(student, a=a)

    # PyTorch refuses that; TinyTorch's tensors are all of float32.
    return if_taken("a gradient for whole numbers", run) if student.is_mapped else run()


def _of_integers_in_torch(rounds: bool) -> RunTorch:
    def run(judge: Judge, values: Inputs) -> Results:
        gradient = 0.25 * judge.tensor(upstream(values["whole"].shape))
        return {gradient_of("a"): judge.array(gradient.trunc() if rounds else gradient)}

    return run


CASES = (
    situation(
        "adds-up",
        _adds_up,
        product(2),
        {"BACKWARD-OVERWRITES": product(1), "BACKWARD-REPEATS": product(3)},
    ),
    situation(
        "zero-grad",
        _zero_grad,
        _zero_grad_in_torch(kept=0, others=1),
        {
            "ZERO-GRAD": _zero_grad_in_torch(kept=1, others=1),
            "ZERO-GRAD-IN-PLACE": _zero_grad_in_torch(kept=0, others=0),
        },
        needs=("Tensor.zero_grad",),
    ),
    situation(
        "zeroed-in-place",
        _zeroed_in_place,
        by_formula(lambda _, b, g: {gradient_of("a"): g * b}),
        {"GRADIENT-IN-PLACE": by_formula(lambda _, b, g: {gradient_of("a"): 0 * g * b})},
        _zeroed_claims,
        optional=frozenset([gradient_of("a")]),
    ),
    situation(
        "of-both-kept-apart",
        _untouched,
        _untouched_in_torch(adds_to_b=0),
        {"GRADIENT-SHARED": _untouched_in_torch(adds_to_b=1)},
        _untouched_claims,
    ),
    situation("not-asked", _not_asked, _NOT_ASKED_IN_TORCH, claims=_not_asked_claims),
    situation("leaves-values", _values_kept, lambda *_: {}, claims=_kept_claims),
    Case(
        "gradient-of-integers",
        "autograd",
        NEEDS,
        lambda draw: {"whole": draw.rng.integers(-9, 10, sizes(draw, 5, 7))},
        _of_integers,
        _of_integers_in_torch(rounds=False),
        mistakes={"DTYPE": _of_integers_in_torch(rounds=True)},
    ),
)
