"""What an operation leaves behind: in what it was given, in itself, and in what it says are its parameters.

Every case of an output and its gradients is run several times in one request. The child says what came out each time;
that it has to be the same is claimed here, where the judge is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Claim, Inputs, Results, upstream
from tinytorch_hf.student.view import Student

# Takes tensors by name, and a function to put around what is called; gives the output.
Run = Callable[[Mapping[str, Any], Callable[[Any], Any]], Any]

_STEP = 0.5
_TIMES = 3.0
# Far above rounding and far below what any of these faults does.
_NEAR = 1e-3


def gradient_of(leaf: str) -> str:
    """What the gradient by a leaf is called among the results."""
    return f"gradient of {leaf}"


@dataclass(frozen=True)
class Subject:
    """An operation that is run several times, or a layer that stays the same meanwhile.

    Attributes
    ----------
    student
        The framework.
    arguments
        The arrays that it takes as tensors, by name; each run makes new tensors of them.
    leaves
        Which of the arguments get a gradient.
    run
        Runs it.
    layer
        The layer, if it is one.
    parameters
        Paths of the layer's parameters.
    is_by_row
        Whether each row of ``x`` has its own row of the output, whatever the other rows are.
    """

    student: Student
    arguments: Mapping[str, Array]
    leaves: tuple[str, ...]
    run: Run
    layer: Any = None
    parameters: tuple[str, ...] = ()
    is_by_row: bool = False

    def tensors(self, change: Callable[[Array], Array] = lambda values: values) -> dict[str, Any]:
        """New tensors of the arguments, changed before in some way."""
        return {
            name: self.student.tensor(change(values), gradient=name in self.leaves)
            for name, values in self.arguments.items()
        }

    def values(self, tensors: Mapping[str, Any], when: str) -> Results:
        """The values of arguments and parameters at this moment."""
        arguments = {name: self.student.array(tensor) for name, tensor in tensors.items()}
        parameters = {path: self.student.parameter_values(self.layer, path) for path in self.parameters}
        return {f"{name} after {when}": np.array(values) for name, values in {**arguments, **parameters}.items()}

    def gradients(self, tensors: Mapping[str, Any], prefix: str = "") -> Results:
        """What has arrived in leaves and parameters."""
        arrived = {leaf: self.student.gradient(tensors[leaf]) for leaf in self.leaves}
        arrived |= {path: self.student.parameter_gradient(self.layer, path) for path in self.parameters}
        return {
            f"{prefix}{gradient_of(leaf)}": None if value is None else np.array(value)
            for leaf, value in arrived.items()
        }

    def remember(self) -> Callable[[], None]:
        """Remember the parameters' gradients; what is returned brings them back."""
        return self.student.keep_gradients(self.student.parameter(self.layer, path) for path in self.parameters)


def observe(subject: Subject, is_repeated: bool = True) -> Results:
    """The output, the gradients, and what shows whether the operation keeps to itself.

    Parameters
    ----------
    subject
        What is run.
    is_repeated
        Whether it gives the same again on the same values.
    """
    student = subject.student
    tensors = subject.tensors()
    with student.watching() as made:
        output = subject.run(tensors, _as_it_is)
    results: Results = {"output": np.array(student.array(output)), **subject.values(tensors, "forward")}
    restore = subject.remember() if student.has_autograd else None
    if _has_gradients(subject):
        _send_back(subject, output)
        results |= subject.gradients(tensors)
        results |= subject.values(tensors, "backward")
    if made:
        results["other arguments"] = _joined(values for _, values in made)
        results["other arguments afterwards"] = _joined(student.array(tensor) for tensor, _ in made)
    if is_repeated:
        results |= _in_another_order(subject, restore)
        results |= _with_another_between(subject, restore)
    if subject.is_by_row:
        results |= _by_row(subject)
    if subject.layer is not None:
        results |= _step_by_parameters(subject)
    return results


def _as_it_is(built: Any) -> Any:
    return built


def _has_gradients(subject: Subject) -> bool:
    return bool(subject.leaves or subject.parameters) and subject.student.has_autograd


def _send_back(subject: Subject, output: Any, times: float = 1.0) -> None:
    values = subject.student.array(output)
    if values.size != 1:
        subject.student.backward(output, upstream(values.shape))
    elif times == 1.0:
        subject.student.backward(output)
    else:
        subject.student.backward(output, np.full(values.shape, times, dtype=np.float32))


def _joined(arrays: Iterable[Array]) -> Array:
    return np.concatenate([np.asarray(values, dtype=np.float32).ravel() for values in arrays])


def _in_another_order(subject: Subject, restore: Callable[[], None] | None) -> Results:
    """The same values again, in arrays that are slices of transposed ones, and that nothing may write to."""
    tensors = subject.tensors(_elsewhere_in_memory)
    output = subject.run(tensors, _as_it_is)
    results: Results = {"output in another memory order": np.array(subject.student.array(output))}
    if _has_gradients(subject) and restore:
        restore()
        _send_back(subject, output)
        results |= subject.gradients(tensors, "reordered ")
    return results


