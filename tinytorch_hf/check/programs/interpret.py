"""Runs a program in the student's process; what any statement raises is told of this program alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.programs import layers
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.program import (
    BACKWARD,
    CALL,
    FORGET,
    MAKE,
    OPTIMIZER,
    SCALE,
    STEP,
    TENSOR,
    ZERO,
    Program,
    Statement,
)
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.case import Results
from tinytorch_hf.student import expressions
from tinytorch_hf.student.view import DiffersError, Student, UnbuiltError, UntriedError

ERROR, KIND, WHERE = "error", "kind of error", "place of error"
"""What is told of a program that ended in an error: its text; "crash", "unbuilt" or "unfit"; file and line."""

AT_THE_END = 0
"""In place of a number of passes back: what is there when everything was done."""

_SEED = (1.0, -2.0, 0.5, 3.0, -1.5, 2.0, -0.5)


def seed_gradient(shape: tuple[int, ...], scale: float) -> Array:
    """What is sent back from an output of this shape: a few numbers in turn, of both signs."""
    size = int(np.prod(shape))
    values: Array = (scale * np.resize(np.array(_SEED, np.float32), size)).astype(np.float32).reshape(shape)
    return values


def gradient_name(owner: str, number: int) -> str:
    """What a gradient is called among the results, after so many passes back, or at the end."""
    ending = " at the end" if number == AT_THE_END else f" after backward {number}" if number > 1 else ""
    return f"gradient of {owner}{ending}"


def parameter_name(layer: str, path: str, number: int) -> str:
    """What a parameter is called among the results, after so many steps of an optimizer."""
    return f"parameter {layer}.{path}" + (f" after step {number}" if number > 1 else "")


def run(student: Student, program: Program, place: Callable[[BaseException], str]) -> Results:
    """What comes of a program: outputs, gradients after each pass back, and values of the leaves afterwards.

    Parameters
    ----------
    student
        The framework.
    program
        What to run.
    place
        File and line in the student's package at which an error arose, or nothing.
    """
    results: Results = {}
    try:
        _run(student, program, results)
    except (UnbuiltError, NotImplementedError) as error:
        results |= {ERROR: _first_line(error), KIND: "unbuilt", WHERE: ""}
    except UntriedError as error:
        results |= {ERROR: _first_line(error), KIND: "unfit", WHERE: ""}
    except DiffersError as error:
        results |= {ERROR: _first_line(error), KIND: "crash", WHERE: ""}
    except Exception as error:
        where = place(error)
        # What is raised where we call, and nowhere in the package, is a method that is not there or another signature.
        # What another framework refuses in its own words is a limit that it has.
        kind = "unfit" if not where or (student.is_mapped and expressions.is_refusal(error)) else "crash"
        results |= {ERROR: f"{type(error).__name__}: {_first_line(error)}", KIND: kind, WHERE: where}
    return results


def _run(student: Student, program: Program, results: Results) -> None:
    values: dict[str, Any] = {}
    n_backward = n_steps = 0
    outputs = program.of(BACKWARD)
    for statement in program:
        if statement.form == BACKWARD:
            n_backward += 1
            output = values[statement.sources[0]]
            found = np.array(student.array(output))
            results[f"output {statement.sources[0]}"] = found
            if student.has_autograd:
                _send_back(student, output, found.shape, statement.arguments["scale"])
                results |= _gradients(student, program, values, n_backward)
        elif statement.form in _EFFECTS:
            for name in statement.sources:
                _EFFECTS[statement.form](student, values[name])
            if statement.form == STEP:
                n_steps += 1
                results |= {
                    parameter_name(layer, path, n_steps): np.array(student.parameter_values(values[layer], path))
                    for layer, path in program.parameters
                }
        elif statement.form == MAKE:
            values[statement.name] = layers.build(student, statement.arguments, keeps_flags=program.is_training)
        else:
            values[statement.name] = _value(student, statement, values)
    if program.of(SCALE) and student.has_autograd:
        results |= _gradients(student, program, values, AT_THE_END)
    if not outputs:
        last = program.statements[-1].name
        results[f"output {last}"] = np.array(student.array(values[last]))
    for statement in program.of(TENSOR):
        results[f"values of {statement.name}"] = np.array(student.array(values[statement.name]))


def _value(student: Student, statement: Statement, values: dict[str, Any]) -> Any:
    arguments = statement.arguments
    if statement.form == TENSOR and arguments.get("ids"):
        return student.tensor(np.array(arguments["values"], dtype=np.int64))
    if statement.form == TENSOR:
        return student.tensor(np.array(arguments["values"], dtype=np.float32), gradient=arguments["gradient"])
    if statement.form == OPTIMIZER:
        given = [one for layer in statement.sources for one in student.parameters(values[layer]) or ()]
        named = {key: tuple(one) if isinstance(one, list) else one for key, one in arguments["named"].items()}
        return student.part(arguments["part"])(given, lr=arguments["rate"], **named)
    operands = [values[one] if isinstance(one, str) else one for one in statement.operands]
    if statement.form == CALL:
        return layers.call(student, operands[0], operands[1], arguments)
    made = _COMPUTE[statement.form](student, operands, arguments)
    if not student.is_tensor(made):
        raise DiffersError(f"a {type(made).__name__} came back instead of a tensor")
    return made


def _send_back(student: Student, output: Any, shape: tuple[int, ...], scale: float) -> None:
    is_single = int(np.prod(shape)) == 1
    student.backward(output, None if is_single and scale == 1 else seed_gradient(shape, scale))


def _zero(student: Student, tensor: Any) -> None:
    student.forget_gradient(tensor)


def _halve(student: Student, tensor: Any) -> None:
    """Halve a gradient where it is, as clipping does; one that nobody may write to is replaced."""
    found = student.gradient(tensor)
    if found is None:
        return
    wanted = found * np.float32(0.5)
    if found.flags.writeable:
        np.copyto(found, wanted, casting="unsafe")
    # An adapter may have given a copy.
    after = student.gradient(tensor)
    if after is None or not np.array_equal(after, wanted, equal_nan=True):
        student.set_gradient(tensor, wanted)


def _step(_: Student, optimizer: Any) -> None:
    optimizer.step()


def _forget(student: Student, optimizer: Any) -> None:
    getattr(optimizer, student.conventions.zero_grad)()


# What PyTorch makes of the same is not looked at where programs run.
_COMPUTE = {name: form.compute for name, form in FORMS.items()}
_EFFECTS: Mapping[str, Callable[[Student, Any], None]] = {ZERO: _zero, SCALE: _halve, STEP: _step, FORGET: _forget}


def _gradients(student: Student, program: Program, values: dict[str, Any], number: int) -> Results:
    found: Results = {}
    for leaf in program.leaves:
        if leaf in values:
            gradient = student.gradient(values[leaf])
            found[gradient_name(leaf, number)] = None if gradient is None else np.array(gradient)
    for layer, path in () if program.is_training else program.parameters:
        if layer in values:
            gradient = student.parameter_gradient(values[layer], path)
            found[gradient_name(f"{layer}.{path}", number)] = None if gradient is None else np.array(gradient)
    return found


def _first_line(error: BaseException) -> str:
    try:
        return next(iter(str(error).splitlines()), "")[:200]
    except Exception:
        return ""
