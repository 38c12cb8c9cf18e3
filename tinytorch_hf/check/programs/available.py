"""Which forms a package has, found by trying each alone; and what the battery has named a fault of already."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from tinytorch_hf.check.programs.asking import Asking
from tinytorch_hf.check.programs.builder import Available
from tinytorch_hf.check.programs.forms import FORMS
from tinytorch_hf.check.programs.judged import Finding, Right, could_not_be_run
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.probes import probes
from tinytorch_hf.check.programs.program import MAKE, Program
from tinytorch_hf.check.programs.sound import UnsoundError, values_of
from tinytorch_hf.check.programs.ways import WAYS

_FEATURES: Mapping[str, tuple[str, ...]] = {
    "sharing": (
        *("gradient-used-twice", "gradient-square", "gradient-diamond", "gradient-sum-of-sums"),
        *("gradient-many-diamonds", "gradient-chain"),
    ),
    "adding up": ("gradient-adds-up", "gradient-zero-grad", "gradient-zeroed-in-place"),
    "broadcasting": (
        *("tensor-broadcasting", "gradient-broadcast", "gradient-broadcast-row", "gradient-broadcast-column"),
    ),
    "scaling": ("gradient-of-both-kept-apart",),
    "leaves that are not asked": ("gradient-not-asked",),
}


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
        part = form.partition(" ")[0]
        ways = range(1 + len(LAYERS[part].others)) if part in LAYERS else range(1)
        findings: list[Finding | None] = []
        for definition in ways:
            findings.append(Right(with_definition(program, definition)).finding(found, asking.has_autograd))
            if findings[-1] is None:
                break
        right = len(findings) - 1 if findings[-1] is None else None
        if right:
            definitions[part] = right
        if right is None:
            way = findings[0].way if findings[0] else ""
            if faults & set(cases_of(form)):
                faulty.add(form)
                continue
            is_otherwise = is_mapped or (form in (*LAYERS, *WAYS) and bool(rights & set(cases_of(form))))
            if is_otherwise or _is_refused(form, way) or asking.unbuilt(program):
                continue
        forms.add(form)
    return Available(frozenset(forms), definitions, frozenset(faulty))


def cases_of(form: str) -> tuple[str, ...]:
    """The battery's cases that are about an operation or a layer."""
    if form in WAYS:
        return WAYS[form]
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
