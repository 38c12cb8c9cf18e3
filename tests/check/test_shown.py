"""Specification of tinytorch_hf.check.shown: what a page shows of each operation, and of a run that is broken off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from battery import check_here
from conftest import Install
from generations import GENERATION_C

from tinytorch_hf.judging.judges import judged_by
from tinytorch_hf.judging.results import Outcome, Report, Result

# Too near to zero by a hundredth: furthest off where it is largest.
TANH = (
    "from tinytorch_hf.reference import GELU, ReLU, Sigmoid, Softmax, Tanh as _Tanh\n"
    "class Tanh(_Tanh):\n    def forward(self, x):\n"
    "        return super().forward(x) * 0.99\n"
)
SOME = (
    *("relu", "tensor-sum", "embedding", "adam", "adam-frozen"),
    *("dropout-training", "max-pool2d-padding", "mse-refusals"),
)


@pytest.fixture(scope="module")
def right() -> Report:
    """Some operations of the reference."""
    from tinytorch_hf.student.mapping import FrameworkMap

    with judged_by("recorded"):
        return check_here(FrameworkMap("tinytorch_hf.reference"), SOME, with_shown=True)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("relu", "ReLU()(x); x has the shape (13, 7)"),
        ("tensor-sum", "a.sum(axis=0); a has the shape (4, 5, 7)"),
        ("embedding", "Embedding(73, 7)(x); by default"),
        ("adam", "Adam(params, lr=0.05).step(); by default betas=(0.9, 0.999)"),
        ("max-pool2d-padding", "MaxPool2d("),
    ],
)
def test_every_operation_says_how_it_is_called_and_what_both_sides_give(name: str, call: str, right: Report) -> None:
    """As its author would write it; the values are those of the run that was judged."""
    shown = right.shown[name]

    said = [one.replace(".forward", "") for one in shown.calls]
    assert any(one.startswith(call.partition(";")[0]) for one in said), shown.calls
    assert shown.rows
    assert all(row.is_right for row in shown.rows)
    assert dict(shown.inputs)


def test_where_there_is_nothing_to_compare_with_statements_stand(right: Report) -> None:
    """Of dropout, which is random, and of errors that have to be raised."""
    assert {row.pytorch for row in right.shown["dropout-training"].rows} == {"holds"}


def test_what_a_small_program_can_show_has_lines_to_run(right: Report) -> None:
    """Of a case that no program is about, those of the layer it needs."""
    for name, expression in (
        ("relu", "ReLU()(a)"),
        ("tensor-sum", "a.sum("),
        ("max-pool2d-padding", "MaxPool2d(2)(a)"),
    ):
        shown = right.shown[name]
        assert shown.expression.startswith(expression)
        assert shown.lines[0] == "import numpy as np"
        assert any("# yours: " in line for line in shown.lines)
        assert shown.example_agrees is True
    assert right.shown["adam-frozen"].lines == ()


def test_of_what_is_wrong_the_place_is_shown_where_it_is_furthest_off(install: Install) -> None:
    """First of all results; and an example that shows it."""
    install({**GENERATION_C, "core/activations.py": TANH})

    with judged_by("recorded"):
        report = check_here(only=["tanh", "relu"], with_shown=True)

    shown = report.shown["tanh"]
    first = shown.rows[0]
    assert (first.what, first.is_right) == ("output", False)
    assert first.at
    assert 0.009 < abs(float(first.pytorch) - float(first.tinytorch)) <= 0.01
    assert shown.example_agrees is False
    assert report.shown["relu"].example_agrees is True


def test_nothing_of_it_is_run_unless_it_is_asked_for(install: Install) -> None:
    """It costs another run of each operation."""
    install(GENERATION_C)

    with judged_by("recorded"):
        assert check_here(only=["relu"]).shown == {}


def stop_after(n: int) -> Callable[[Result], None]:
    """Ctrl-C when so many cases have ended."""
    ended: list[Result] = []

    def stop(result: Result) -> None:
        ended.append(result)
        if len(ended) == n:
            raise KeyboardInterrupt

    return stop


def test_ctrl_c_leaves_what_is_known_and_the_rest_untried(install: Install) -> None:
    """The status is the shell's; programs are not begun."""
    install(GENERATION_C)

    with judged_by("recorded"):
        report = check_here(
            only=["relu", "tanh", "sigmoid"], on_result=stop_after(2), keep_partial=True, families=["programs-chains"]
        )

    outcomes = [result.outcome for result in report.results]
    assert outcomes == [*[Outcome.AGREES] * 2, *[Outcome.UNTRIED] * 2]
    assert report.is_interrupted
    assert report.status == 130
    assert not report.is_clean


def test_a_caller_who_does_not_ask_for_a_part_is_given_none(install: Install) -> None:
    """So that nobody takes it for the whole."""
    install(GENERATION_C)

    with judged_by("recorded"), pytest.raises(KeyboardInterrupt):
        check_here(only=["relu", "tanh"], on_result=stop_after(1))
