"""Cases of several expressions, each of which is judged by itself.

What one of them raises is told of this one alone, with the expression as it is written; and one with a method that the
course does not ask for is left out where the method is not there.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from tinytorch_hf.check.operation import DrawInputs, MakeClaims
from tinytorch_hf.check.state_claims import kept_in_float32
from tinytorch_hf.judging.case import Case, Claim, Inputs, Results, RunTorch, upstream
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.judging.rounding import as_kept
from tinytorch_hf.student.expressions import is_refusal
from tinytorch_hf.student.view import Student, UnbuiltError, UntriedError

# Computes from values by name: tensors, and what is no array as it is.
Compute = Callable[[Mapping[str, Any]], Any]
_LIBRARIES = {"site-packages", "dist-packages"}
_OURS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Expression:
    """One expression, written alike on both sides unless torch spells it otherwise.

    Attributes
    ----------
    text
        As it is written; what its output is called among the results.
    compute
        Computes it.
    in_torch
        Computes it in torch, where it is spelt otherwise there.
    leaves
        Names of the tensors in it.
    method
        A method of tensors that it needs and that the course does not ask for; or nothing.
    may_be_refused
        Whether a package may raise an error instead, because the course does not ask for it.
    is_of_tinytorch
        Whether what it means is TinyTorch's own choice, so that a mapped framework may refuse it.
    default_of
        The method of which it is the call without arguments for axes, which a mapped framework may take to mean others.
    """

    text: str
    compute: Compute
    in_torch: Compute | None = None
    leaves: tuple[str, ...] = ("a",)
    method: str = ""
    may_be_refused: bool = False
    is_of_tinytorch: bool = False
    default_of: str = ""

    def gradient(self, leaf: str) -> str:
        """What the gradient with respect to a leaf is called among the results."""
        return f"gradient of {leaf} in {self.text}"

    def results(self, with_gradients: bool) -> list[str]:
        """The names of its results."""
        return [self.text, *(self.gradient(leaf) for leaf in self.leaves if with_gradients)]

    def torch(self, values: Mapping[str, Any]) -> Any:
        """What torch gives."""
        return (self.in_torch or self.compute)(values)


@dataclass(frozen=True)
class Table:
    """The expressions of one case.

    Attributes
    ----------
    expressions
        In the order in which they are tried.
    with_gradients
        Whether gradients belong to the results.
    mistakes
        By the mistake's code, what it makes of the expressions concerned, in torch.
    claims
        What else has to hold.
    """

    expressions: Sequence[Expression]
    with_gradients: bool
    mistakes: Mapping[str, Mapping[str, Compute]] = field(default_factory=dict)
    claims: MakeClaims = lambda _inputs, _results: ()

    def case(self, name: str, module: str, needs: tuple[str, ...], inputs: DrawInputs) -> Case:
        """The case of these expressions."""
        optional = [
            entry
            for entry in self.expressions
            if entry.method or entry.may_be_refused or entry.is_of_tinytorch or entry.default_of
        ]
        return Case(
            name,
            module,
            needs,
            inputs,
            self._in_tinytorch,
            self._in_torch({}),
            mistakes={code: self._in_torch(other) for code, other in self.mistakes.items()},
            claims=self._all_claims,
            optional=frozenset(name for entry in optional for name in entry.results(self.with_gradients)),
        )

    def _in_tinytorch(self, student: Student, values: Inputs) -> Results:
        results: Results = {}
        for expression in self.expressions:
            tensors = {leaf: student.tensor(values[leaf], gradient=self.with_gradients) for leaf in expression.leaves}
            if expression.method and not hasattr(tensors[expression.leaves[0]], expression.method):
                continue
            if student.is_mapped and student.means_other_axes(expression.default_of):
                results[_meaning_of(expression)] = "other axes"
                continue
            try:
                output = expression.compute({**values, **tensors})
            except Exception as error:
                may_be_refused = expression.may_be_refused or (expression.is_of_tinytorch and student.is_mapped)
                if may_be_refused and not isinstance(error, UnbuiltError | NotImplementedError):
                    continue
                if student.is_mapped and is_refusal(error):
                    raise UntriedError(
                        f"it refuses {expression.text} itself: {type(error).__name__}: {error}"
                    ) from error
                results[expression.text] = _told(error)
                continue
            results[expression.text] = np.array(student.array(output))
            results[_kind_of(expression)] = "a tensor" if student.is_tensor(output) else type(output).__name__
            if self.with_gradients and student.has_autograd:
                try:
                    _send_back(student, output)
                except Exception as error:
                    results[_backward_of(expression)] = _told(error)
                arrived = {leaf: student.gradient(tensor) for leaf, tensor in tensors.items()}
                results |= {
                    expression.gradient(leaf): None if gradient is None else np.array(gradient)
                    for leaf, gradient in arrived.items()
                }
            results |= {
                f"{leaf} after {expression.text}": np.array(student.array(tensor)) for leaf, tensor in tensors.items()
            }
        if student.is_mapped and not any(expression.text in results for expression in self.expressions):
            raise UntriedError("none of these is taken as in TinyTorch, and none of them has to be")
        return results

    def _in_torch(self, instead: Mapping[str, Compute]) -> RunTorch:
        """All results; some expressions computed in another way, as a mistake does it."""

        def run(judge: Judge, inputs: Inputs) -> Results:
            results: Results = {}
            for expression in self.expressions:
                leaves = expression.leaves if self.with_gradients else ()
                values = judge.tensors(inputs, leaves)
                output = instead.get(expression.text, expression.torch)(values)
                results[expression.text] = judge.array(output)
                if leaves and output.requires_grad:
                    output.backward(judge.tensor(upstream(tuple(output.shape))) if output.numel() != 1 else None)
                for leaf in leaves:
                    gradient = values[leaf].grad
                    found = judge.torch.zeros_like(values[leaf]) if gradient is None else gradient
                    results[expression.gradient(leaf)] = judge.array(found)
            return results

        return run

    def _all_claims(self, inputs: Inputs, results: Results) -> list[Claim]:
        raised = [
            Claim(
                f"{_backward_of(expression)} ends without an error ({text})",
                False,
                "BACKWARD-RAISES",
                addition=f"{expression.text}: {text}",
            )
            for expression in self.expressions
            if (text := results.get(_backward_of(expression)))
        ]
        kept = {
            f"{leaf} in {expression.text}": (inputs[leaf], results[f"{leaf} after {expression.text}"])
            for expression in self.expressions
            for leaf in expression.leaves
            if f"{leaf} after {expression.text}" in results
        }
        changed = [
            name
            for name, (before, after) in kept.items()
            if not np.array_equal(as_kept(before, after), after.astype(np.float32))
        ]
        what = f"{', '.join(changed[:3]) or 'everything'} keeps its values"
        raised += [
            Claim(f"{expression.text} is a tensor", False, "NOT-A-TENSOR", seen=f"it is a {kind}")
            for expression in self.expressions
            if (kind := results.get(_kind_of(expression), "a tensor")) != "a tensor"
        ]
        raised += [
            Claim(
                f"{entry.text} takes other axes than TinyTorch's, which is each framework's own choice",
                False,
                is_note=True,
            )
            for entry in self.expressions
            if _meaning_of(entry) in results
        ]
        return [
            *self.claims(inputs, results),
            *raised,
            kept_in_float32(kept),
            Claim(what, not changed, "DATA-CHANGED"),
        ]


def _backward_of(expression: Expression) -> str:
    return f"backward of {expression.text}"


def _meaning_of(expression: Expression) -> str:
    return f"meaning of {expression.text}"


def _kind_of(expression: Expression) -> str:
    return f"kind of {expression.text}"


def _send_back(student: Student, output: Any) -> None:
    values = student.array(output)
    student.backward(output, upstream(values.shape) if values.size != 1 else None)


def _told(error: Exception) -> str:
    """The error and its place in the student's file; raised again if it is our call that does not fit, or no error."""
    if isinstance(error, UnbuiltError | NotImplementedError):
        raise error
    place = _place(error)
    if not place:
        raise error
    return f"{type(error).__name__}: {error}".splitlines()[0][:200] + f" ({place})"


def _place(error: BaseException) -> str:
    """File and line of the package at which it was raised, there or in a library that it calls; nothing if here."""
    steps = list(traceback.walk_tb(error.__traceback__))
    if _is_ours(steps[-1][0].f_code.co_filename):
        return ""
    foreign = [(frame, line) for frame, line in steps if not _is_ours(frame.f_code.co_filename)]
    # A package under test may be installed where libraries are.
    first = _top_level(foreign[0][0])
    own = [step for step in foreign if _top_level(step[0]) == first or not _is_of_a_library(step[0])]
    frame, line = own[-1]
    return f"{Path(frame.f_code.co_filename).name}:{line}"


def _top_level(frame: FrameType) -> str:
    """The package whose code runs in a frame."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_of_a_library(frame: FrameType) -> bool:
    path = Path(frame.f_code.co_filename)
    return Path(traceback.__file__).parent in path.parents or bool(_LIBRARIES & set(path.parts))


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return any(folder in path.parents for folder in (_OURS / "check", _OURS / "student"))
