"""Specification of the yardstick and of the likely causes: what rounding explains, and what the numbers say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinytorch_hf.judging.attempt import Attempt, attempt
from tinytorch_hf.judging.case import Case
from tinytorch_hf.judging.causes import confirmed, known_mistakes, what_numbers_tell
from tinytorch_hf.judging.own_forward import OwnForward
from tinytorch_hf.judging.rounding import FACTOR, HALF_UNIT
from tinytorch_hf.judging.yardstick import Expected, differences
from tinytorch_hf.student.answers import Answer

RIGHT = np.random.default_rng(0).standard_normal((8, 5))


def case(right: dict[str, Any]) -> Case:
    """A case whose right results are these, in float32 rounded as NumPy rounds."""

    def run(judge: Any, _: Any) -> dict[str, Any]:
        single = str(judge.dtype) == "torch.float32"
        return {
            name: value.astype(np.float32).astype(np.float64) if single and isinstance(value, np.ndarray) else value
            for name, value in right.items()
        }

    return Case("made up", "tensor", (), lambda _: {}, lambda *_: {}, run)


def judged(right: Any, found: Any, name: str = "output") -> list[str]:
    """What is said of one result."""
    expected = Expected(case({name: right}).right, {})
    return [difference.message for difference in differences(expected, {name: found})]


def scaled(times: float) -> Callable[[Any, Any], dict[str, Any]]:
    """The right results, times a number, which follow the sizes that are drawn."""

    def run(judge: Any, inputs: Any) -> dict[str, Any]:
        values = inputs["x"].astype(np.float64) * times
        single = str(judge.dtype) == "torch.float32"
        return {"gradient of w": values.astype(np.float32).astype(np.float64) if single else values}

    return run


# Its result is its input, in two sizes.
SIZED = Case(
    "sized",
    "tensor",
    (),
    lambda draw: {"x": draw.rng.standard_normal((draw.size(8), draw.size(5))).astype(np.float32)},
    lambda *_: {},
    scaled(1.0),
    mistakes={"LR-TWICE": scaled(0.1), "SLOPE-ONE": scaled(1.0)},
)


def sized(found: Callable[[Any], Any], is_second: bool = False) -> Attempt:
    """What a package gives in the case ``sized``, as a function of what is right."""
    right = SIZED.draw(0, is_second)["x"]
    return attempt(SIZED, Answer("results", results={"gradient of w": found(right)}), 0, is_second)


def cause(found: Callable[[Any], Any], elsewhere: Callable[[Any], Any] | None = None) -> str:
    """The sentence that is said of one result; ``elsewhere`` is how it is wrong on other sizes, if otherwise."""
    told = confirmed(
        what_numbers_tell(SIZED, OwnForward()), sized(found), lambda: sized(elsewhere or found, is_second=True)
    )
    return told.sentence if told else ""


def test_rounding_is_allowed_and_more_is_not() -> None:
    """The limit scales with the values, so a fixed tolerance cannot do it."""
    for scale in (1e-6, 1.0, 1e6):
        right = RIGHT * scale
        largest = np.abs(right).max()
        assert judged(right, right.astype(np.float32)) == []
        assert judged(right, right + 0.9 * FACTOR * HALF_UNIT * largest) == []
        (message,) = judged(right, right + 4 * FACTOR * HALF_UNIT * largest)
        assert message.startswith("at [0, 0] found ") and message.endswith("(40 of 40 values differ)")


def test_one_wrong_value_among_many_is_enough() -> None:
    """The largest error counts, not the mean."""
    found = RIGHT.copy()
    found[3, 2] += 1e-3

    example = f"at [3, 2] found {found[3, 2]:.3g}, right {RIGHT[3, 2]:.3g} (1 of 40 values differs)"
    assert judged(RIGHT, found) == [example]


@pytest.mark.parametrize(
    ("right", "found", "message"),
    [
        (RIGHT, None, "is missing"),
        (RIGHT, RIGHT.T, "has the shape (5, 8) instead of (8, 5)"),
        (RIGHT, np.full_like(RIGHT, np.nan), f"at [0, 0] found nan, right {RIGHT[0, 0]:.3g} (40 of 40 values differ)"),
        (RIGHT, "an array of object and shape ()", "is 'an array of object and shape ()' instead of numbers"),
        (np.arange(5), np.array([0, 1, 2, 3, 9]), "at [4] found 9, right 4 (1 of 5 values differs)"),
        (np.array(0.5), np.array([0.25]), "found 0.25, right 0.5"),
        (np.array([1.0, 1.0]), np.array([1.0, 1.00002]), "at [1] found 1.00002, right 1 (1 of 2 values differs)"),
        (3, 4, "is 4 instead of 3"),
    ],
)
def test_each_way_of_being_wrong_has_its_message(right: Any, found: Any, message: str) -> None:
    """Missing, of another shape, no numbers; otherwise the first wrong value, and what is right."""
    assert judged(right, found) == [message]


def test_a_single_value_may_have_axes() -> None:
    """TinyTorch's losses are of shape () in some generations and (1,) in others."""
    assert judged(np.array(2.5), np.array([2.5])) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (lambda _: None, "no gradient arrives"),
        (lambda right: right * 0, "it is zero everywhere"),
        (lambda right: -right, "the sign is wrong"),
        (lambda right: right * 2, "added up twice"),
        (lambda right: right / 2, "it is half of what it should be"),
        (lambda right: right * len(right), "a division by a number of values is left out (the batch size)"),
        (lambda right: right / len(right), "one division by a number of values too many (the batch size)"),
        (lambda right: right.T, "it is transposed"),
        (lambda right: right.T.reshape(right.shape), "is it reshaped where it should be transposed"),
        (lambda right: np.roll(right, 1, axis=1), "the right values are in the wrong places"),
        (lambda right: right.reshape(1, -1), "in another shape"),
        (lambda right: right[:, None], "an axis of length 1 is kept that PyTorch drops"),
        (lambda right: right.ravel()[::-1].reshape(1, -1), "the right values are in the wrong places"),
        (lambda right: right * np.inf, "overflows"),
        (lambda right: right * (np.arange(right.shape[1]) > 0), "some values are zero that should not be"),
        (lambda right: right * np.float32(0.7), ""),
        (lambda right: right**2, ""),
    ],
)
def test_the_numbers_alone_tell_many_causes(found: Callable[[Any], Any], sentence: str) -> None:
    """And where they do not, nothing is said: a factor alone is not a cause."""
    if sentence:
        assert sentence in cause(found)
    else:
        assert cause(found) == ""


