"""Specification of what is right for a program, and of what is rounding."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from programs_here import EVERYTHING, leaf, made, program
from seeds import n_seeds

from tinytorch_hf.check.programs import generate
from tinytorch_hf.check.programs.judged import Right, right_for
from tinytorch_hf.check.programs.program import Program
from tinytorch_hf.judging.judges import judged_by

SQUARE = program(leaf("a", [[1.0, 2.0], [3.0, 4.0]]), made("b", "*", "a", "a"))
TIED = program(leaf("a", [[1.0, 2.0], [1.0, 0.0]]), made("b", "max", "a", axis=0, keepdims=False, ties=True), scale=2.0)


@pytest.fixture(autouse=True)
def recorded() -> object:
    """NumPy judges."""
    with judged_by("recorded"):
        yield


def given(one: Program, **changes: object) -> dict[str, object]:
    """What a right package gives, but for some results; underscores stand for spaces."""
    values = {name: value.astype(np.float32) for name, value in Right(one).values.items()}
    after = {"values of a": np.array(one.statements[0].arguments["values"], np.float32)}
    return {**values, **after, **{name.replace("_", " "): value for name, value in changes.items()}}


def test_what_is_right_is_no_finding() -> None:
    """Nor is it with the last digits otherwise."""
    right = Right(SQUARE)
    found = given(SQUARE)
    found["output b"] = found["output b"] * np.float32(1 + 3e-7)

    assert right.finding(found) is None


@pytest.mark.parametrize(
    ("result", "value", "way"),
    [
        ("output_b", np.full((2, 2), 1.001, np.float32), "output"),
        ("output_b", np.ones((4, 1), np.float32), "output"),
        ("gradient_of_a", None, "gradient"),
        ("gradient_of_a", np.full((2, 2), np.nan, np.float32), "gradient"),
        ("values_of_a", np.zeros((2, 2), np.float32), "values"),
        ("error", "ValueError: no", "crash ValueError"),
    ],
)
def test_what_is_wrong_says_how(result: str, value: object, way: str) -> None:
    """The way in which it fails is what stays the same while it is shrunk."""
    finding = Right(SQUARE).finding(given(SQUARE, **{result: value}))

    assert finding is not None
    assert finding.way == way


def test_what_is_not_delivered_is_wrong() -> None:
    """A program that gives nothing agrees with nothing."""
    finding = Right(SQUARE).finding({})

    assert finding is not None
    assert "was not delivered" in finding.text


@pytest.mark.parametrize("first", [0.0, 0.5, 1.0])
def test_any_share_of_equal_largest_values_is_right(first: float) -> None:
    """One of them may receive all, or all some; the sum is what counts."""
    shares = np.array([[2 * first, -4.0], [2 * (1 - first), 0.0]], np.float32)

    assert Right(TIED).finding(given(TIED, gradient_of_a=shares)) is None
    assert Right(TIED).finding(given(TIED, gradient_of_a=shares + np.float32([[1, 0], [1, 0]]))) is not None
    assert Right(TIED).finding(given(TIED, gradient_of_a=shares + np.float32([[0, 0], [0, 1]]))) is not None


def test_no_gradient_is_as_good_as_zeros() -> None:
    """Where PyTorch leaves none, or zeros."""
    one = program(leaf("a", [1.0]), leaf("c", [2.0]), made("b", "* number", "a", 3))

    assert Right(one).finding({**given(one, gradient_of_c=None), "values of c": np.float32([2.0])}) is None


def test_what_is_no_ground_for_a_verdict_has_no_right_answer() -> None:
    """As it is near a kink."""
    assert right_for(program(leaf("a", [1.0, 1.0]), made("b", "max", "a", axis=None, keepdims=False))) is None
    assert right_for(SQUARE) is not None


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is the other judge")
@pytest.mark.parametrize("family", [family for family in generate.FAMILIES if family != generate.RELATED])
def test_both_judges_say_the_same(family: str) -> None:
    """PyTorch in float64 gives what NumPy gives."""
    for one in generate.programs(family, EVERYTHING, n_seeds(3), 5):
        numpy = Right(one).values
        with judged_by("torch"):
            torch = Right(one)

        assert torch.is_sure
        assert torch.values.keys() == numpy.keys()
        for name, value in torch.values.items():
            np.testing.assert_allclose(numpy[name], value, rtol=1e-9, atol=1e-9, err_msg=f"{name} {one.as_json()}")
