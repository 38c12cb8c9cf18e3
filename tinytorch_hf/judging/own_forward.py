"""Whether a gradient is that of what the student's own forward computes, told by difference quotients.

PyTorch's gradient is that of PyTorch's function. Who computes another function forward may have a gradient that is
right for it; then forward is all that is wrong. And at a kink, such as two equal values of which one is the maximum,
several gradients are right. So the student's forward is run beside the inputs of a case, along random directions, and
its slope is compared with the gradients.

What cannot be told (noise, an output that is another in each run, kinks everywhere) is not concluded from. A gradient
is held to be wrong only if PyTorch's own gradient passes the same trial: a case whose gradients are not those of its
output at all, such as one that sends back twice, is none that this says anything of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.attempt import Attempt
from tinytorch_hf.judging.case import OUTPUT, Case, Inputs, leaf_of, upstream
from tinytorch_hf.judging.drawing import drawn
from tinytorch_hf.judging.quotients import SETTLED, STEPS, Slope, distances, slope
from tinytorch_hf.judging.runs import Runs
from tinytorch_hf.judging.yardstick import is_float

FITTING = 5e-3
"""How far a slope may be from the gradient, relative to its size; in float32 it was 2.4e-4 at worst."""

# Directions that have to agree: one that fits by chance is one in some hundred.
_DIRECTIONS = 2
# How far to go, and which share of a leaf's values to move: the fewer, the fewer kinks are near.
_ATTEMPTS = ((STEPS[0], 1.0), (STEPS[1], 1.0), (STEPS[1], 0.125), (STEPS[2], 0.125))
# More leaves than this are tried together, which takes less time and names none of them.
_MOST_ALONE = 6
_MOST_ON_KINKS = 256

Outputs = Callable[[Sequence[Inputs]], "Array | None"]
Direction = Mapping[str, Array]


class Fit(Enum):
    """How a gradient stands to the student's own forward."""

    FITS = "fits"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class OwnForward:
    """What the student's own forward says of its gradients.

    Attributes
    ----------
    fits
        For each gradient that was tried, by the result's name.
    on_kinks
        Gradients that are not PyTorch's, but as right: where they differ, forward has a kink.
    """

    fits: Mapping[str, Fit] = field(default_factory=dict)
    on_kinks: frozenset[str] = frozenset()

    @property
    def all_fit(self) -> bool:
        """Whether there are gradients, and each is that of the student's own forward."""
        return bool(self.fits) and set(self.fits.values()) == {Fit.FITS}

    @property
    def some_differ(self) -> bool:
        """Whether a gradient is not that of the student's own forward."""
        return Fit.DIFFERS in self.fits.values()

    def clears(self, tried: Attempt) -> frozenset[str]:
        """Names of the gradients that are not a fault of their own."""
        fitting = {name for name, fit in self.fits.items() if fit is Fit.FITS and tried.forward_differs}
        return self.on_kinks | fitting


def own_forward(case: Case, tried: Attempt, runs: Runs) -> OwnForward:
    """Try the gradients of a run against the student's own forward."""
    point = _Point.of(case, tried, runs)
    if point is None:
        return OwnForward()
    if tried.forward_differs:
        groups = [[name] for name in point.found] if len(point.found) <= _MOST_ALONE else [list(point.found)]
        return OwnForward({name: fit for group in groups for name, fit in _beside_another(point, group).items()})
    different = {difference.what for difference in tried.seen}
    return _beside_the_same(point, [name for name in point.found if name in different])


