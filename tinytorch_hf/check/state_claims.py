"""What has to hold of an operation that was run several times; see `state`. This runs where the judge is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.check.state import STEP, TIMES, gradient_of
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Claim, Inputs, Results
from tinytorch_hf.judging.rounding import as_kept

# Far above rounding and far below what any of these faults does.
_NEAR = 1e-3


@dataclass(frozen=True)
class Expectations:
    """What is claimed of the results of `state.observe`.

    Attributes
    ----------
    module
        Of the course.
    arguments
        What the operation takes as tensors.
    leaves
        Which of them get a gradient.
    parameters
        Paths of the layer's parameters.
    is_repeated, is_by_row, is_layer
        As for `state.observe`.
    other_parameter
        The mistake that it is if `parameters()` gives more than the parameters.
    is_open
        Whether it may have other parameters than these; then it only has to have some.
    """

    module: str
    arguments: tuple[str, ...]
    leaves: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    is_repeated: bool = True
    is_by_row: bool = False
    is_layer: bool = False
    other_parameter: str = "PARAMETERS-OTHER"
    is_open: bool = False

    def claims(self, inputs: Inputs, results: Results) -> Sequence[Claim]:
        """Everything that has to hold; the roots of other faults first."""
        found = [*self._values_kept(inputs, results)]
        if self.is_repeated:
            found += [self._same_again(results), *self._gradients_again(results)]
        if self.is_by_row:
            found += _rows(results)
        if self.is_layer:
            found += self._parameters_listed(inputs, results)
        return found

    def _values_kept(self, inputs: Inputs, results: Results) -> list[Claim]:
        names = self.arguments if self.is_open else (*self.arguments, *self.parameters)
        given = {name: as_kept(inputs[name], results[f"{name} after forward"]) for name in names}
        found = [kept_in_float32({name: (inputs[name], results[f"{name} after forward"]) for name in names})]
        for when, code in (("forward", "DATA-CHANGED"), ("backward", "DATA-CHANGED-BY-BACKWARD")):
            if when == "backward" and not self._went_back(results):
                continue
            changed = [name for name, values in given.items() if not _same(values, results[f"{name} after {when}"])]
            what = f"{', '.join(changed[:3]) or 'everything'} has the same values after {when}"
            found.append(Claim(what, not changed, code))
            if changed:
                return found
        if "other arguments" in results:
            kept = _same(results["other arguments"], results["other arguments afterwards"])
            found.append(Claim("the other arguments keep their values", kept, "DATA-CHANGED"))
        return found

    def _went_back(self, results: Results) -> bool:
        return any(gradient_of(leaf) in results for leaf in (*self.leaves, *self.parameters))

    def _same_again(self, results: Results) -> Claim:
        first = results["output"]
        reordered = _near(results["output in another memory order"], first)
        third = _near(results["output of a third call"], first)
        if reordered and third:
            return Claim("the same values give the same output again", True)
        if third:
            return Claim("the same values in another memory order give the same output", False, "MEMORY-ORDER")
        if reordered and results["the third call"] == "the other way":
            return Claim("calling the object gives the same as its forward", False, "CALL-NOT-FORWARD")
        return Claim("the same values give the same output again", False, "REUSE-KEEPS-STATE")

    def _gradients_again(self, results: Results) -> list[Claim]:
        if not self._went_back(results):
            return []
        leaves = (*self.leaves, *self.parameters)
        largest = max((_largest(results[gradient_of(leaf)]) for leaf in leaves), default=0.0)
        found = []
        for leaf in leaves:
            first = results[gradient_of(leaf)]
            reordered, later = results[f"reordered {gradient_of(leaf)}"], results[f"later {gradient_of(leaf)}"]
            times = TIMES if results["output"].size == 1 else 1.0
            is_later_right = _near(later, _multiple(first, times), largest * times)
            if not _near(reordered, first, largest):
                code = "MEMORY-ORDER" if is_later_right else "REUSE-KEEPS-STATE"
                found.append(Claim(f"the {gradient_of(leaf)} is the same when it is computed again", False, code))
            elif not is_later_right and times != 1.0 and _near(later, first, largest):
                code = "LOSS-IGNORES-UPSTREAM" if self.module == "losses" else "SCALE-OF-UPSTREAM"
                found.append(Claim(f"the {gradient_of(leaf)} is three times as large for 3 * output", False, code))
            elif not is_later_right:
                code = "LAST-INPUT-KEPT"
                if _largest(later) == 0.0:
                    is_other = results["the third call"] == "the other way"
                    code = "CALL-NOT-FORWARD" if is_other else "REUSE-KEEPS-STATE"
                what = f"the {gradient_of(leaf)} is the same when other values go through before backward"
                found.append(Claim(what, False, code))
        return found

    def _parameters_listed(self, inputs: Inputs, results: Results) -> list[Claim]:
        if "number of parameters()" not in results:
            is_absent = "parameters()" in results and bool(self.parameters)
            return [Claim("the layer has no parameters(), which optimizers are given", not is_absent, is_note=True)]
        if self.is_open:
            return [Claim("parameters() gives something", results["number of parameters()"] > 0, "PARAMETERS-MISSING")]
        times = {
            path: _steps(inputs[path], results[f"{path} after a step through parameters()"]) for path in self.parameters
        }
        n_other = results["number of parameters()"] - sum(times.values())
        missing = [path for path, count in times.items() if count == 0]
        twice = [path for path, count in times.items() if count > 1]
        return [
            Claim("parameters() gives nothing but what the output depends on", n_other <= 0, self.other_parameter),
            Claim(f"parameters() gives {', '.join(missing[:3]) or 'everything'}", not missing, "PARAMETERS-MISSING"),
            Claim(f"parameters() gives {', '.join(twice[:3]) or 'everything'} once", not twice, "PARAMETERS-TWICE"),
        ]


def kept_in_float32(values: Mapping[str, tuple[Array, Array]]) -> Claim:
    """That tensors keep their values, before and after, in float32: a fault where float16 makes a number wrong."""
    rounded = [
        name for name, (before, after) in values.items() if not _same(as_kept(before, after), np.asarray(before))
    ]
    what = f"the values of {', '.join(rounded[:3]) or 'tensors'} are kept in float16, where the course has float32"
    return Claim(what, not rounded, "FLOAT16", is_note=True)


def _rows(results: Results) -> list[Claim]:
    output, none = results["output"], results["output for no rows"]
    if isinstance(none, str):
        refused = Claim(f"refuses a batch of no rows, which PyTorch takes ({none})", False, is_note=True)
    else:
        what = f"a batch of no rows gives the shape {none.shape} instead of {(0, *output.shape[1:])}"
        refused = Claim(what, none.shape == (0, *output.shape[1:]), is_note=True)
    one = _near(results["output for one row"], output[:1])
    return [Claim("one row gives the same as among others", one, "BATCH-OF-ONE"), refused]


def _steps(before: Array, after: Array) -> int:
    """How often a step was made; 0 if it was not a whole number of times."""
    change = (np.asarray(after, dtype=np.float64) - before) / STEP
    count = round(float(change.mean()))
    return count if np.allclose(change, count, atol=1e-3) else 0


def _same(before: Array, after: Array) -> bool:
    """Whether values are the same; a layer may well give its bias another axis."""
    return bool(np.array_equal(before.ravel(), np.asarray(after, dtype=np.float32).ravel(), equal_nan=True))


def _largest(values: Array | None) -> float:
    """The largest of the finite magnitudes; 0 if there is none."""
    finite = np.empty(0) if values is None else np.abs(values)[np.isfinite(values)]
    return float(finite.max()) if finite.size else 0.0


def _multiple(values: Array | None, times: float) -> Array | None:
    return None if values is None else values * np.float32(times)


def _near(found: Array | None, other: Array | None, largest: float = 0.0) -> bool:
    """Whether two results are the same but for rounding; ``largest`` is the magnitude of what they are made from."""
    if found is None or other is None:
        return found is other
    if found.shape != other.shape:
        return False
    scale = _NEAR * _largest(other) + 0.01 * _NEAR * largest
    return bool(np.allclose(found, other, rtol=0.0, atol=scale, equal_nan=True))
