"""What is right for a program, how far rounding reaches, and how what came back differs.

A program is computed in float64, which is the truth, and in float32, as a case of the battery is. What rounding
explains is measured in what the program has in common: its outputs by the largest value on their way, and all gradients
of a program together. A difference that is small is looked at once more: where the truth itself moves as far when the
numbers move by a few units in their last place, nothing is said.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.interpret import AT_THE_END, ERROR, KIND, WHERE, gradient_name, parameter_name
from tinytorch_hf.check.programs.program import BACKWARD, SCALE, STEP, TENSOR, Program, ProgramError, parse
from tinytorch_hf.check.programs.running import Running
from tinytorch_hf.check.programs.sound import is_sound, values_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import Inputs, Results, is_gradient
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.judging.judges import chosen, computed
from tinytorch_hf.judging.results import Difference
from tinytorch_hf.judging.rounding import HALF_UNIT, largest_magnitude, rounding

# A float32 result that is further from the truth, relative to its size, is none to judge by.
_ILL = 1e-5
# A difference that is larger than this, relative to its size, is not rounding.
_PLAIN = 1e-2
_N_MOVED = 4
_SENT = 12.0
# Where steps divide by gradients, which are not surer than this beside the largest of them.
_DIVIDED = 2e-3


@dataclass(frozen=True)
class Finding:
    """How a program fails.

    Attributes
    ----------
    way
        "crash" with the error's type, "output", "gradient" or "values": what stays the same while it is shrunk.
    text
        What was seen, in a sentence.
    where
        File and line in the student's package, or nothing.
    differences
        Every result that differs.
    """

    way: str
    text: str
    where: str = ""
    differences: tuple[Difference, ...] = ()


class Right:
    """What is right for one program, by the chosen judge.

    Parameters
    ----------
    program
        The program.
    peak
        The largest value in it, where that is known.

    Attributes
    ----------
    program
        The program.
    values
        The right results, in float64.
    """

    def __init__(self, program: Program, peak: float | None = None) -> None:
        self.program = program
        self.values = computed(_running(program), {}, "float64")
        self._scales = _scales(program, self.values, peak)

    @functools.cached_property
    def _errors(self) -> dict[str, float]:
        """How far the judge itself is off in float32; all gradients together."""
        rounded = computed(_running(self.program), {}, "float32")
        errors = {name: largest_magnitude(rounded[name] - value) for name, value in self.values.items()}
        of_gradients = [error for name, error in errors.items() if is_gradient(name)]
        # What is infinite or undefined is as far off as can be.
        together = max(map(_or_infinite, of_gradients), default=0.0)
        return {name: together if is_gradient(name) else _or_infinite(error) for name, error in errors.items()}

    @property
    def is_sure(self) -> bool:
        """Whether float32 is good enough for a verdict."""
        return all(self._errors[name] <= _ILL * scale for name, scale in self._scales.items())

    def finding(self, found: Results, has_autograd: bool = True) -> Finding | None:
        """How what came back of the program differs; None where it does not."""
        if ERROR in found:
            text = str(found[ERROR])
            return Finding(f"crash {text.partition(':')[0]}", text, str(found.get(WHERE, "")))
        seen = self._seen(found, has_autograd, dict.fromkeys(self._scales, 0.0))
        if seen and self.is_sure:
            # Only what differs is worth a second computation, of how far PyTorch is off itself.
            seen = self._seen(found, has_autograd, self._errors)
        if not seen or not self.is_sure or self._is_rounding(seen):
            return None
        first = seen[0].what
        way = "gradient" if is_gradient(first) else first.partition(" ")[0]
        return Finding(way, f"{first}: {seen[0].message}", differences=tuple(seen))

    def _seen(self, found: Results, has_autograd: bool, errors: Mapping[str, float]) -> list[Difference]:
        """What differs, where PyTorch in float32 is off so far itself."""
        least = _DIVIDED if self.program.is_adaptive else 0.0
        allowed = {name: max(rounding(errors[name], scale), least * scale) for name, scale in self._scales.items()}
        expected = yardstick.Expected.known(_running(self.program), self._summed(self.values), allowed, chosen())
        if not has_autograd:
            expected = expected.restricted([name for name in expected.values if not is_gradient(name)])
        seen = yardstick.differences(expected, self._summed(_with_zeros(found, self.values)))
        return seen + _changed(self.program, found)

    def _summed(self, results: Results) -> Results:
        """The gradients of equal largest values added up, as one of them may receive all, or all some."""
        ties = self.program.ties
        if not ties:
            return results
        values = {one.name: np.array(one.arguments["values"]) for one in self.program.of(TENSOR)}
        summed = dict(results)
        for name, value in results.items():
            leaf = name.removeprefix("gradient of ").partition(" ")[0]
            if is_gradient(name) and leaf in ties and getattr(value, "shape", None) == values[leaf].shape:
                summed[name] = _shared(value, values[leaf], ties[leaf])
        return summed

    def _is_rounding(self, seen: list[Difference]) -> bool:
        """Whether differences are small, and the truth moves as far with the last digits of the numbers."""
        if any(one.error is None or one.error > _PLAIN * self._scales[one.what] for one in seen):
            return False
        moved: dict[str, float] = {}
        for number in range(_N_MOVED):
            other = computed(_running(self.program, np.random.default_rng(number)), {}, "float64")
            for name, value in other.items():
                moved[name] = max(moved.get(name, 0.0), largest_magnitude(value - self.values[name]))
        return all(one.error is not None and one.error <= 32 * moved[one.what] for one in seen)


def _or_infinite(error: float) -> float:
    return error if np.isfinite(error) else np.inf


def right_for(program: Program) -> Right | None:
    """What is right for a program; None where PyTorch's answer would not be sure, or it is none, as something lacks."""
    try:
        parse(program.as_json(), FORMS)
    except ProgramError:
        return None
    if not is_sound(program):
        return None
    right = Right(program)
    return right if right.is_sure else None


