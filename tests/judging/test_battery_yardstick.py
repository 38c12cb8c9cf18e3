"""Specification of the yardstick and of the likely causes: what rounding explains, and what the numbers say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.causes import likely_cause
from tinytorch_hf.judging.rounding import FACTOR, HALF_UNIT
from tinytorch_hf.judging.yardstick import Expected, differences

RIGHT = np.random.default_rng(0).standard_normal((8, 5))


def case(right: dict[str, Any]) -> Case:
    """A case whose right results are these, in float32 rounded as NumPy rounds."""

    def run(judge: Any, _: Any) -> dict[str, Any]:
        single = str(judge.dtype) == "torch.float32"
        return {
            name: value.astype(np.float32).astype(np.float64) if single and isinstance(value, np.ndarray) else value
            for name, value in right.items()
        }

    inputs = {"x": np.zeros((8, 3), np.float32)}
    return Case("made up", "tensor", (), lambda _: inputs, lambda *_: {}, run)


def judged(right: Any, found: Any, name: str = "output") -> list[str]:
    """What is said of one result."""
    expected = Expected(case({name: right}).right, {})
    return [difference.message for difference in differences(expected, {name: found})]


def cause(right: Any, found: Any, name: str = "gradient of x") -> str:
    """The cause that is named for one result."""
    made_up = case({name: right})
    expected = Expected(made_up.right, {})
    return likely_cause(made_up, 0, expected, {name: found}, differences(expected, {name: found}))


def test_rounding_is_allowed_and_more_is_not() -> None:
    """The limit scales with the values, so a fixed tolerance cannot do it."""
    for scale in (1e-6, 1.0, 1e6):
        right = RIGHT * scale
        largest = np.abs(right).max()
        assert judged(right, right.astype(np.float32)) == []
        assert judged(right, right + 0.9 * FACTOR * HALF_UNIT * largest) == []
        (message,) = judged(right, right + 4 * FACTOR * HALF_UNIT * largest)
        assert "in 40 of 40 values" in message


def test_one_wrong_value_among_many_is_enough() -> None:
    """The largest error counts, not the mean."""
    found = RIGHT.copy()
    found[3, 2] += 1e-3

    assert judged(RIGHT, found)[0].startswith("is off by 1.0e-03 in 1 of 40 values")


@pytest.mark.parametrize(
    ("right", "found", "message"),
    [
        (RIGHT, None, "is missing"),
        (RIGHT, RIGHT.T, "has the shape (5, 8) instead of (8, 5)"),
        (RIGHT, np.full_like(RIGHT, np.nan), "is not finite in 40 of 40 values"),
        (RIGHT, "an array of object and shape ()", "is 'an array of object and shape ()' instead of numbers"),
        (np.arange(5), np.array([0, 1, 2, 3, 9]), "is wrong in 1 of 5 values"),
        (3, 4, "is 4 instead of 3"),
    ],
)
def test_each_way_of_being_wrong_has_its_message(right: Any, found: Any, message: str) -> None:
    """Missing, of another shape, not a number, not numbers at all, another whole number."""
    assert judged(right, found) == [message]


def test_a_single_value_may_have_axes() -> None:
    """TinyTorch's losses are of shape () in some generations and (1,) in others."""
    assert judged(np.array(2.5), np.array([2.5])) == []


def test_a_statement_that_does_not_hold_is_a_difference() -> None:
    """Statements come from TinyTorch's side alone."""
    expected = Expected(case({}).right, {})

    assert differences(expected, {"all is well": True}) == []
    assert [entry.what for entry in differences(expected, {"all is well": False})] == ['"all is well"']


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (None, "no gradient arrives"),
        (RIGHT * 0, "it is zero everywhere"),
        (-RIGHT, "the sign is wrong"),
        (RIGHT * 2, "added up twice"),
        (RIGHT / 2, "one of two contributions dropped"),
        (RIGHT * 8, "8 times what it should be, and 8 is the batch size"),
        (RIGHT / 8, "1/8 of what it should be, and 8 is the batch size"),
        (RIGHT * 0.7, "it is 0.7 times what it should be"),
        (RIGHT.T, "it is transposed"),
        (RIGHT.T.reshape(8, 5), "wrong places"),
        (RIGHT.reshape(4, 10), "in another shape"),
        (RIGHT * np.inf, "overflows"),
        (RIGHT * (np.arange(5) > 0), "8 of 40 values are zero and should not be"),
        (RIGHT**2, ""),
    ],
)
def test_the_numbers_alone_tell_many_causes(found: Any, sentence: str) -> None:
    """And where they do not, nothing is said."""
    if sentence:
        assert sentence in cause(RIGHT, found)
    else:
        assert cause(RIGHT, found) == ""


def test_a_gradient_that_was_not_summed_over_its_broadcast_is_told() -> None:
    """It has the shape of the output."""
    assert "not summed over the axes" in cause(RIGHT.sum(axis=0), RIGHT)
    assert "not summed over the axes" in cause(RIGHT.sum(axis=1, keepdims=True), RIGHT)
