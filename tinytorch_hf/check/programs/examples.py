"""The smallest program that shows an operation, as lines to run, with what it gives on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.programs import printed
from tinytorch_hf.check.programs.asking import Asking
from tinytorch_hf.check.programs.available import cases_of, with_definition
from tinytorch_hf.check.programs.interpret import ERROR
from tinytorch_hf.check.programs.judged import Finding, Right, could_not_be_run
from tinytorch_hf.check.programs.layers import LAYERS
from tinytorch_hf.check.programs.probes import probes
from tinytorch_hf.judging.case import Results
from tinytorch_hf.student.answers import Ask
from tinytorch_hf.student.mapping import FrameworkMap


@dataclass(frozen=True)
class Example:
    """A program of one operation.

    Attributes
    ----------
    expression
        The operation, as it is written.
    lines
        The program, with both results behind what it prints.
    agrees
        Whether both are the same, up to rounding.
    """

    expression: str
    lines: tuple[str, ...]
    agrees: bool


def examples(ask: Ask, framework_map: FrameworkMap, wanted: Mapping[str, bool]) -> Mapping[str, Example]:
    """An example for each of the battery's cases for which there is a program.

    Parameters
    ----------
    ask
        Whom to ask for runs; the package has been opened.
    framework_map
        Which package it is.
    wanted
        Names of cases, and whether each is right: of what is wrong, an example is preferred that shows it.
    """
    asking, tried = Asking(ask), probes()
    forms = {name: _forms(name) for name in wanted}
    needed = list(dict.fromkeys(form for found in forms.values() for form in found))
    results = dict(zip(needed, asking.run_all([tried[form] for form in needed]), strict=True))
    shown = {
        form: example
        for form in needed
        if (example := _example(asking, framework_map, form, results[form])) is not None
    }
    found = {}
    for name, is_right in wanted.items():
        known = [shown[form] for form in forms[name] if form in shown]
        best = next((one for one in known if one.agrees is is_right), next(iter(known), None))
        if best is not None:
            found[name] = best
    return found


def _forms(case: str) -> list[str]:
    """The forms that a case is about; of a case without any, the layer that it needs last."""
    found = sorted((form for form in probes() if case in cases_of(form)), key=_rank)
    return found or [part for part in CASES[case].needs[-1:] if part in LAYERS]


def _rank(form: str) -> tuple[bool, bool, str]:
    """What the course writes comes first: layers, then operators, then methods."""
    return form not in LAYERS, form.startswith("."), form


def _example(asking: Asking, framework_map: FrameworkMap, form: str, found: Results) -> Example | None:
    if could_not_be_run(found):
        return None
    ways = range(1 + len(LAYERS[form].others)) if form in LAYERS else range(1)
    rights = [Right(with_definition(probes()[form], way)) for way in ways]
    findings = [right.finding(found, asking.has_autograd) for right in rights]
    way = next((way for way in ways if findings[way] is None), 0)
    right, finding = rights[way], findings[way]
    lines = printed.lines(
        right.program,
        asking.homes(printed.parts(right.program)),
        framework_map.package,
        found,
        right.values,
        [] if ERROR in found else list(right.values),
        framework_map.conventions,
        asking.has_autograd,
    )
    return Example(_expression(form, right), (*lines, *_error(finding, found)), finding is None)


def _expression(form: str, right: Right) -> str:
    return form if form == "SGD" else printed.operation(right.program)


def _error(finding: Finding | None, found: Results) -> Iterable[str]:
    return [f"# yours raises {finding.text.splitlines()[0]}"] if finding is not None and ERROR in found else []
