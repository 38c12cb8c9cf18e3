"""Specification of tinytorch_hf.judging.own_forward: a gradient is judged by what forward computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.operation import in_torch
from tinytorch_hf.judging.case import Case, Draw, upstream
from tinytorch_hf.judging.results import Outcome, Result
from tinytorch_hf.judging.verdict import verdict
from tinytorch_hf.student.answers import Answer

# Computes an output and a slope, of the same shape as the output.
Function = Callable[[Any], tuple[Any, Any]]


def values(draw: Draw) -> Mapping[str, Any]:
    """Numbers away from zero, half of them negative."""
    x = draw.rng.uniform(0.5, 2.0, (draw.size(7), 5)).astype(np.float32)
    return {"x": x * np.where(np.arange(5) % 2, 1, -1).astype(np.float32)}


def with_zeros(draw: Draw) -> Mapping[str, Any]:
    """The same, with a column of zeros."""
    return {"x": values(draw)["x"] * (np.arange(5) != 2)}


def made_up(torch: Callable[[Any, Any], Any], inputs: Callable[[Draw], Any] = values, name: str = "made up") -> Case:
    """A case of a function of ``x``."""
    right = in_torch(lambda judge, v: torch(judge, v["x"]), ("x",))
    return Case(name, "tensor", (), inputs, lambda *_: {}, right)


class Here:
    """Runs of a function of arrays."""

    def __init__(self, function: Function, times: float = 1.0) -> None:
        self._function = function
        self._times = times
        self.n_runs = 0

    def again(self, inputs: Mapping[str, Any]) -> Answer:
        """Output and gradient."""
        self.n_runs += 1
        output, slope = self._function(inputs["x"])
        gradient = self._times * slope * upstream(slope.shape).astype(np.float32)
        if output.shape != slope.shape:
            # A maximum over the last axis.
            gradient = self._times * slope * upstream(output.shape)[..., None]
        found = {"output": output.astype(np.float32), "gradient of x": gradient.astype(np.float32)}
        return Answer("results", results=found)

    def unbuilt(self, _: Mapping[str, Any]) -> tuple[str, ...]:
        """Nothing is left to be written."""
        return ()

    def outputs(self, inputs: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> Any:
        """The outputs alone."""
        return np.stack([self.again({**inputs, **change}).results["output"] for change in changes])


def judged(case: Case, function: Function, times: float = 1.0) -> Result:
    """The verdict on a function."""
    runs = Here(function, times)
    return verdict(case, runs.again(case.draw(0)), 0, runs)


def listed(result: Result) -> list[str]:
    """What is said to differ."""
    return [difference.what for difference in result.differences]


SQUARE = made_up(lambda _, x: x * x, name="square")


def test_another_function_with_its_own_gradient_is_said_to_be_that() -> None:
    """Forward is what is wrong; the gradient is not listed."""
    result = judged(SQUARE, lambda x: (1.1 * x * x + x, 2.2 * x + 1))

    assert listed(result) == ["output"]
    assert result.code == "ANOTHER-DEFINITION"
    assert result.detail.startswith("output: at [0, 0] found ")


def test_a_gradient_that_does_not_fit_its_own_forward_is_a_fault_whatever_forward_is() -> None:
    """Here forward is another function, and the gradient is neither PyTorch's nor its own."""
    result = judged(SQUARE, lambda x: (1.1 * x * x + x, 2.2 * x + 1 + np.tanh(x)))

    assert listed(result) == ["output", "gradient of x"]
    assert result.code == "GRADIENT-NOT-OF-FORWARD"


def test_a_right_gradient_beside_a_wrong_forward_is_no_definition() -> None:
    """They do not belong together, though the gradient is PyTorch's."""
    result = judged(SQUARE, lambda x: (1.1 * x * x + x, 2 * x))

    assert listed(result) == ["output"]
    assert result.code == "GRADIENT-NOT-OF-FORWARD"


def test_a_wrong_gradient_beside_a_right_forward_is_one() -> None:
    """Where nothing more particular can be said."""
    result = judged(SQUARE, lambda x: (x * x, 2 * x + np.tanh(x)))

    assert listed(result) == ["gradient of x"]
    assert result.code == "GRADIENT-NOT-OF-FORWARD"


