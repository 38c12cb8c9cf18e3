"""What an operation leaves behind: in what it was given, in itself, and in what it says are its parameters.

Every case of an output and its gradients is run several times in one request. This says what came out each time; that
it has to be the same is claimed by `state_claims`, where the judge is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Results, upstream
from tinytorch_hf.student.view import Student

# Takes tensors by name, and a function to put around what is called; gives the output.
Run = Callable[[Mapping[str, Any], Callable[[Any], Any]], Any]

STEP = 0.5
"""What everything that `parameters()` gives is changed by."""

TIMES = 3.0
"""What a single value is multiplied by before its gradient is taken a second time."""


def gradient_of(leaf: str) -> str:
    """What the gradient with respect to a leaf is called among the results."""
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
    results: Results = {"output": np.array(student.array(output))}
    if student.is_brief:
        return results
    results |= subject.values(tensors, "forward")
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
        _send_back(subject, output, TIMES)
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
            student.add(parameter, STEP)
    return {"number of parameters()": len(given), **subject.values({}, "a step through parameters()")}
