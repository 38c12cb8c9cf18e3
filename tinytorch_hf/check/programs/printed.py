"""Writes a program as lines that a student can run: in the package's own API, with both results."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.programs import layers
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.interpret import AT_THE_END, gradient_name, seed_gradient
from tinytorch_hf.check.programs.program import (
    BACKWARD,
    CALL,
    MAKE,
    OPTIMIZER,
    SCALE,
    STEP,
    TENSOR,
    ZERO,
    Program,
    Statement,
)
from tinytorch_hf.check.programs.sound import UnsoundError, values_of
from tinytorch_hf.judging.case import Results
from tinytorch_hf.student.mapping import Conventions

_MOST_VALUES = 24


def parts(program: Program) -> list[str]:
    """What has to be imported."""
    found = ["Tensor", *(one.arguments["part"] for one in program.of(MAKE))]
    found += ["scaled_dot_product_attention"] if program.of("attention") else []
    found += ["SGD"] if program.of(OPTIMIZER) else []
    return list(dict.fromkeys(found))


def lines(
    program: Program,
    homes: Any,
    package: str,
    found: Results,
    right: Results,
    different: Sequence[str],
    conventions: Conventions,
    has_autograd: bool = True,
) -> list[str]:
    """The program as lines of Python.

    Parameters
    ----------
    program
        What to write.
    homes
        For each part its module, and what it is called there, as the student's process gives them.
    package
        Where a part is imported from whose module is not known.
    found, right
        The results of both sides.
    different
        Names of the results that differ, to be printed; none where it raises an error.
    conventions
        What is called otherwise in this framework.
    has_autograd
        Whether gradients are built; if not, nothing is passed back.
    """
    if not has_autograd:
        program = _forward_alone(program)
    written = ["import numpy as np"]
    for name in parts(program):
        module, called = home(homes, name) or (package, name)
        written.append(f"from {module} import {called}" + (f" as {name}" if called != name else ""))
    try:
        shapes = {name: value.shape for name, value in values_of(program).items()}
    except UnsoundError:
        shapes = {}
    number = 0
    for one in program:
        written += _statement(one, shapes, conventions)
        shown = []
        if one is program.statements[-1] and not has_autograd:
            shown = [f"output {one.name}"]
        if one.form == BACKWARD:
            number += 1
            shown = [f"output {one.sources[0]}", *(gradient_name(owner, number) for owner in _owners(program))]
        if one.form == STEP:
            shown = [f"parameter {owner}" for owner in _owners(program)]
        if one is program.statements[-1]:
            shown += [gradient_name(owner, AT_THE_END) for owner in _owners(program)]
        written += [
            f"print({_attribute(name, conventions)})  # yours: {_rounded(found.get(name))}, "
            f"PyTorch: {_rounded(right[name])}"
            for name in shown
            if name in different
        ]
    return written


def _forward_alone(program: Program) -> Program:
    """Up to the first pass back, with nothing that wants a gradient."""
    statements = []
    for one in program:
        if one.form == BACKWARD:
            break
        asked = {"gradient": False} if one.form == TENSOR else {}
        statements.append(dataclasses.replace(one, arguments={**one.arguments, **asked}))
    return Program(tuple(statements))


def _owners(program: Program) -> list[str]:
    return [*program.leaves, *(f"{layer}.{path}" for layer, path in program.parameters)]


def _attribute(result: str, conventions: Conventions) -> str:
    """Where a student finds a result."""
    is_gradient = result.startswith("gradient of ")
    owner, _, path = result.removeprefix("gradient of ").split(" ")[0 if is_gradient else 1].partition(".")
    place = f"{owner}.{_renamed(path, conventions)}" if path else owner
    return f"{place}.{conventions.grad if is_gradient else conventions.data}"


def operation(program: Program) -> str:
    """The last operation of a program, as it is written."""
    one = program.operations[-1]
    names = [each if isinstance(each, str) else str(each) for each in one.operands]
    if one.form == CALL:
        made = {layer.name: layer.arguments for layer in program.of(MAKE)}[one.sources[0]]
        return f"{layers.text(made['part'], made)}({names[1]})"
    return FORMS[one.form].text(names, one.arguments)


def _statement(one: Statement, shapes: Mapping[str, tuple[int, ...]], conventions: Conventions) -> list[str]:
    arguments = one.arguments
    names = [each if isinstance(each, str) else str(each) for each in one.operands]
    if one.form == TENSOR:
        asked = f", {conventions.requires_grad}=True" if arguments["gradient"] else ""
        return [f"{one.name} = Tensor({_plain(arguments['values'])}{asked})"]
    if one.form in _WRITTEN:
        return _WRITTEN[one.form](one, names, conventions)
    if one.form == BACKWARD:
        shape = shapes.get(names[0], ())
        seed = seed_gradient(shape, arguments["scale"])
        given_seed = f"np.array({_plain(seed.tolist())}, dtype=np.float32)"
        is_one = math.prod(shape) == 1 and arguments["scale"] == 1
        return [f"{names[0]}.{conventions.backward}({'' if is_one else given_seed})"]
    return [f"{one.name} = {FORMS[one.form].text(names, arguments)}"]


def _made(one: Statement, _names: Sequence[str], conventions: Conventions) -> list[str]:
    values = one.arguments["values"].items()
    return [f"{one.name} = {layers.text(one.arguments['part'], one.arguments)}"] + [
        f"{one.name}.{_renamed(path, conventions)}.{conventions.data} = np.array({_plain(value)}, dtype=np.float32)"
        for path, value in values
    ]


def _called(one: Statement, names: Sequence[str], _: Conventions) -> list[str]:
    more = [f", Tensor({_plain(one.arguments[key])})" for key in ("target", "labels") if key in one.arguments]
    return [f"{one.name} = {names[0]}({names[1]}{''.join(more)})"]


def _optimizer(one: Statement, names: Sequence[str], conventions: Conventions) -> list[str]:
    given = " + ".join(f"{name}.{conventions.parameters}()" for name in names)
    return [f"{one.name} = SGD({given}, lr={one.arguments['rate']})"]


_WRITTEN: Mapping[str, Callable[[Statement, Sequence[str], Conventions], list[str]]] = {
    MAKE: _made,
    CALL: _called,
    OPTIMIZER: _optimizer,
    ZERO: lambda _, names, conventions: [f"{name}.{conventions.grad} = None" for name in names],
    SCALE: lambda _, names, conventions: [f"{name}.{conventions.grad} *= 0.5" for name in names],
    STEP: lambda _, names, _conventions: [f"{names[0]}.step()"],
}


def _renamed(path: str, conventions: Conventions) -> str:
    name: str = getattr(conventions, path, path)
    return name


def home(homes: Any, name: str) -> tuple[str, str] | None:
    """Module and name of a part, if what came back for it can be written into an import."""
    for entry in homes if isinstance(homes, list) else ():
        if isinstance(entry, list) and len(entry) == 3 and all(isinstance(one, str) for one in entry):
            part, module, called = entry
            if part == name and called.isidentifier() and all(word.isidentifier() for word in module.split(".")):
                return module, called
    return None


def _plain(values: Any) -> str:
    """Numbers as they are written: whole ones with a point, as they are floats."""
    if isinstance(values, list):
        return f"[{', '.join(map(_plain, values))}]"
    return repr(values)


def _rounded(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return repr(value) if value is None else str(value)
    if value.size > _MOST_VALUES:
        return f"an array of the shape {value.shape}"
    return _plain(_digits(np.asarray(value, dtype=np.float64)).tolist())


def _digits(value: Any) -> Any:
    """Five digits of the largest value, and as many places of the others."""
    largest = float(np.abs(value).max()) if value.size and np.isfinite(value).all() else 1.0
    places = 5 - math.floor(math.log10(largest)) if largest > 0 else 5
    return np.round(value, max(0, min(places, 9))) + 0.0
