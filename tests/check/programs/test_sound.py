"""Specification of programs that are drawn again."""

from __future__ import annotations

import pytest
from programs_here import leaf, made, program

from tinytorch_hf.check.programs.program import (
    BACKWARD,
    CALL,
    EVALUATION,
    MAKE,
    OPTIMIZER,
    STEP,
    TRAINING,
    Program,
    Statement,
)
from tinytorch_hf.check.programs.sound import is_sound


def layer(part: str, *sizes: int) -> Statement:
    """A layer without parameters."""
    return Statement("layer", MAKE, (), {"part": part, "sizes": list(sizes), "named": {}, "values": {}})


@pytest.mark.parametrize(
    ("values", "form", "arguments"),
    [
        ([1.0, 1.0], "max", {"axis": None, "keepdims": False}),
        ([1.0, 1.001], "min", {"axis": 0, "keepdims": False}),
        ([1.0, 0.1], "number /", {}),
        ([1.0, -0.1], "log", {}),
        ([1.0, 0.1], "sqrt", {}),
        ([1.0, -1.0], "**", {"exponent": 0.5}),
        ([1.0, 0.01], "**", {"exponent": -1}),
        ([1.0, 5.0], "exp", {}),
        ([1.0, 40.0], "**", {"exponent": 2}),
        ([1.0, 2.0], "reshape", {"shape": [3]}),
    ],
)
def test_kinks_and_what_overflows_are_no_ground_for_a_verdict(
    values: list[float], form: str, arguments: dict[str, object]
) -> None:
    """Equal largest values, what is near 0 where it must not be, and shapes that do not fit."""
    operands = (2, "a") if form.startswith("number") else ("a",)

    assert not is_sound(program(leaf("a", values), made("b", form, *operands, **arguments)))
    assert is_sound(program(leaf("a", [1.0, 2.0]), made("b", "+", "a", "a")))


@pytest.mark.parametrize(
    ("part", "sizes", "values", "is_good"),
    [
        ("ReLU", (), [[1.0, 0.001]], False),
        ("ReLU", (), [[1.0, -1.0]], True),
        ("MaxPool2d", (2,), [[[[1.0, 1.0], [0.0, 0.5]]]], False),
        ("MaxPool2d", (2,), [[[[1.0, 2.0], [0.0, 0.5]]]], True),
    ],
)
def test_layers_have_kinks_as_well(part: str, sizes: tuple[int, ...], values: object, is_good: bool) -> None:
    """A ReLU near 0, and a window with two largest values."""
    one = program(leaf("a", values), layer(part, *sizes), Statement("b", CALL, ("layer", "a"), {}))

    assert is_sound(one) is is_good


NORM = Statement(
    "layer",
    MAKE,
    (),
    {"part": "BatchNorm2d", "sizes": [1], "named": {}, "values": {"gamma": [1.0], "beta": [0.5]}},
)
IMAGE = leaf("a", [[[[1.0, 2.0], [3.0, 5.0]]]])


def called(name: str, mode: str) -> Statement:
    """The layer's result in a mode."""
    return Statement(name, CALL, ("layer", "a"), {"mode": mode})


def test_evaluation_goes_by_an_earlier_training() -> None:
    """What an untrained layer goes by is nobody's agreement."""
    assert is_sound(program(IMAGE, NORM, called("b", TRAINING), called("c", EVALUATION)))
    assert not is_sound(program(IMAGE, NORM, called("c", EVALUATION)))


@pytest.mark.parametrize(
    ("part", "named", "second", "is_good"),
    [
        ("SGD", {}, 0.0, True),
        ("SGD", {"momentum": 0.9}, 0.0, True),
        ("Adam", {}, 0.0, False),
        ("Adam", {"eps": 0.1}, 0.0, True),
        ("Adam", {}, 1.0, True),
    ],
)
def test_a_step_that_divides_by_nothing_is_no_ground_for_a_verdict(
    part: str, named: dict[str, float], second: float, is_good: bool
) -> None:
    """Where a gradient is 0, one package's rounding decides whether the step has its full length."""
    given = {"part": "Linear", "sizes": [2, 1], "named": {"bias": False}, "values": {"weight": [[1.0], [2.0]]}}
    trained = Program(
        (
            Statement("layer", MAKE, (), given),
            Statement("optimizer", OPTIMIZER, ("layer",), {"part": part, "rate": 0.1, "named": named}),
            leaf("a", [[1.0, second]], gradient=False),
            Statement("b", CALL, ("layer", "a"), {}),
            Statement("", BACKWARD, ("b",), {"scale": 1.0}),
            Statement("", STEP, ("optimizer",), {}),
        )
    )

    assert is_sound(trained) is is_good


def test_ties_on_purpose_are_no_accident() -> None:
    """A maximum of equal values is judged by the sum of their gradients."""
    arguments = {"axis": 0, "keepdims": False, "ties": True}

    assert is_sound(program(leaf("a", [[1.0, 2.0], [1.0, 0.0]]), made("b", "max", "a", **arguments)))