def could_not_be_run(found: Results) -> bool:
    """Whether a program ended because of something that is not built, or that our call does not fit."""
    return found.get(KIND) in ("unbuilt", "unfit")


def _running(program: Program, moving: np.random.Generator | None = None) -> Any:
    def run(judge: Judge, _: Inputs) -> Results:
        return _run(judge, program, moving)

    return run


def _run(judge: Judge, program: Program, moving: np.random.Generator | None) -> Results:
    """The results of a program by a judge; with a generator, of numbers that are moved in their last digits."""
    results: Results = {}
    n_backward = n_steps = 0

    def moved(array: Array) -> Array:
        if moving is None:
            return array
        changed: Array = array * (1 + 2 * HALF_UNIT * moving.uniform(-2, 2, array.shape))
        return changed

    running = Running(judge, changed=moved)
    values = running.values
    for one in program:
        running.run(one)
        if one.form == BACKWARD:
            n_backward += 1
            results[f"output {one.sources[0]}"] = judge.array(values[one.sources[0]])
            results |= _gradients(judge, program, values, n_backward)
        elif one.form == STEP:
            n_steps += 1
            results |= {
                # Copied, as PyTorch changes parameters in their place.
                parameter_name(layer, path, n_steps): np.array(judge.array(values[layer].parameters[path]))
                for layer, path in program.parameters
            }
    if program.of(SCALE):
        results |= _gradients(judge, program, values, AT_THE_END)
    if not n_backward:
        results[f"output {program.statements[-1].name}"] = judge.array(values[program.statements[-1].name])
    return results


def _gradients(judge: Judge, program: Program, values: Mapping[str, Any], number: int) -> Results:
    tensors = {leaf: values[leaf] for leaf in program.leaves if leaf in values}
    if not program.is_training:
        tensors |= {
            f"{layer}.{path}": values[layer].parameters[path] for layer, path in program.parameters if layer in values
        }
    # Copied, as PyTorch adds to gradients in their place.
    return {
        gradient_name(name, number): np.array(
            judge.array(judge.torch.zeros_like(one) if one.grad is None else one.grad)
        )
        for name, one in tensors.items()
    }


def _scales(program: Program, values: Results, known: float | None) -> dict[str, float]:
    """What each result is measured by: the largest value on the way to outputs, and the largest gradient."""
    peak = known or max((largest_magnitude(value) for value in values_of(program).values()), default=0.0)
    gradients = max((largest_magnitude(value) for name, value in values.items() if is_gradient(name)), default=0.0)
    # Gradients that cancel are small beside what was sent back, and was made larger on its way.
    sent = max((abs(one.arguments["scale"]) for one in program.of(BACKWARD)), default=0.0)
    gradients = max(gradients, _SENT * sent)
    return {name: gradients if is_gradient(name) else max(peak, largest_magnitude(v)) for name, v in values.items()}


def _with_zeros(found: Results, right: Results) -> Results:
    """What came back; a gradient that never arrived is as good as zeros where it is zero."""
    return {
        name: np.zeros_like(right[name])
        if value is None and is_gradient(name) and name in right and not right[name].any()
        else value
        for name, value in found.items()
    }


def _changed(program: Program, found: Results) -> list[Difference]:
    """Leaves whose values are others afterwards."""
    changed = []
    for one in program.of(TENSOR):
        before = np.array(one.arguments["values"], dtype=np.float32)
        after = found.get(f"values of {one.name}")
        if not isinstance(after, np.ndarray) or not np.array_equal(
            before, after.reshape(before.shape) if after.size == before.size else after
        ):
            changed.append(Difference(f"values of {one.name}", "are others afterwards"))
    return changed


def _shared(gradient: Array, values: Array, axis: Any) -> Array:
    """Each of the largest values has the sum of all their gradients."""
    along = tuple(axis) if isinstance(axis, list) else axis
    largest = values == values.max(axis=along, keepdims=True)
    total: Array = np.where(largest, gradient, 0).sum(axis=along, keepdims=True)
    return np.where(largest, total, gradient)