@dataclass(frozen=True)
class _Point:
    """A run, and what its surroundings are looked at with.

    ``found`` and ``right`` are gradients by the result's name, in float64; what never arrived is zero. ``malformed``
    are names of those that cannot be the gradient of their leaf, as their shape is another or they are not finite.
    """

    inputs: Inputs
    upstream: Array
    found: Mapping[str, Array]
    right: Mapping[str, Array]
    allowed: Mapping[str, float]
    malformed: frozenset[str]
    outputs: Outputs
    right_outputs: Outputs
    rng: np.random.Generator

    @staticmethod
    def of(case: Case, tried: Attempt, runs: Runs) -> _Point | None:
        """None where there is no output of numbers, or no gradient with respect to an input."""
        inputs, output = drawn(case, tried.seed, tried.is_second), tried.found.get(OUTPUT)
        if not isinstance(output, np.ndarray) or not is_float(output) or not np.isfinite(output).all():
            return None
        found, right, malformed = {}, {}, set()
        for name, wanted in tried.expected.values.items():
            leaf: Any = inputs.get(leaf_of(name))
            if not leaf_of(name) or name not in tried.found or not is_float(leaf) or not is_float(wanted):
                continue
            value = tried.found[name]
            value = np.zeros_like(leaf) if value is None else np.asarray(value)
            if value.shape != leaf.shape or value.dtype.kind not in "biuf" or not np.isfinite(value).all():
                malformed.add(name)
                value = np.zeros_like(leaf)
            found[name], right[name] = value.astype(np.float64), wanted.reshape(leaf.shape)
        if not found:
            return None

        def right_outputs(changes: Sequence[Inputs]) -> Array:
            return np.stack([tried.expected.beside({**inputs, **change})[OUTPUT] for change in changes])

        return _Point(
            inputs,
            np.ones_like(output, np.float64) if output.size == 1 else upstream(output.shape).astype(np.float64),
            found,
            right,
            {name: tried.expected.rounding[name] for name in found},
            frozenset(malformed),
            lambda changes: runs.outputs(inputs, changes),
            right_outputs,
            np.random.default_rng(tried.seed),
        )

    def direction(self, names: Iterable[str], share: float = 1.0, only: Mapping[str, Array] | None = None) -> Direction:
        """A random one along some leaves, in units of their own size; a share of the values, or ``only`` some, move."""
        directions = {}
        for name in names:
            leaf = self.inputs[leaf_of(name)]
            directions[name] = self.rng.standard_normal(leaf.shape) * _size(leaf)
            if share < 1:
                directions[name] *= self.rng.random(leaf.shape) < share
            if only is not None:
                directions[name] *= only[name]
        return directions

    def slopes(self, directions: Sequence[Direction], step: float, outputs: Outputs) -> list[Slope | None]:
        """The slope of what ``outputs`` gives along each direction; None where it has none."""
        changes = [
            {
                leaf_of(name): (self.inputs[leaf_of(name)] + distance * along).astype(np.float32)
                for name, along in direction.items()
            }
            for direction in directions
            for distance in distances(step)
        ]
        values = outputs(changes)
        n = len(distances(step))
        if values is None or values[0].size != self.upstream.size:
            return [None] * len(directions)
        values = values.reshape(len(values), *self.upstream.shape)
        return [slope(values[start : start + n], self.upstream, step) for start in range(0, len(directions) * n, n)]


def _size(leaf: Array) -> float:
    return float(np.sqrt(np.mean(np.square(leaf, dtype=np.float64)))) if leaf.any() else 1.0


def _along(gradients: Mapping[str, Array], direction: Direction) -> float:
    return float(sum((gradients[name] * along).sum() for name, along in direction.items()))


def _scale(gradients: Mapping[str, Array], direction: Direction) -> float:
    """How large the slope along a random direction of this kind is."""
    return float(np.sqrt(sum(np.square(gradients[name] * along).sum() for name, along in direction.items())))


def _compare(found: Slope | None, gradients: Mapping[str, Array], direction: Direction) -> Fit:
    """Compare a slope with what the gradients say."""
    if found is None:
        return Fit.UNKNOWN
    scale = max(_scale(gradients, direction), abs(found.central))
    if found.noise > FITTING * scale:
        return Fit.UNKNOWN
    allowed = FITTING * scale + found.noise
    error = abs(found.central - _along(gradients, direction))
    if error <= allowed and found.spread <= allowed:
        return Fit.FITS
    # A kink within the distances, however near, adds no more than the slopes to both sides are apart.
    return Fit.DIFFERS if error > allowed + 2 * found.unsure else Fit.UNKNOWN


