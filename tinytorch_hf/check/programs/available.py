"""Which forms a package has, found by trying each alone; and what the battery has named a fault of already."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinytorch_hf.check.programs.asking import Asking
from tinytorch_hf.check.programs.builder import Available, Builder
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.judged import Right, could_not_be_run
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.program import MAKE, Program
from tinytorch_hf.check.programs.sound import UnsoundError, values_of

_FEATURES: Mapping[str, tuple[str, ...]] = {
    "sharing": (
        *("gradient-used-twice", "gradient-square", "gradient-diamond", "gradient-sum-of-sums"),
        *("gradient-many-diamonds", "gradient-chain"),
    ),
    "adding up": ("gradient-adds-up", "gradient-zero-grad", "gradient-zeroed-in-place"),
    "broadcasting": (
        *("tensor-broadcasting", "gradient-broadcast", "gradient-broadcast-row", "gradient-broadcast-column"),
    ),
    "leaves that are not asked": ("gradient-not-asked",),
}
_EVERYTHING = Available(frozenset([*FORMS, *LAYERS]))
# The battery's cases about a step of gradient descent.
_DESCENT = ("sgd", "sgd-defaults", "sgd-parameters-given")


@functools.cache
def probes() -> Mapping[str, Program]:
    """For each form the smallest program with it."""
    found = {}
    for form in sorted(_EVERYTHING.forms):
        b = Builder(np.random.default_rng(7), _EVERYTHING, all_asked=True)
        output = _tried(b, form)
        assert output is not None, form  # noqa: S101 -- every probe is one that can be relied on
        b.backward(output)
        found[form] = b.program()
    b = Builder(np.random.default_rng(7), _EVERYTHING)
    b.backward(str(_layer(b, "Linear")))
    b.step(0.5)
    return {**found, "SGD": b.program()}


def _tried(b: Builder, form: str) -> str | None:
    """The result of one form alone."""
    if form in LAYERS:
        return _layer(b, form)
    if form == "attention":
        return b.operation(form, [b.leaf((2, 3, 5)) for _ in range(3)])
    if form in ("@", ".matmul"):
        return b.operation(form, (b.leaf((3, 5)), b.leaf((5, 2))))
    x = b.positive((3, 5)) if form in ("log", "sqrt", "**") else b.away((3, 5))
    if form.startswith("number "):
        return b.operation(form, (2, x))
    if form.endswith(" number"):
        return b.operation(form, (x, 2))
    arguments: dict[str, dict[str, Any]] = {
        **{key: {"axis": 1, "keepdims": False} for key in ("sum", "mean", "max", "min")},
        "**": {"exponent": 2},
        "reshape": {"shape": [5, 3]},
        "transpose": {"axes": [0, 1]},
        "index": {"index": [[1, None, None]]},
        "index rows": {"index": [["rows", [0, 2, 1]]]},
    }
    operands = (x, b.away((3, 5))) if form in ("+", "-", "*", "/", ".add", ".sub", ".mul", ".div") else (x,)
    return b.operation(form, operands, **arguments.get(form, {}))


def _layer(b: Builder, part: str) -> str | None:
    """What a layer makes of the smallest input that will do."""
    if part in ("Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d"):
        x = b.leaf((2, 3, 4, 5))
    elif part == "BinaryCrossEntropyLoss":
        x = b.leaf((3, 5), values=np.round(b.rng.uniform(0.1, 0.9, (3, 5)), 2).tolist())
    else:
        x = b.away((3, 5))
    sizes: Mapping[str, tuple[int, ...]] = {
        **{"Linear": (5, 2), "LayerNorm": (5,), "Conv2d": (3, 2, 2), "BatchNorm2d": (3,)},
        **{"MaxPool2d": (2,), "AvgPool2d": (2,)},
    }
    values: Mapping[str, dict[str, Any]] = {
        "Linear": {"weight": b.numbers((5, 2)), "bias": b.numbers((2,))},
        "LayerNorm": {"gamma": b.numbers((5,)), "beta": b.numbers((5,))},
        "Conv2d": {"weight": b.numbers((2, 3, 2, 2)), "bias": b.numbers((2,))},
        "BatchNorm2d": {"gamma": b.numbers((3,)), "beta": b.numbers((3,))},
    }
    called: Mapping[str, dict[str, Any]] = {
        "MSELoss": {"target": b.numbers((3, 5))},
        "BinaryCrossEntropyLoss": {"target": b.rng.integers(0, 2, (3, 5)).astype(float).tolist()},
        "CrossEntropyLoss": {"labels": [4, 0, 2]},
    }
    return b.call(b.layer(part, sizes.get(part, ()), values.get(part)), x, **called.get(part, {}))


def with_definition(program: Program, definition: int) -> Program:
    """The same with another definition of its layers."""
    return Program(
        tuple(
            dataclasses.replace(one, arguments={**one.arguments, "definition": definition}) if one.form == MAKE else one
            for one in program
        )
    )


def available(asking: Asking, wrong: Iterable[str], is_mapped: bool, agreed: Iterable[str] = ()) -> Available:
    """What programs may be made of.

    Parameters
    ----------
    asking
        Runs programs.
    wrong
        Names of the battery's cases that are wrong.
    is_mapped
        Whether it is a framework of other conventions: what differs there alone may be another convention.
    agreed
        Names of the battery's cases that agree: a layer of which they say so is called otherwise than programs call it.
    """
    faults, rights = set(wrong), set(agreed)
    tried = probes()
    forms, faulty, definitions = set(), set(), {}
    for (form, program), found in zip(tried.items(), asking.run_all(list(tried.values())), strict=True):
        if could_not_be_run(found):
            continue
        ways = range(1 + len(LAYERS[form].others)) if form in LAYERS else range(1)
        findings = [Right(with_definition(program, way)).finding(found, asking.has_autograd) for way in ways]
        right = next((way for way in ways if findings[way] is None), None)
        if right:
            definitions[form] = right
        if right is None:
            way = findings[0].way if findings[0] else ""
            if faults & set(cases_of(form)):
                faulty.add(form)
                continue
            is_otherwise = is_mapped or (form in LAYERS and bool(rights & set(cases_of(form))))
            if is_otherwise or _is_refused(form, way) or asking.unbuilt(program):
                continue
        forms.add(form)
    return Available(frozenset(forms), definitions, frozenset(faulty))


def cases_of(form: str) -> tuple[str, ...]:
    """The battery's cases that are about an operation or a layer."""
    if form == "SGD":
        return _DESCENT
    if form in LAYERS:
        return LAYERS[form].cases
    return FORMS[form].cases if form in FORMS else ()


def named_by(program: Program, wrong: Iterable[str]) -> tuple[str, ...]:
    """Of the battery's cases that are wrong those that are about something in a program."""
    about = {case for form in program.forms for case in cases_of(form)}
    about |= {case for feature in _features(program) for case in _FEATURES[feature]}
    return tuple(case for case in wrong if case in about)


def _features(program: Program) -> frozenset[str]:
    try:
        shapes = {name: value.shape for name, value in values_of(program).items()}
    except UnsoundError:
        return program.features
    is_repeated = any(
        len({shapes[source] for source in one.sources}) > 1
        for one in program
        if one.form in ("+", "-", "*", "/", ".add", ".sub", ".mul", ".div")
    )
    return program.features | ({"broadcasting"} if is_repeated else set())


def _is_refused(form: str, way: str) -> bool:
    return form in FORMS and FORMS[form].may_be_refused and way.startswith("crash")