@pytest.mark.parametrize(
    ("found", "elsewhere"),
    [
        (lambda right: right * 8, lambda right: right * 8),
        (lambda right: right * 0, lambda right: right),
        (lambda right: -right, lambda right: right**2),
    ],
    ids=["a length by chance", "right on other sizes", "wrong in another way"],
)
def test_a_cause_has_to_explain_other_sizes_too(found: Callable[[Any], Any], elsewhere: Callable[[Any], Any]) -> None:
    """Eight is the batch size in the first run alone; and what is right in the second explains nothing."""
    assert cause(found, elsewhere) == ""


def test_a_run_that_gives_nothing_confirms_nothing() -> None:
    """As when it crashes on other sizes."""
    assert confirmed(what_numbers_tell(SIZED, OwnForward()), sized(lambda right: -right), lambda: None) is None


def test_a_mistake_that_gives_what_is_right_is_never_the_cause() -> None:
    """The table of a case may hold one that makes no difference on some inputs."""
    told = confirmed(
        known_mistakes(SIZED), sized(lambda right: right * 0.1), lambda: sized(lambda right: right * 0.1, True)
    )

    assert told is not None
    assert told.code == "LR-TWICE"
    assert list(known_mistakes(SIZED)(sized(lambda right: right))) == []


@pytest.mark.parametrize("keepdims", [True, False])
def test_a_gradient_that_was_not_summed_over_its_broadcast_is_told(keepdims: bool) -> None:
    """It has the shape of the output."""
    right = RIGHT.sum(axis=0, keepdims=keepdims)
    made_up = case({"gradient of w": right})
    tried = attempt(made_up, Answer("results", results={"gradient of w": RIGHT}), 0)

    (told,) = what_numbers_tell(made_up, OwnForward())(tried)

    assert told.code == "NOT-SUMMED-BROADCAST"
