"""Specification of the tables of cases: whole, repeatable, and of mistakes that can be told from what is right."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch_hf.check.cases import CASES
from tinytorch_hf.check.run import select
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.judging import yardstick
from tinytorch_hf.judging.case import MODULES, Case
from tinytorch_hf.judging.causes import mistaken
from tinytorch_hf.student.frameworks import HOMES

# Parts that carry no numbers of their own, or that are tried through others.
NOT_TRIED_ALONE = {"Dataset", "Flatten"}


def test_every_part_of_tinytorch_is_tried() -> None:
    """And every module of the course has cases, in the course's order."""
    needed = {name for case in CASES.values() for name in case.needs}

    assert set(HOMES) - NOT_TRIED_ALONE <= needed
    assert list(dict.fromkeys(case.module for case in CASES.values())) == list(MODULES)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_a_cases_numbers_follow_from_the_seed(case: Case, same_random_state: None) -> None:
    """The same ones for the same seed; and what is right for them is finite."""
    first, again = case.draw(3), case.draw(3)

    for name, values in first.items():
        assert np.array_equal(values, again[name])
        if isinstance(values, np.ndarray):
            assert values.dtype in (np.float32, np.int64)
    for expected in yardstick.expected(case, 0):
        for name in expected.rounding:
            assert np.isfinite(expected.values[name]).all()


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.mistakes], ids=lambda case: case.name)
def test_a_mistake_differs_from_what_is_right(case: Case) -> None:
    """Otherwise a case could not find it, and its sentence would be said of something else."""
    right = yardstick.expected(case, 0)[0]

    assert [code for code in case.mistakes if not yardstick.differences(right, mistaken(case, code, 0).values)] == []


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.mistakes], ids=lambda case: case.name)
def test_no_two_mistakes_of_a_case_give_the_same(case: Case) -> None:
    """The first of them would be named for both."""
    given = [mistaken(case, sentence, 0) for sentence in case.mistakes]

    for number, one in enumerate(given):
        for other in given[number + 1 :]:
            assert yardstick.differences(one, other.values)


def test_cases_are_chosen_by_name_or_by_module() -> None:
    """In the course's order, whatever the order they are asked for in; none asked for is all."""
    assert [case.name for case in select(["sgd", "mse", "relu"])] == ["relu", "mse", "sgd"]
    assert {case.module for case in select(["losses"])} == {"losses"}
    assert len(select([])) == len(CASES)
    with pytest.raises(UnknownNameError, match="Did you mean 'softmax'"):
        select(["softmx"])
