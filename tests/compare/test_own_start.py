"""Specification of `compare --own-start`: a training from the student's own initial weights, and what it learns."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C
from in_process import run_here

from tinytorch_hf import cli
from tinytorch_hf.compare import models
from tinytorch_hf.compare.own_start import stays_equal
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import settings_for

SHORT = Settings("tinydigits", epochs=3)


def starting(weights: str) -> dict[str, str]:
    """A package whose Linear starts from these weights."""
    return {
        **GENERATION_C,
        "core/layers.py": (
            "import numpy as np\nfrom tinytorch_hf.reference import Dropout, Linear as _Linear, Sequential, Tensor\n"
            "class Linear(_Linear):\n    def __init__(self, n_in, n_out, bias=True):\n"
            "        super().__init__(n_in, n_out, bias)\n"
            f"        self.weight = Tensor({weights}, requires_grad=True)\n"
        ),
    }


def test_a_right_start_learns(install: Install, fresh_reference: None) -> None:
    """From the student's own weights on both sides, which are not those of the settings' seed."""
    install(GENERATION_C)

    result = run_here(SHORT, own_start=True)

    start = result.own_start
    assert start is not None
    assert result.is_right and result.agree and start.learns
    assert start.before < 0.3
    assert start.after == result.epochs[-1].accuracy_tinytorch > 0.5
    assert abs(start.chance - 0.1) < 1e-9
    assert result.epochs != run_here(SHORT).epochs


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ("np.zeros((n_in, n_out))", "WEIGHTS-EQUAL"),
        ("np.full((n_in, n_out), 0.05)", "WEIGHTS-EQUAL"),
        ("np.random.default_rng(0).standard_normal((n_in, n_out)) * 1e-12", "INITIALISATION-SCALE"),
    ],
    ids=["zeros", "equal", "small"],
)
def test_a_start_that_cannot_learn_is_named(weights: str, code: str, install: Install, fresh_reference: None) -> None:
    """PyTorch does no better from there, but it does from the usual weights: so the start is at fault."""
    install(starting(weights))

    result = run_here(SHORT, own_start=True)

    assert result.own_start is not None and result.own_start.cause is not None
    assert result.own_start.cause.code == code
    assert not result.is_right
    # Both sides compute the same.
    assert result.agree
    # From the weights that both sides are given otherwise nothing of it can be seen.
    assert run_here(SHORT).is_right


def test_a_training_that_learns_from_no_start_accuses_none(install: Install, fresh_reference: None) -> None:
    """With so small a learning rate nothing is learned, wherever it starts."""
    install(GENERATION_C)

    result = run_here(settings_for("tinydigits", epochs=1, lr=1e-9), own_start=True)

    assert result.own_start is not None
    assert not result.own_start.learns
    assert result.is_right


def test_units_that_part_are_not_called_equal() -> None:
    """A single layer may start from zeros, as its units are trained towards different classes."""
    model = models.mlp(3, 4, 2)
    zeros = [[np.zeros_like(value) for value in layer] for layer in model.initial_weights(0)]
    drawn = model.initial_weights(1)

    assert stays_equal(model, zeros, zeros) == ["linear 1", "linear 2"]
    assert stays_equal(model, zeros, drawn) == stays_equal(model, drawn, drawn) == []
    one_output = models.binary_classifier(2, 1)
    start = [[np.zeros_like(value) for value in layer] for layer in one_output.initial_weights(0)]
    assert stays_equal(one_output, start, start) == []


def test_the_command_says_so_and_the_exit_status_too(
    install: Install, capsys: pytest.CaptureFixture[str], fresh_reference: None
) -> None:
    """For eyes and for programs."""
    folder = install(starting("np.zeros((n_in, n_out))"))

    status = cli.main(
        [*("compare", "tinydigits", "--epochs", "2", "--own-start", "--json"), "--package", str(folder / "tinytorch")]
    )

    start = json.loads(capsys.readouterr().out)["own_start"]
    assert status == 1
    assert (start["code"], start["learns"], start["is_at_fault"]) == ("WEIGHTS-EQUAL", False, True)


def test_it_does_not_go_with_synchronised_steps(capsys: pytest.CaptureFixture[str]) -> None:
    """They all start from PyTorch's weights."""
    assert cli.main(["compare", "tinydigits", "--own-start", "--synchronised"]) == 2
    assert "Leave out --synchronised or --own-start" in capsys.readouterr().err
