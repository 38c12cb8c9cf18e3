"""One run of a case beside what is right: compared with the definition that the student chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import Case, Results, is_gradient
from tinytorch_hf.judging.results import Difference
from tinytorch_hf.judging.rounding import largest_magnitude
from tinytorch_hf.student.answers import Answer


@dataclass(frozen=True)
class Attempt:
    """One run of a case.

    Attributes
    ----------
    seed, is_second
        Which inputs it had.
    expected
        What would have been right.
    found
        What came out.
    seen
        How it differs.
    """

    seed: int
    is_second: bool
    expected: yardstick.Expected
    found: Results
    seen: Sequence[Difference]

    @property
    def forward_differs(self) -> bool:
        """Whether something differs that is not a gradient."""
        return any(not is_gradient(difference.what) for difference in self.seen)

    def relative(self, difference: Difference) -> float:
        """How far a result is off, by its largest value; infinite where there is no distance."""
        if difference.error is None:
            return np.inf
        return difference.error / (largest_magnitude(self.expected.values[difference.what]) or 1.0)


def attempt(case: Case, answer: Answer, seed: int, is_second: bool = False) -> Attempt:
    """What came back, compared with one of the accepted definitions.

    It is the one whose output agrees: which definition a student has chosen shows in forward, and a gradient has to be
    that of the same definition. Where several outputs agree, or none does, the fewest differences decide, and then the
    smallest distance.
    """
    found = dict(answer.results)
    attempts = []
    for definition in yardstick.expected(case, seed, is_second):
        expected = definition.restricted(
            [name for name in definition.values if name in found or not _may_lack(case, answer, name)]
        )
        attempts.append(Attempt(seed, is_second, expected, found, yardstick.differences(expected, found)))
        if not attempts[-1].seen:
            break
    return min(attempts, key=_distance)


def _may_lack(case: Case, answer: Answer, name: str) -> bool:
    """Whether a result may be left out; gradients may as long as there are none, and then the verdict states that."""
    return name in case.optional or (answer.unbuilt == "backward" and is_gradient(name))


def _distance(tried: Attempt) -> tuple[int, int, float]:
    """How far a run is from a definition: forward first, then everything, then the largest distance of an output."""
    forward = [difference for difference in tried.seen if not is_gradient(difference.what)]
    return len(forward), len(tried.seen), sum(map(tried.relative, forward))
