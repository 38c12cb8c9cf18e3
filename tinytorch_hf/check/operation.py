"""Cases of the commonest kind: an output of some inputs, and the gradient of each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.state import Subject, gradient_of, observe
from tinytorch_hf.check.state_claims import Expectations
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results, RunTorch, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

# Computes an output from values by name: tensors, and arrays where TinyTorch takes arrays.
InTinyTorch = Callable[[Student, Mapping[str, Any]], Any]
InTorch = Callable[[Judge, Mapping[str, Any]], Any]
DrawInputs = Callable[[Draw], Inputs]
MakeClaims = Callable[[Inputs, Results], Sequence[Claim]]


def operation(
    name: str,
    module: str,
    needs: tuple[str, ...],
    inputs: DrawInputs,
    tinytorch: InTinyTorch,
    torch: InTorch,
    *,
    leaves: tuple[str, ...] = ("x",),
    also_right: Sequence[InTorch] = (),
    mistakes: Mapping[str, InTorch] | None = None,
    claims: MakeClaims | None = None,
    is_repeated: bool = True,
    is_by_row: bool = False,
) -> Case:
    """A case of a function of tensors: its output, and its gradient with respect to each of the ``leaves``.

    Parameters
    ----------
    claims
        What else has to hold, of the results of `state.observe`.
    is_repeated
        Whether it gives the same again on the same values.
    is_by_row
        Whether each row of the leaves has its own row of the output, whatever the other rows are.
    """

    def run_tinytorch(student: Student, values: Inputs) -> Results:
        arguments = {leaf: values[leaf] for leaf in leaves}

        def run(tensors: Mapping[str, Any], _: Any) -> Any:
            return tinytorch(student, {**values, **tensors})

        return observe(Subject(student, arguments, leaves, run, is_by_row=is_by_row), is_repeated)

    expected = Expectations(module, leaves, leaves, is_repeated=is_repeated, is_by_row=is_by_row)
    in_torch_too = _judged(torch, leaves, also_right, mistakes or {})
    return Case(name, module, needs, inputs, run_tinytorch, *in_torch_too, claims=_all_claims(expected, claims))


def _called(_: Student, layer: Any, values: Mapping[str, Any]) -> Any:
    return layer(values["x"])


def layer(
    name: str,
    module: str,
    needs: tuple[str, ...],
    inputs: DrawInputs,
    build: Callable[[Student, Inputs], Any],
    torch: InTorch,
    *,
    parameters: tuple[str, ...] = ("weight", "bias"),
    call: Callable[[Student, Any, Mapping[str, Any]], Any] = _called,
    x_is_leaf: bool = True,
    also_right: Sequence[InTorch] = (),
    mistakes: Mapping[str, InTorch] | None = None,
    claims: MakeClaims | None = None,
    is_repeated: bool = True,
    is_by_row: bool | None = None,
    other_parameter: str = "PARAMETERS-OTHER",
    is_open: bool = False,
) -> Case:
    """A case of a layer: its output for ``x``, and the gradients by ``x`` and by its parameters.

    The inputs hold a value for each parameter, under its path in the layer; ``build`` may read sizes from them.

    Parameters
    ----------
    claims, is_repeated
        As for `operation`.
    is_by_row
        As for `operation`; by default for what is called with nothing but ``x``.
    other_parameter
        The mistake that it is if `parameters()` gives more than ``parameters``.
    is_open
        Whether it may be built otherwise, with other parameters than these.
    """
    leaves = ("x",) if x_is_leaf else ()
    by_row = call is _called if is_by_row is None else is_by_row

    def run_tinytorch(student: Student, values: Inputs) -> Results:
        built = build(student, values)
        student.load(built, {path: values[path] for path in parameters})

        def run(tensors: Mapping[str, Any], swap: Callable[[Any], Any]) -> Any:
            return call(student, swap(built), {**values, **tensors})

        arguments = {"x": values["x"]}
        return observe(Subject(student, arguments, leaves, run, built, parameters, by_row), is_repeated)

    expected = Expectations(module, ("x",), leaves, parameters, is_repeated, by_row, True, other_parameter, is_open)
    in_torch_too = _judged(torch, (*leaves, *parameters), also_right, mistakes or {})
    return Case(name, module, needs, inputs, run_tinytorch, *in_torch_too, claims=_all_claims(expected, claims))


def _all_claims(expected: Expectations, more: MakeClaims | None) -> MakeClaims:
    if more is None:
        return expected.claims
    return lambda inputs, results: [*more(inputs, results), *expected.claims(inputs, results)]


def _judged(
    torch: InTorch, leaves: tuple[str, ...], also_right: Sequence[InTorch], mistakes: Mapping[str, InTorch]
) -> tuple[RunTorch, list[RunTorch], dict[str, RunTorch]]:
    """Torch's runs of a case: what is right, what is right as well, and what each mistake would give."""
    return (
        in_torch(torch, leaves),
        [in_torch(variant, leaves) for variant in also_right],
        {sentence: in_torch(variant, leaves) for sentence, variant in mistakes.items()},
    )


def output_and_gradients(
    student: Student, output: Any, gradient: Callable[[str], Array | None], leaves: tuple[str, ...]
) -> Results:
    """The results of one run in TinyTorch; only the output where autograd is not built yet."""
    values = np.array(student.array(output))
    results: Results = {"output": values}
    if leaves and student.has_autograd:
        student.backward(output, None if values.size == 1 else upstream(values.shape))
        arrived = {leaf: gradient(leaf) for leaf in leaves}
        results |= {gradient_of(leaf): None if value is None else np.array(value) for leaf, value in arrived.items()}
    return results


def in_torch(compute: InTorch, leaves: tuple[str, ...]) -> RunTorch:
    """Turn a function of torch tensors into one that gives output and gradients."""

    def run(judge: Judge, inputs: Inputs) -> Results:
        tensors = judge.tensors(inputs, leaves)
        output = compute(judge, tensors)
        results: Results = {"output": judge.array(output)}
        if leaves:
            gradient = None if output.numel() == 1 else judge.tensor(upstream(tuple(output.shape)))
            found = _gradients(judge, output, [tensors[leaf] for leaf in leaves], gradient)
            for leaf, value in zip(leaves, found, strict=True):
                zeros = judge.torch.zeros_like(tensors[leaf])
                results[gradient_of(leaf)] = judge.array(zeros if value is None else value)
        return results

    return run


def _gradients(judge: Judge, output: Any, leaves: list[Any], gradient: Any) -> tuple[Any, ...]:
    """Gradients by the leaves; None for those that do not lead to the output."""
    if not output.requires_grad:
        return (None,) * len(leaves)
    found: tuple[Any, ...] = judge.torch.autograd.grad(output, leaves, gradient, allow_unused=True)
    return found
