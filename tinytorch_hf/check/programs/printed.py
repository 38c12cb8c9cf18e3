"""Writes a program as lines that a student can run: in the package's own API, with both results."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.check.programs import layers, masking
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.interpret import AT_THE_END, gradient_name, parameter_name, seed_gradient
from tinytorch_hf.check.programs.program import (
    BACKWARD,
    CALL,
    FORGET,
    MAKE,
    OPTIMIZER,
    SCALE,
    STEP,
    TENSOR,
    TRAINING,
    ZERO,
    Program,
    Statement,
)
from tinytorch_hf.check.programs.sound import UnsoundError, values_of
from tinytorch_hf.check.programs.told import Told, told_of
from tinytorch_hf.judging.case import Results
from tinytorch_hf.student.mapping import Conventions

_MOST_VALUES = 24


@dataclass(frozen=True)
class _Writing:
    """What statements are written by: conventions, shapes of values, parts of layers, and what is told of parts."""

    conventions: Conventions
    shapes: Mapping[str, tuple[int, ...]]
    parts: Mapping[str, str]
    told: Mapping[str, Told]


def parts(program: Program) -> list[str]:
    """What has to be imported."""
    found = ["Tensor", *(one.arguments["part"] for one in program.of(MAKE))]
    found += [masking.FUNCTION] if program.of("attention") else []
    found += [one.arguments["part"] for one in program.of(OPTIMIZER)]
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
        For each part its module, and what it is called there, as `child.homes` gives them.
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
    told = {name: told_of(homes, name) or Told(package, name) for name in parts(program)}
    for name, home in told.items():
        written.append(f"from {home.module} import {home.called}" + (f" as {name}" if home.called != name else ""))
    try:
        shapes = {name: value.shape for name, value in values_of(program).items()}
    except UnsoundError:
        shapes = {}
    made = {one.name: one.arguments["part"] for one in program.of(MAKE)}
    writing = _Writing(conventions, shapes, made, told)
    number = n_steps = 0
    for one in program:
        written += _statement(one, writing)
        shown = []
        if one is program.statements[-1] and not has_autograd:
            shown = [f"output {one.name}"]
        if one.form == BACKWARD:
            number += 1
            shown = [f"output {one.sources[0]}", *(gradient_name(owner, number) for owner in _owners(program))]
        if one.form == STEP:
            n_steps += 1
            shown = [parameter_name(layer, path, n_steps) for layer, path in program.parameters]
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
    """The last operation of a program, as it is written; the last pass back where there is none."""
    one = (program.operations or program.of(BACKWARD))[-1]
    names = [each if isinstance(each, str) else str(each) for each in one.operands]
    if one.form == BACKWARD:
        return f"{names[0]}.backward()"
    if one.form == CALL:
        made = {layer.name: layer.arguments for layer in program.of(MAKE)}[one.sources[0]]
        return f"{layers.text(made['part'], made)}({names[1]})"
    return FORMS[one.form].text(names, one.arguments)


def _statement(one: Statement, writing: _Writing) -> list[str]:
    arguments = one.arguments
    names = [each if isinstance(each, str) else str(each) for each in one.operands]
    if one.form in _WRITTEN:
        return _WRITTEN[one.form](one, names, writing)
    return [f"{one.name} = {FORMS[one.form].text(names, arguments)}"]


def _tensor(one: Statement, _names: Sequence[str], writing: _Writing) -> list[str]:
    asked = f", {writing.conventions.requires_grad}=True" if one.arguments["gradient"] else ""
    return [f"{one.name} = Tensor({_plain(one.arguments['values'])}{asked})"]


def _back(one: Statement, names: Sequence[str], writing: _Writing) -> list[str]:
    shape, scale = writing.shapes.get(names[0], ()), one.arguments["scale"]
    seed = f"np.array({_plain(seed_gradient(shape, scale).tolist())}, dtype=np.float32)"
    is_one = math.prod(shape) == 1 and scale == 1
    return [f"{names[0]}.{writing.conventions.backward}({'' if is_one else seed})"]


def _made(one: Statement, _names: Sequence[str], writing: _Writing) -> list[str]:
    values, data = one.arguments["values"].items(), writing.conventions.data
    return [f"{one.name} = {layers.text(one.arguments['part'], one.arguments)}"] + [
        f"{one.name}.{_renamed(path, writing.conventions)}.{data} = np.array({_plain(value)}, dtype=np.float32)"
        for path, value in values
    ]


def _called(one: Statement, names: Sequence[str], writing: _Writing) -> list[str]:
    told = writing.told[writing.parts[names[0]]]
    more = [f"Tensor({_plain(one.arguments[key])})" for key in ("target", "labels") if key in one.arguments]
    more += _mask(one, told, writing.shapes.get(names[1], ()))
    before = []
    if "mode" in one.arguments:
        is_training = one.arguments["mode"] == TRAINING
        if told.mode == "argument":
            more.append(f"training={is_training}")
        else:
            switch = f".{'train' if is_training else 'eval'}()"
            before = [f"{names[0]}{switch if told.mode == 'method' else f'.training = {is_training}'}"]
    return [*before, f"{one.name} = {names[0]}({', '.join([names[1], *more])})"]


def _attention(one: Statement, names: Sequence[str], writing: _Writing) -> list[str]:
    mask = _mask(one, writing.told[masking.FUNCTION], writing.shapes.get(names[0], ()))
    return [f"{one.name} = {masking.FUNCTION}({', '.join([*names, *mask])})[0]"]


def _mask(one: Statement, told: Told, shape: Sequence[int]) -> list[str]:
    """The mask of a call, in the form that the part takes."""
    if one.arguments.get("mask") is None:
        return []
    form = told.mask
    allowed = np.array([one.arguments["mask"]]).repeat(shape[0] if shape else 1, 0)
    values = _plain(form.values(allowed).tolist())
    return [f"np.array({values}, dtype=np.float32)" if form.is_array else f"Tensor({values})"]


def _parameter(one: Statement, names: Sequence[str], writing: _Writing) -> list[str]:
    return [f"{one.name} = {names[0]}.{_renamed(one.arguments['path'], writing.conventions)}"]


def _optimizer(one: Statement, names: Sequence[str], writing: _Writing) -> list[str]:
    given = " + ".join(f"{name}.{writing.conventions.parameters}()" for name in names)
    options = {"lr": one.arguments["rate"], **one.arguments["named"]}
    named = ", ".join(f"{key}={value}" for key, value in options.items())
    return [f"{one.name} = {one.arguments['part']}({given}, {named})"]


def _forgotten(name: str, writing: _Writing) -> str:
    how, shape = writing.told["Tensor"].forgetting, writing.shapes.get(name, ())
    if how == "method":
        return f"{name}.{writing.conventions.zero_grad}()"
    return f"{name}.{writing.conventions.grad} = {f'np.zeros({shape}, np.float32)' if how == 'zeros' else 'None'}"


_WRITTEN: Mapping[str, Callable[[Statement, Sequence[str], _Writing], list[str]]] = {
    TENSOR: _tensor,
    MAKE: _made,
    CALL: _called,
    "attention": _attention,
    "parameter": _parameter,
    OPTIMIZER: _optimizer,
    BACKWARD: _back,
    ZERO: lambda _, names, writing: [_forgotten(name, writing) for name in names],
    SCALE: lambda _, names, writing: [f"{name}.{writing.conventions.grad} *= 0.5" for name in names],
    STEP: lambda _, names, _writing: [f"{names[0]}.step()"],
    FORGET: lambda _, names, writing: [f"{names[0]}.{writing.conventions.zero_grad}()"],
}


def _renamed(path: str, conventions: Conventions) -> str:
    *steps, name = path.split(".")
    return ".".join((*steps, getattr(conventions, name, name)))


def _plain(values: Any) -> str:
    """Numbers as they are written: whole ones with a point, as they are floats."""
    if isinstance(values, list):
        return f"[{', '.join(map(_plain, values))}]"
    return repr(values) if math.isfinite(values) else f"{'-' if values < 0 else ''}np.inf"


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