RELU_AT_ZERO = made_up(lambda judge, x: judge.F.relu(x), with_zeros, name="relu at zero")


def test_at_a_kink_several_gradients_are_right() -> None:
    """At 0, ReLU's may be PyTorch's 0, 1, or anything between; that is a note."""
    for at_zero in (1.0, 0.5):
        result = judged(RELU_AT_ZERO, lambda x, at_zero=at_zero: (np.maximum(x, 0), (x > 0) + at_zero * (x == 0)))

        assert result.outcome is Outcome.AGREES
        assert result.notes == ("gradient of x is not PyTorch's, but as right: forward has a kink there",)


def test_a_kink_excuses_nothing_else() -> None:
    """Neither a slope outside of both sides', nor a fault beside it."""
    for slope in (lambda x: (x > 0) + 2.0 * (x == 0), lambda x: (x >= 0) + 0.1 * (x < 0)):
        result = judged(RELU_AT_ZERO, lambda x, slope=slope: (np.maximum(x, 0), slope(x)))

        assert (result.outcome, result.notes) == (Outcome.DIFFERS, ())


LARGEST = made_up(
    lambda _, x: x[:, 0],
    lambda draw: {"x": np.repeat(draw.rng.standard_normal((draw.size(7), 1)).astype(np.float32), 3, axis=1)},
    name="largest",
)


def test_equal_values_share_one_gradient_as_they_like() -> None:
    """The first, the last, or evenly; but all of them together receive it once."""
    largest = lambda x: x.max(axis=-1)  # noqa: E731 -- beside the slopes

    for shares in ([0, 0, 1], [1 / 3, 1 / 3, 1 / 3], [0.5, 0, 0.5]):
        slope = np.array(shares, np.float32)
        result = judged(LARGEST, lambda x, slope=slope: (largest(x), np.broadcast_to(slope, x.shape)))
        assert result.outcome is Outcome.AGREES, shares
    assert judged(LARGEST, lambda x: (largest(x), np.ones_like(x))).outcome is Outcome.DIFFERS


def test_what_cannot_be_told_is_not_concluded_from() -> None:
    """A forward that gives something else each time has no slope."""
    rng = np.random.default_rng(0)

    result = judged(SQUARE, lambda x: (x * x + rng.standard_normal(x.shape), 3 * x))

    assert listed(result) == ["output", "gradient of x"]
    assert result.code == ""


def test_a_case_whose_gradient_is_not_that_of_its_output_is_left_alone() -> None:
    """Sent back twice, the gradient is twice the slope: a single one is not an excuse, a double one is not a fault."""
    right = SQUARE.right

    def doubled(judge: Any, inputs: Any) -> dict[str, Any]:
        results = right(judge, inputs)
        return {**results, "gradient of x": 2 * results["gradient of x"]}

    twice = Case("twice", "tensor", (), values, SQUARE.tinytorch, doubled)

    once = judged(twice, lambda x: (x * x, 2 * x))
    assert (once.outcome, once.notes, once.code) == (Outcome.DIFFERS, (), "HALF")
    other = judged(twice, lambda x: (1.1 * x * x + x, 2.2 * x + 1), times=2.0)
    assert listed(other) == ["output", "gradient of x"]
    assert other.code == ""


def test_what_agrees_is_run_once() -> None:
    """A right package pays nothing for all this."""
    runs = Here(lambda x: (x * x, 2 * x))

    assert verdict(SQUARE, runs.again(SQUARE.draw(0)), 0, runs).outcome is Outcome.AGREES
    assert runs.n_runs == 1


def test_forward_decides_which_definition_is_judged() -> None:
    """One's output and another's gradient: the gradient is wrong, though it is that of an accepted definition."""
    cube = in_torch(lambda _, v: v["x"] ** 3, ("x",))
    two = Case("two definitions", "tensor", (), values, lambda *_: {}, SQUARE.right, also_right=[cube])

    for function, wrong in (
        (lambda x: (x**3, 3 * x * x), []),
        (lambda x: (x**3, 2 * x), ["gradient of x"]),
        (lambda x: (x * x, 3 * x * x), ["gradient of x"]),
    ):
        assert listed(judged(two, function)) == wrong
