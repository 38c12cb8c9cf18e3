"""Specification of marks: the worst of all seeds counts, a fault is paid once, and nothing hidden is told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tinytorch_hf.grading.gradebook import Gradebook
from tinytorch_hf.grading.marking import Run, marks_of
from tinytorch_hf.grading.marks import Graded, Mark, Status
from tinytorch_hf.grading.rubric import Item, Rubric
from tinytorch_hf.judging.results import Outcome, Report, Result

RUBRIC = Rubric(items=(Item("relu", 4.0), Item("relu-at-zero", 1.0), Item("sigmoid", 2.0), Item("tanh", 3.0)))


def run(results: Mapping[str, Result] | None = None, *, is_hidden: bool = False) -> Run:
    """A report in which everything agrees but for some results."""
    results = results or {}
    agreeing = [Result(name, "activations", Outcome.AGREES) for name in RUBRIC.operations]
    return Run(
        Report("tinytorch", "/copy/tinytorch", "", [results.get(one.name, one) for one in agreeing]),
        is_hidden,
        "/copy",
    )


def wrong(name: str, outcome: Outcome = Outcome.DIFFERS, **more: object) -> dict[str, Result]:
    """One result that is not right."""
    return {name: Result(name, "activations", outcome, **{"detail": f"{name} is off", **more})}  # type: ignore[arg-type]


def marked(*runs: Run, rubric: Rubric = RUBRIC) -> dict[str, Mark]:
    """The marks by operation."""
    return {mark.operation: mark for mark in marks_of(runs, rubric)}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.AGREES, Status.PASSED),
        (Outcome.DIFFERS, Status.FAILED),
        (Outcome.CRASHES, Status.FAILED),
        (Outcome.MISSING, Status.UNBUILT),
        (Outcome.UNTRIED, Status.UNTRIED),
    ],
)
def test_only_what_agrees_has_points(outcome: Outcome, status: Status) -> None:
    """What is not implemented yet and what could not be tried are no faults, and have none either."""
    mark = marked(run(wrong("tanh", outcome)))["tanh"]

    assert (mark.status, mark.points, mark.out_of) == (status, 3.0 * (status is Status.PASSED), 3.0)


def test_the_worst_of_all_seeds_counts() -> None:
    """Wherever it comes, and over what could not be tried; a seed that was not run is not tried."""
    later = marked(run(), run(wrong("tanh", Outcome.UNTRIED)), run(wrong("tanh")))
    empty = Run(Report("", "", "", []), is_hidden=True)

    assert later["tanh"].status is Status.FAILED
    assert {mark.status for mark in marked(run(), empty).values()} == {Status.UNTRIED}
    assert {mark.status for mark in marked().values()} == {Status.UNTRIED}


def test_a_consequence_costs_nothing() -> None:
    """Where its root pays: in the rubric, under whatever seed; otherwise it pays itself."""
    followed = marked(run({**wrong("sigmoid"), **wrong("tanh", follows=("sigmoid",))}))
    apart = marked(run(wrong("sigmoid")), run(wrong("tanh", follows=("sigmoid",))))
    outside = marked(run(wrong("tanh", follows=("gelu",))))
    right = marked(run(wrong("tanh", follows=("sigmoid",))))

    for marks in (followed, apart):
        assert (marks["tanh"].status, marks["tanh"].points) == (Status.CONSEQUENCE, 3.0)
        assert marks["tanh"].follows == ("sigmoid",)
        assert (marks["sigmoid"].status, marks["sigmoid"].points) == (Status.FAILED, 0.0)
    assert outside["tanh"].status is right["tanh"].status is Status.FAILED


def test_who_only_shares_a_function_with_another_pays_for_itself() -> None:
    """Otherwise everything could be let go wrong in one place, and be credited."""
    shared = {**wrong("relu"), **wrong("tanh", follows=("relu",), together=("relu",), shared=("helper",))}

    assert marked(run(shared))["tanh"].status is Status.FAILED


def test_consequences_pay_where_the_rubric_says_so() -> None:
    """With `credit_consequences = false`."""
    rubric = Rubric(items=RUBRIC.items, credit_consequences=False)

    marks = marked(run({**wrong("sigmoid"), **wrong("tanh", follows=("sigmoid",))}), rubric=rubric)

    assert marks["tanh"].status is Status.FAILED


def test_of_a_circle_one_pays() -> None:
    """The first one; and what follows from a consequence follows from its root."""
    circle = {**wrong("sigmoid", follows=("tanh",)), **wrong("tanh", follows=("sigmoid",))}
    chain = {**wrong("sigmoid"), **wrong("tanh", follows=("sigmoid",)), **wrong("relu-at-zero", follows=("tanh",))}

    paying = [
        [name for name, mark in marked(run(results)).items() if mark.status is Status.FAILED]
        for results in (circle, chain)
    ]

    assert paying == [["sigmoid"], ["sigmoid"]]


def test_of_one_part_the_dearest_pays() -> None:
    """A ReLU that is wrong costs what ReLU is worth, not what its smallest operation is; its cause is told there."""
    results = {
        **wrong("relu-at-zero", part="ReLU", code="TWICE", cause="it is added up twice"),
        **wrong("relu", part="ReLU", follows=("relu-at-zero",)),
        **wrong("sigmoid", part="Sigmoid", follows=("relu-at-zero",)),
    }

    marks = marked(run(results))

    assert (marks["relu"].points, marks["relu-at-zero"].points, marks["sigmoid"].points) == (0.0, 1.0, 2.0)
    assert marks["relu-at-zero"].follows == marks["sigmoid"].follows == ("relu",)
    assert marks["relu"].code == "TWICE"
    assert "Likely cause: it is added up twice" in marks["relu"].message


def test_no_more_is_credited_than_is_right() -> None:
    """Whoever lets everything go through one broken function has shown nothing."""
    everything = {**wrong("sigmoid")}
    for name in ("relu", "relu-at-zero", "tanh"):
        everything |= wrong(name, Outcome.CRASHES, follows=("sigmoid",))
    of_tanh = {name: one for name, one in everything.items() if name != "tanh"}

    nothing_right, little_right = marked(run(everything)), marked(run(of_tanh))

    assert sum(mark.points for mark in nothing_right.values()) == 0.0
    assert sum(mark.points for mark in little_right.values()) == pytest.approx(3.0 + 3.0)


def test_what_is_seen_under_a_hidden_seed_alone_is_for_the_instructor() -> None:
    """A student reads that there is a fault, and its cause; what is seen under a shown seed is told as it is."""
    results = wrong("tanh", detail="at [0] found 7.25", cause="the sign is wrong", snippet="x = [7.25]")

    hidden = marked(run(), run(results, is_hidden=True))["tanh"]
    both = marked(run(results), run(results, is_hidden=True))["tanh"]

    assert "7.25" not in hidden.message
    assert "Likely cause: the sign is wrong" in hidden.message
    assert "at [0] found 7.25" in hidden.for_instructor
    assert ("7.25" in both.message, both.for_instructor) == (True, "")


def test_messages_are_the_same_wherever_it_ran_and_do_nothing_to_a_terminal() -> None:
    """Without the folder of the copy and without addresses; control characters are written as Python writes them."""
    detail = "\x1b[2J<b> /copy/tinytorch/a.py at 0x7f00deadbeef\n" + "x" * 10_000 + "\n" * 500
    message = marked(run(wrong("tanh", Outcome.CRASHES, detail=detail, where="/copy/tinytorch/a.py:3")))["tanh"].message

    assert message.startswith("\\x1b[2J<b> tinytorch/a.py at 0x...\n")
    assert "\x1b" not in message
    assert len(message) < 2_000


def test_how_a_process_ended_is_no_mistake_but_to_be_looked_at() -> None:
    """Nobody knows by which mistake it did; where that is known, it has a code."""
    ends = ("the process was ended with the exit status 0", "still running after 10 s, and was stopped")
    rubric = Rubric("", (Item("relu", 1.0), Item("tanh", 1.0), Item("sigmoid", 1.0)))
    marks = [
        Mark(name, "activations", Status.FAILED, 0.0, 1.0, message=end, code=code)
        for name, end, code in zip(("relu", "tanh", "sigmoid"), (*ends, ends[1]), ("", "", "R1"), strict=True)
    ]
    book = Gradebook(rubric, (Graded("ann", "", tuple(marks)),), (0,), (), "recorded")

    assert [mistake.code for mistake in book.mistakes()] == ["R1"]
    assert book.to_be_looked_at()[0][1] == ["ended its process, or did not come to an end: relu, tanh"]