def _elsewhere_in_memory(values: Array) -> Array:
    if values.ndim == 0:
        return values
    wide = np.repeat(values, 2, axis=-1)
    view: Array = np.asfortranarray(wide)[..., ::2]
    view.flags.writeable = False
    return view


def _with_another_between(subject: Subject, restore: Callable[[], None] | None) -> Results:
    """The same values a third time; other values go through before the gradient comes back."""
    student = subject.student
    tensors = subject.tensors()
    output, was_other = student.the_other_way(lambda swap: subject.run(tensors, swap))
    results: Results = {
        "output of a third call": np.array(student.array(output)),
        "the third call": "the other way" if was_other else "as before",
    }
    subject.run(subject.tensors(np.flip), _as_it_is)
    if _has_gradients(subject) and restore:
        restore()
        _send_back(subject, output, _TIMES)
        results |= subject.gradients(tensors, "later ")
    return results


def _by_row(subject: Subject) -> Results:
    results: Results = {}
    student = subject.student
    output = subject.run(subject.tensors(lambda values: values[:1]), _as_it_is)
    results["output for one row"] = np.array(student.array(output))
    try:
        results["output for no rows"] = np.array(
            student.array(subject.run(subject.tensors(lambda values: values[:0]), _as_it_is))
        )
    except Exception as error:
        results["output for no rows"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return results


def _step_by_parameters(subject: Subject) -> Results:
    """Change everything that `parameters()` gives, as a training step does, and see what has changed."""
    student = subject.student
    if isinstance(subject.layer, list):
        # Several layers that no layer strings together.
        return {}
    given = student.parameters(subject.layer)
    if given is None:
        return {"parameters()": "absent"}
    for parameter in given:
        if student.is_tensor(parameter):
            student.add(parameter, _STEP)
    return {"number of parameters()": len(given), **subject.values({}, "a step through parameters()")}


# What follows runs where the judge is.


@dataclass(frozen=True)
class Expectations:
    """What is claimed of the results of `observe`.

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
        As for `observe`.
    other_parameter
        The mistake that it is if `parameters()` gives more than the parameters.
    """

    module: str
    arguments: tuple[str, ...]
    leaves: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    is_repeated: bool = True
    is_by_row: bool = False
    is_layer: bool = False
    other_parameter: str = "PARAMETERS-OTHER"

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
        names = (*self.arguments, *self.parameters)
        found = []
        for when, code in (("forward", "DATA-CHANGED"), ("backward", "DATA-CHANGED-BY-BACKWARD")):
            if when == "backward" and not self._went_back(results):
                continue
            changed = [
                name
                for name in names
                if not _same(np.asarray(inputs[name], dtype=np.float32), results[f"{name} after {when}"])
            ]
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
            times = _TIMES if results["output"].size == 1 else 1.0
            is_later_right = _near(later, _multiple(first, times), largest * times)
            if not _near(reordered, first, largest):
                code = "MEMORY-ORDER" if is_later_right else "REUSE-KEEPS-STATE"
                found.append(Claim(f"the {gradient_of(leaf)} is the same when it is computed again", False, code))
            elif not is_later_right and times != 1.0 and _near(later, first, largest):
                code = "LOSS-IGNORES-UPSTREAM" if self.module == "losses" else "SCALE-OF-UPSTREAM"
                found.append(Claim(f"the {gradient_of(leaf)} is three times as large for 3 * output", False, code))
            elif not is_later_right:
                code = "CALL-NOT-FORWARD" if later is None else "LAST-INPUT-KEPT"
                what = f"the {gradient_of(leaf)} is the same when other values go through before backward"
                found.append(Claim(what, False, code))
        return found

    def _parameters_listed(self, inputs: Inputs, results: Results) -> list[Claim]:
        if "number of parameters()" not in results:
            is_absent = "parameters()" in results and bool(self.parameters)
            return [Claim("the layer has no parameters(), which optimizers are given", not is_absent, is_note=True)]
        times = {path: _steps(inputs[path], results[f"{path} after a step through parameters()"]) for path in self.parameters}
        n_other = results["number of parameters()"] - sum(times.values())
        missing = [path for path, count in times.items() if count == 0]
        twice = [path for path, count in times.items() if count > 1]
        found = [
            Claim("parameters() gives nothing but what the output depends on", n_other <= 0, self.other_parameter),
            Claim(f"parameters() gives {', '.join(missing[:3]) or 'everything'}", not missing, "PARAMETERS-MISSING"),
            Claim(f"parameters() gives {', '.join(twice[:3]) or 'everything'} once", not twice, "PARAMETERS-TWICE"),
        ]
        return found


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
    """How often a step was made; 0 if it was no whole number of times."""
    change = (np.asarray(after, dtype=np.float64) - before) / _STEP
    count = round(float(change.mean()))
    return count if np.allclose(change, count, atol=1e-3) else 0


def _same(before: Array, after: Array) -> bool:
    return bool(np.array_equal(before, np.asarray(after, dtype=np.float32), equal_nan=True))


def _largest(values: Array | None) -> float:
    return 0.0 if values is None or not values.size else float(np.nanmax(np.abs(values)))


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
