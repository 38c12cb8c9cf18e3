"""Specification of tinytorch_hf.compare.report."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from tinytorch_hf.compare import report
from tinytorch_hf.compare.lockstep import Comparison, Epoch, Step
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.frameworks import Framework

FRAMEWORK = Framework("tinytorch 0.2.0", "/home/ada/tinytorch", {"Tensor": object}, "your own package at /home/ada")
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


def differing(step: int, loss: float = 1.7) -> Comparison:
    """A comparison whose losses part at the given step."""
    return dataclasses.replace(AGREEING, first_divergence=Step(1, step, loss, 1.5), largest_difference=0.2)


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


@pytest.mark.parametrize(("step", "hint"), [(1, "forward pass or the loss"), (2, "gradients and the update")])
def test_a_difference_names_the_step_and_where_to_look(step: int, hint: str) -> None:
    """The first step tells forward from backward."""
    text = report.conclusion(differing(step))

    assert f"verdict    differ: the losses part at step {step} (epoch 1), TinyTorch 1.7, PyTorch 1.5" in text
    assert hint in text


def test_the_plain_values_are_json_with_the_verdict() -> None:
    """Settings, framework, epochs and figures, by name."""
    values = json.loads(json.dumps(report.as_dict(AGREEING)))

    assert values["verdict"] == "agree"
    assert values["settings"]["batch_size"] == 32
    assert values["framework"] == {
        "name": "tinytorch 0.2.0",
        "location": "/home/ada/tinytorch",
        "note": "your own package at /home/ada",
    }
    assert values["epochs"][0]["accuracy_pytorch"] == 0.905


def test_json_stays_valid_when_a_loss_is_not_a_number() -> None:
    """JSON has no nan."""
    values = json.dumps(report.as_dict(differing(1, math.nan)), allow_nan=False)

    assert json.loads(values)["first_divergence"]["loss_tinytorch"] == "nan"
    assert json.loads(values)["verdict"] == "differ"