def _beside_another(point: _Point, names: list[str]) -> dict[str, Fit]:
    """Whether gradients fit a forward that is not PyTorch's; one verdict for all of them."""
    if point.malformed & set(names):
        return {name: Fit.DIFFERS if name in point.malformed else Fit.UNKNOWN for name in names}
    n_fitting = 0
    for step, share in _ATTEMPTS:
        directions = [point.direction(names, share) for _ in range(_DIRECTIONS)]
        for found, along in zip(point.slopes(directions, step, point.outputs), directions, strict=True):
            fit = _compare(found, point.found, along)
            n_fitting += fit is Fit.FITS
            if fit is Fit.DIFFERS:
                (right,) = point.slopes([along], step, point.right_outputs)
                is_sure = _compare(right, point.right, along) is Fit.FITS
                return dict.fromkeys(names, Fit.DIFFERS if is_sure else Fit.UNKNOWN)
        if n_fitting >= _DIRECTIONS:
            return dict.fromkeys(names, Fit.FITS)
    return dict.fromkeys(names, Fit.UNKNOWN)


def _beside_the_same(point: _Point, names: list[str]) -> OwnForward:
    """Whether gradients that are not PyTorch's fit a forward that is: only kinks can make that so."""
    if not names or point.malformed & set(names):
        return OwnForward(dict.fromkeys(names, Fit.DIFFERS))
    places = {name: np.abs(point.found[name] - point.right[name]) > point.allowed[name] for name in names}
    for step in STEPS:
        along = point.direction(names, only=places)
        (found,) = point.slopes([along], step, point.outputs)
        if found is None or not found.is_smooth(max(_scale(point.found, along), _scale(point.right, along))):
            continue
        differs = _compare(found, point.found, along) is Fit.DIFFERS
        is_right = _compare(found, point.right, along) is Fit.FITS
        return OwnForward(dict.fromkeys(names, Fit.DIFFERS if differs and is_right else Fit.UNKNOWN))
    if _all_on_kinks(point, places):
        return OwnForward(on_kinks=frozenset(names))
    return OwnForward(dict.fromkeys(names, Fit.UNKNOWN))


def _all_on_kinks(point: _Point, places: Mapping[str, Array]) -> bool:
    """Whether each value that is not PyTorch's lies between the slopes to both sides, as PyTorch's does.

    Each is looked at by itself; and where a leaf is shifted as a whole, which keeps equal values equal, the gradient
    must be the slope: for a value that is as large as others, all of them together receive one gradient.
    """
    single = [(name, place) for name, where in places.items() for place in map(tuple, np.argwhere(where))]
    if len(single) > _MOST_ON_KINKS:
        return False
    step = STEPS[1]
    directions: list[Direction] = [{name: _unit(point.inputs[leaf_of(name)], place)} for name, place in single]
    shifts: list[Direction] = [
        {name: np.full_like(point.found[name], _size(point.inputs[leaf_of(name)]))} for name in places
    ]
    slopes = point.slopes([*directions, *shifts], step, point.outputs)
    for found, along in zip(slopes, directions, strict=False):
        if found is None or not _between(found, _along(point.found, along), _along(point.right, along)):
            return False
    for found, along in zip(slopes[len(directions) :], shifts, strict=True):
        scale = _scale(point.right, along)
        if found is not None and found.is_smooth(scale) and _compare(found, point.found, along) is Fit.DIFFERS:
            return False
    return True


def _unit(leaf: Array, place: tuple[int, ...]) -> Array:
    direction = np.zeros(leaf.shape)
    direction[place] = _size(leaf)
    return direction


def _between(found: Slope, own: float, right: float) -> bool:
    """Whether two slopes lie between those to both sides, and are further apart than what cannot be told."""
    unsure = SETTLED * max(abs(own), abs(right)) + found.noise + found.one_sided_spread
    low, high = sorted((found.left, found.right))
    return abs(own - right) > 4 * unsure and all(low - unsure <= value <= high + unsure for value in (own, right))
