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

    A module's points, shared by its operations, seldom come to whole hundredths. So that their sum is the module's,
    some are worth a hundredth more than others; and the sum over all is the rubric's.
    """
    exact = {share.operation: share.points * _PER_POINT for share in rubric.shares()}
    own = {item.name for item in rubric.items}
    groups: dict[str, dict[str, float]] = {}
    for share in rubric.shares():
        name = share.operation if share.operation in own else share.module
        groups.setdefault(name, {})[share.operation] = exact[share.operation]
    of_groups = _dealt({name: sum(group.values()) for name, group in groups.items()}, round(sum(exact.values())))
    dealt = {name: one for group in groups for name, one in _dealt(groups[group], of_groups[group]).items()}
    return {name: dealt[name] / _PER_POINT for name in exact}


def _dealt(exact: Mapping[str, float], together: int) -> dict[str, int]:
    """Whole numbers of this sum; what is left over goes to where most is cut off, to the first ones first."""
    # What is whole but for the rounding of binary fractions is whole.
    whole = {name: math.floor(number + 1e-6) for name, number in exact.items()}
    by_rest = sorted(exact, key=lambda name: round(whole[name] - exact[name], 6))
    for name in by_rest[: together - sum(whole.values())]:
        whole[name] += 1
    return whole


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
