"""What the battery found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a case ended."""

    AGREES = "agrees"
    DIFFERS = "differs"
    MISSING = "missing"
    CRASHES = "crashes"


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
    cause
        What probably causes it, or nothing.
    where
        File and line in the package under test, or nothing.
    differences
        Every result that differs.
    seconds
        How long the package under test took.
    """

    name: str
    module: str
    outcome: Outcome
    detail: str = ""
    cause: str = ""
    where: str = ""
    differences: tuple[Difference, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """A run of the battery: the package under test, torch's version, and the result of each case."""

    package: str
    location: str
    torch_version: str
    results: Sequence[Result]

    def count(self, outcome: Outcome) -> int:
        """How many cases ended like this."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs and nothing crashes; what is not built yet is no fault."""
        return not self.count(Outcome.DIFFERS) and not self.count(Outcome.CRASHES)
