"""Points in whole hundredths, as graders take them: what stands in a file adds up exactly to what stands as its sum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Rubric

_PER_POINT = 100


@dataclass(frozen=True)
class Points:
    """What a submission gets.

    Attributes
    ----------
    of
        For each operation its points, each with at most two decimals.
    refused
        Why there are none at all, though operations may be right; or nothing.
    refused_in_secret
        The same, where it would tell of a hidden operation. Then ``of`` holds points that do not count.
    """

    of: Mapping[str, float]
    refused: str = ""
    refused_in_secret: str = ""

    @property
    def counting(self) -> Mapping[str, float]:
        """The points that count: none of them where they are refused."""
        return dict.fromkeys(self.of, 0.0) if self.refused_in_secret else self.of

    @property
    def total(self) -> float:
        """The sum of those that count."""
        return total(self.counting)


def total(points: Mapping[str, float]) -> float:
    """The sum of points that have at most two decimals."""
    return sum(map(_hundredths, points.values())) / _PER_POINT


def maxima(rubric: Rubric) -> dict[str, float]:
    """The most points that there are for each operation, in the rubric's order.

    A module's points, shared by its operations, seldom come to whole hundredths. Those that are left over go to where
    most was cut off, the first ones first, so that the sum is the rubric's.
    """
    exact = {share.operation: share.points * _PER_POINT for share in rubric.shares()}
    # What is whole but for the rounding of binary fractions is whole.
    whole = {name: math.floor(points + 1e-6) for name, points in exact.items()}
    left = round(sum(exact.values())) - sum(whole.values())
    by_rest = sorted(exact, key=lambda name: (round(whole[name] - exact[name], 6), list(exact).index(name)))
    for name in by_rest[:left]:
        whole[name] += 1
    return {name: points / _PER_POINT for name, points in whole.items()}


def points(graded: Graded, rubric: Rubric) -> Points:
    """What a submission gets for each operation of the rubric."""
    most = maxima(rubric)
    marks = {mark.operation: mark for mark in graded.marks}
    given = {name: _given(marks[name], most[name]) if name in marks else 0.0 for name in most}
    refused, is_secret = _refusal(graded)
    if refused and not is_secret:
        return Points(dict.fromkeys(most, 0.0), refused)
    return Points(given, refused_in_secret=refused)


def is_hidden(mark: Mark, graded: Graded) -> bool:
    """Whether students see a mark only once grades are published; so they do what tells of a hidden one."""
    hidden = {one.operation for one in graded.marks if one.is_hidden}
    return mark.is_hidden or not hidden.isdisjoint(mark.follows)


def _given(mark: Mark, most: float) -> float:
    if mark.points >= mark.out_of:
        return most
    return min(most, max(0, _hundredths(mark.points)) / _PER_POINT)


def _hundredths(points: float) -> int:
    return round(points * _PER_POINT)


def _refusal(graded: Graded) -> tuple[str, bool]:
    """Why there are no points at all, and whether saying so tells of a hidden operation."""
    if graded.withheld:
        return f"No points: {graded.withheld}", False
    missing = [mark for mark in graded.marks if mark.is_required and mark.status is not Status.PASSED]
    shown = [mark for mark in missing if not is_hidden(mark, graded)]
    names = ", ".join(mark.operation for mark in shown or missing)
    return (f"No points: required, and not right: {names}", not shown) if missing else ("", False)
