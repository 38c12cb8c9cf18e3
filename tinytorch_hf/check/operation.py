"""Cases of the commonest kind: an output of some inputs, and the gradient of each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results, RunTorch, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

# Computes an output from values by name: tensors, and arrays where TinyTorch takes arrays.
InTinyTorch = Callable[[Student, Mapping[str, Any]], Any]
InTorch = Callable[[Judge, Mapping[str, Any]], Any]
DrawInputs = Callable[[Draw], Inputs]


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
) -> Case:
    """A case of a function of tensors: its output, and its gradient by each of the ``leaves``."""

    def run_tinytorch(student: Student, values: Inputs) -> Results:
        tensors = {leaf: student.tensor(values[leaf], gradient=True) for leaf in leaves}
        output = tinytorch(student, {**values, **tensors})
        return output_and_gradients(student, output, lambda leaf: student.gradient(tensors[leaf]), leaves)

    in_torch_too = _judged(torch, leaves, also_right, mistakes or {})
    return Case(name, module, needs, inputs, run_tinytorch, *in_torch_too)


def layer(
    name: str,
    module: str,
    needs: tuple[str, ...],
    inputs: DrawInputs,
    build: Callable[[Student, Inputs], Any],
    torch: InTorch,
    *,
    parameters: tuple[str, ...] = ("weight", "bias"),
    call: Callable[[Student, Any, Mapping[str, Any]], Any] = lambda _, layer, values: layer(values["x"]),
    x_is_leaf: bool = True,
    also_right: Sequence[InTorch] = (),
    mistakes: Mapping[str, InTorch] | None = None,
) -> Case:
    """A case of a layer: its output for ``x``, and the gradients by ``x`` and by its parameters.

    The inputs hold a value for each parameter, under its path in the layer; ``build`` may read sizes from them.
    """
    leaves = (*(("x",) if x_is_leaf else ()), *parameters)

    def run_tinytorch(student: Student, values: Inputs) -> Results:
        built = build(student, values)
        student.load(built, {path: values[path] for path in parameters})
        x = student.tensor(values["x"], gradient=x_is_leaf)
        output = call(student, built, {**values, "x": x})

        def gradient(leaf: str) -> Array | None:
            return student.gradient(x) if leaf == "x" else student.parameter_gradient(built, leaf)

        return output_and_gradients(student, output, gradient, leaves)

    in_torch_too = _judged(torch, leaves, also_right, mistakes or {})
    return Case(name, module, needs, inputs, run_tinytorch, *in_torch_too)


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
    """The results of TinyTorch's side; only the output where autograd is not built yet."""
    values = student.array(output)
    results: Results = {"output": values}
    if leaves and student.has_autograd:
        student.backward(output, None if values.size == 1 else upstream(values.shape))
        results.update({gradient_of(leaf): gradient(leaf) for leaf in leaves})
    return results


def gradient_of(leaf: str) -> str:
    """What the gradient by a leaf is called among the results."""
    return f"gradient of {leaf}"


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
