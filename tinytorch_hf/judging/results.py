"""What the battery found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tinytorch_hf.student.mapping import FrameworkMap


class Outcome(Enum):
    """How a case ended."""

    AGREES = "agrees"
    DIFFERS = "differs"
    CRASHES = "crashes"
    MISSING = "missing"
    UNTRIED = "untried"


WRONG = (Outcome.DIFFERS, Outcome.CRASHES)
"""Outcomes that say that something is wrong."""

UNKNOWN = (Outcome.MISSING, Outcome.UNTRIED)
"""Outcomes that say nothing about what is right: not implemented yet, or our call does not fit."""


@dataclass(frozen=True)
class Difference:
    """One result that is not what it should be.

    Attributes
    ----------
    what
        Which result, such as "output" or "gradient of weight".
    message
        How it differs.
    error
        Largest distance from PyTorch in float64; None where there is no distance.
    rounding
        How far rounding can explain; None where there is no distance.
    """

    what: str
    message: str
    error: float | None = None
    rounding: float | None = None


@dataclass(frozen=True)
class Result:
    """How one case ended.

    Attributes
    ----------
    name, module
        The case's.
    outcome
        The verdict.
    detail
        What was seen: the first difference, what is missing, or the error's message.
    code
        The mistake that causes it, from the catalogue of mistakes; empty where none can be told.
    cause, hint
        The mistake's sentence and its hint, or nothing.
    where
        File and line in the package under test, or nothing.
    expression
        What was computed there when it crashed, as it is written in the package, such as ``1 - a``; or nothing.
    call
        What of the package was called from outside, as its author would write it, such as ``ReLU()(x)``; or nothing.
    differences
        Every result that differs.
    follows
        Names of cases that are wrong and that this one is built on, so that it may be right once they are.
    together
        Of those, the ones that this case does not use, and goes wrong with for what both have in common; for a case
        that follows from nothing, another that may have the same cause.
    shared
        Functions of the package that it has in common with those, where they are known: the place to look at.
    part
        The class, function or method that it is about, or nothing.
    notes
        What is no fault, but worth knowing.
    seconds
        How long the package under test took.
    snippet
        Lines of Python that show it, in the package's own API; or nothing.
    """

    name: str
    module: str
    outcome: Outcome
    detail: str = ""
    code: str = ""
    cause: str = ""
    hint: str = ""
    where: str = ""
    expression: str = ""
    call: str = ""
    differences: tuple[Difference, ...] = ()
    follows: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    part: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    snippet: str = ""


@dataclass(frozen=True)
class Row:
    """One result on both sides: what it is, at which place of it, and the values as text."""

    what: str
    at: str
    tinytorch: str
    pytorch: str
    is_right: bool


@dataclass(frozen=True)
class Shown:
    """What a report shows of one operation beside its verdict.

    Attributes
    ----------
    calls
        How the package was called, as its author would write it, such as ``ReLU()(x); x has the shape (4, 64)``.
    inputs
        Names of the inputs, and what they are.
    rows
        Results on both sides.
    expression
        What the example below shows, such as ``ReLU()(x)``; empty where there is none.
    lines
        A small example as lines to run, with both results.
    example_agrees
        Whether the example is right; None where there is none.
    """

    calls: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    rows: tuple[Row, ...] = ()
    expression: str = ""
    lines: tuple[str, ...] = ()
    example_agrees: bool | None = None


@dataclass(frozen=True)
class Report:
    """A run of the battery.

    Attributes
    ----------
    package, location
        The package under test, and where it is.
    torch_version
        The release of PyTorch that judges, or whose answers were recorded; empty where everything was computed.
    results
        How each case ended.
    notes
        What is to be said of the package as a whole.
    required
        Names of the cases that count for `status`; empty for all.
    judge
        "torch"; or "recorded", where PyTorch was not asked, and what is not recorded was computed with NumPy alone.
    not_isolated
        What is to be said first where the package ran in the process that judges it; empty where it had its own.
    inferred
        The map that was inferred, where the package is no TinyTorch and none was given.
    is_interrupted
        Whether the run was broken off: what was left is untried.
    shown
        What a page shows of each operation, by its name, where that was asked for.
    folder
        What holds the package, so that lines to run find it; empty where it is installed.
    """

    package: str
    location: str
    torch_version: str
    results: Sequence[Result]
    notes: tuple[str, ...] = ()
    required: frozenset[str] = field(default=frozenset())
    judge: str = "torch"
    inferred: FrameworkMap | None = None
    not_isolated: str = ""
    is_interrupted: bool = False
    shown: Mapping[str, Shown] = field(default_factory=dict, compare=False)
    folder: str = ""

    @property
    def is_isolated(self) -> bool:
        """Whether the package ran in a process of its own; a verdict on one that did not is no ground for a grade."""
        return not self.not_isolated

    def count(self, outcome: Outcome) -> int:
        """How many cases ended like this."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def counted(self) -> list[Result]:
        """The results that count for `status`."""
        return [result for result in self.results if not self.required or result.name in self.required]

    @property
    def roots(self) -> list[Result]:
        """What is wrong and follows from nothing else that is: that from which most follows first."""
        wrong = {result.name: 0 for result in self.results if result.outcome in WRONG}
        found = [result for result in self.results if result.name in wrong and not wrong.keys() & set(result.follows)]
        for result in self.results:
            for name in wrong.keys() & set(result.follows):
                wrong[name] += 1
        return sorted(found, key=lambda result: -wrong[result.name])

    @property
    def status(self) -> int:
        """Exit status: 0 if everything that counts agrees, 1 if something is wrong, 3 if something is unknown.

        Of a run that was broken off it is 130.
        """
        if self.is_interrupted:
            return 130
        outcomes = {result.outcome for result in self.counted}
        if outcomes & set(WRONG):
            return 1
        return 0 if outcomes == {Outcome.AGREES} else 3

    @property
    def is_clean(self) -> bool:
        """Whether everything that counts was tried and agrees."""
        return self.status == 0
