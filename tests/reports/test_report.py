"""Specification of tinytorch_hf.reports.training_table."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf.compare.divergence import Divergence, Finding
from tinytorch_hf.compare.lockstep import Comparison, Epoch, Step
from tinytorch_hf.compare.own_start import OwnStart
from tinytorch_hf.compare.package import Subject, in_words
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.stepwise import Judgement
from tinytorch_hf.judging.cause import Cause
from tinytorch_hf.reports import training_table as report
from tinytorch_hf.reports.alone import runnable

FRAMEWORK = Subject("tinytorch 0.2.0", "/home/ada/tinytorch", "your own package at /home/ada")
REFERENCE = Subject("tinytorch_hf.reference", "/tinytorch_hf/reference", "no package tinytorch is installed", True)
AGREEING = Comparison(
    settings=Settings("tinydigits"),
    model="MLP 64-32-10",
    fingerprint="0123456789abcdef" * 4,
    framework=FRAMEWORK,
    torch_version="2.15.0",
    epochs=[Epoch(1, 1.5, 1.50000002, 0.9, 0.905, 2e-8)],
    n_steps=32,
    largest_difference=2e-8,
)


CAUSE = Divergence(
    step=3,
    layer="relu 1",
    stage="gradient",
    what="gradient with respect to its input",
    finding=Finding("wrong", "4 of 8 values are wrong", 0.5, 1e-7, np.ones(2), np.zeros(2)),
    cause="the gradient also passes where x is negative",
    snippet="x = Tensor([1.0])\nprint(x.data)",
    code="RELU-GRADIENT-NEGATIVE",
    hint="Multiply by whether x is positive.",
)


def differing(loss: float = 1.7) -> Comparison:
    """A comparison whose losses part at step 3, with what goes wrong first."""
    return dataclasses.replace(AGREEING, first_divergence=Step(1, 3, loss, 1.5), largest_difference=0.2, cause=CAUSE)


def test_an_epoch_is_a_row_under_the_header() -> None:
    """Losses, accuracies and the difference stand in columns of one width."""
    row = report.epoch_line(AGREEING.epochs[0])

    assert row.split() == ["1", "1.5000", "1.5000", "90.0%", "90.5%", "2.0e-08"]
    assert [len(line) for line in report.HEADER.split("\n")] == [len(row)] * 2


def test_the_conclusion_says_what_was_compared_and_ends_in_the_verdict() -> None:
    """Data, both frameworks, settings, accuracies, differences, verdict: one line each."""
    text = report.conclusion(AGREEING)

    for part in [
        "fingerprint 0123456789abcdef",
        "tinytorch 0.2.0 (your own package at /home/ada)",
        "2.15.0",
        "MLP 64-32-10, sgd, lr 0.3, batch size 32, 20 epochs, seed 0",
        "TinyTorch 90.0%, PyTorch 90.5%",
        "at most 2.0e-08 over 32 steps",
    ]:
        assert part in text
    assert text.splitlines()[-1] == "verdict    agree"


def test_a_difference_is_followed_by_what_goes_wrong_first() -> None:
    """Layer, quantity, size, likely cause with its code, a hint, and the lines that show it."""
    assert report.conclusion(differing()).splitlines()[-10:] == [
        "verdict    differ: the losses part at step 3 (epoch 1), TinyTorch 1.7, PyTorch 1.5",
        "first      step 3, relu 1: gradient with respect to its input, gradient wrong",
        "           4 of 8 values are wrong",
        "likely     the gradient also passes where x is negative [RELU-GRADIENT-NEGATIVE]",
        "hint       Multiply by whether x is positive.",
        "more       Why it is wrong, with an example: tinytorch-hf check --explain RELU-GRADIENT-NEGATIVE",
        "try        these lines alone:",
        "",
        "    x = Tensor([1.0])",
        "    print(x.data)",
    ]


def test_losses_that_rounding_drove_apart_agree() -> None:
    """No step differs when both start it from the same weights; the report says so."""
    drifted = dataclasses.replace(differing(), cause=None)

    assert drifted.agree
    assert report.conclusion(drifted).splitlines()[-1].startswith("verdict    agree: rounding carries the losses apart")


def test_the_reference_is_not_taken_for_code_of_the_users() -> None:
    """The first line and the last say what was compared, and the verdict is about that."""
    of_reference = dataclasses.replace(AGREEING, framework=REFERENCE)
    judged = Judgement(of_reference.settings, "MLP", "0" * 64, REFERENCE, "2", 640, None)

    for text in (report.conclusion(of_reference), report.judgement(judged)):
        first, *_, last = text.splitlines()
        assert first.startswith("TinyTorch  the reference that comes with tinytorch-hf, not code of yours (no package")
        assert last.startswith("verdict    the reference agrees; code of yours was not compared, give --package PATH")


def test_what_is_left_out_before_the_training_is_said_to_be_so() -> None:
    """The losses need not part for that."""
    missing = dataclasses.replace(CAUSE, step=0, layer="linear 1", stage="parameters", what="parameters()", snippet="")
    lines = report.conclusion(dataclasses.replace(AGREEING, cause=missing)).splitlines()

    assert "verdict    differ before the first step" in lines
    assert "first      before step 1, linear 1: parameters(), parameters wrong" in lines


@pytest.mark.parametrize(
    ("start", "lines"),
    [
        (OwnStart(0.1, 0.9, 0.1, True), ["90.0% after it, by chance 10.0%: it learns", "verdict    agree"]),
        (
            OwnStart(0.1, 0.1, 0.1, False, 0.9, True, Cause("WEIGHTS-EQUAL", "linear 1")),
            ["it does not learn", "PyTorch reaches 90.0%", "(linear 1) [WEIGHTS-EQUAL]", "hint ", "are at fault"],
        ),
        (
            OwnStart(0.5, 0.5, 0.5, False, 0.5, False),
            ["it does not learn", "PyTorch reaches 50.0%", "verdict    agree"],
        ),
    ],
    ids=["learns", "at fault", "nothing learns"],
)
def test_of_a_start_of_ones_own_is_said_whether_it_learns(start: OwnStart, lines: list[str]) -> None:
    """It is at fault only where the usual start learns, or where units never part."""
    result = dataclasses.replace(AGREEING, own_start=start)
    said = report.conclusion(result).splitlines()[-len(lines) :]

    assert all(part in line for part, line in zip(lines, said, strict=True)), said
    assert result.is_right == (start.cause is None)
    values = json.loads(json.dumps(report.as_dict(result)))["own_start"]
    assert (values["learns"], values["code"]) == (start.learns, start.cause.code if start.cause else "")


@pytest.mark.parametrize(("divergence", "verdict"), [(None, "agree"), (CAUSE, "differ at step 3")])
def test_a_judgement_says_how_many_steps_were_judged(divergence: Divergence | None, verdict: str) -> None:
    """And ends as a comparison does."""
    result = Judgement(Settings("tinydigits"), "MLP 64-32-10", "0123456789abcdef" * 4, FRAMEWORK, "2", 640, divergence)

    lines = report.judgement(result).splitlines()

    assert "judged     640 steps, each from PyTorch's weights: forward, loss, gradients, update" in lines
    assert f"verdict    {verdict}" in lines
    assert json.loads(json.dumps(report.as_dict(result)))["n_steps"] == 640


def test_the_plain_values_are_json_with_the_verdict() -> None:
    """Settings, framework, epochs and figures, by name."""
    values = json.loads(json.dumps(report.as_dict(AGREEING)))

    assert values["verdict"] == "agree"
    assert values["settings"]["batch_size"] == 32
    assert values["framework"] == {
        "name": "tinytorch 0.2.0",
        "location": "/home/ada/tinytorch",
        "note": "your own package at /home/ada",
        "is_reference": False,
    }
    assert values["epochs"][0]["accuracy_pytorch"] == 0.905


def test_json_stays_valid_when_a_loss_is_not_a_number() -> None:
    """JSON has no nan."""
    values = json.dumps(report.as_dict(differing(math.nan)), allow_nan=False)

    assert json.loads(values)["first_divergence"]["loss_tinytorch"] == "nan"
    assert json.loads(values)["verdict"] == "differ"
    assert json.loads(values)["cause"] == {
        "step": 3,
        "layer": "relu 1",
        "kind": "gradient wrong",
        "what": "gradient with respect to its input",
        "detail": "4 of 8 values are wrong",
        "error": 0.5,
        "allowed": 1e-7,
        "code": CAUSE.code,
        "cause": CAUSE.cause,
        "hint": CAUSE.hint,
        "snippet": CAUSE.snippet,
    }


@pytest.mark.parametrize(("mine", "words"), [(math.nan, "not a number"), (math.inf, "infinite")])
def test_a_loss_that_is_no_number_is_told_as_such(mine: float, words: str) -> None:
    """With the step since when, and not as an infinite difference."""
    lost = dataclasses.replace(
        differing(mine), largest_difference=math.inf, first_not_finite=Step(1, 3, mine, 1.5), n_steps=32
    )

    text = report.conclusion(lost)

    assert f"losses     TinyTorch's is {words} from step 3 on (epoch 1), the other side's is 1.5" in text
    assert "at most" not in text


def test_the_lines_to_try_work_wherever_they_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lets Python find the package, unless it is found without."""
    text = report.conclusion(dataclasses.replace(differing(), framework=dataclasses.replace(FRAMEWORK, folder="/a b")))

    assert "\n    import sys; sys.path.insert(0, '/a b')\n    x = Tensor([1.0])" in text
    monkeypatch.chdir(tmp_path)
    assert runnable("x = 1", str(tmp_path)) == runnable("x = 1", "") == ["x = 1"]
    assert runnable("", "/a b") == []


def test_names_are_listed_as_in_a_sentence() -> None:
    """Commas, and one "and"."""
    assert [in_words(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
