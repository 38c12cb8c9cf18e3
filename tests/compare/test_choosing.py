"""Specification of early stopping beside PyTorch: a validation part chooses the epoch, the test split is seen once."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C
from in_process import run_here

from tinytorch_hf.compare.choosing import LEAST_GAIN, Chooser
from tinytorch_hf.compare.numpy_side import NumPySide
from tinytorch_hf.compare.sides import mean_loss
from tinytorch_hf.compare.student_side import StudentSide
from tinytorch_hf.compare.tasks import load_arrays, make_model, settings_for
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.judging.judges import judged_by

STOPPING = settings_for("tinydigits", epochs=8, patience=1)


def chosen_by(losses: list[float], patience: int | None) -> tuple[int, int, list[int]]:
    """The best epoch, how many were looked at, and the weights that were kept: the number of the epoch."""
    chooser = Chooser(patience)
    for number, loss in enumerate(losses, start=1):
        chooser.see(loss, lambda number=number: [[np.array(number)]])  # type: ignore[misc]
    return chooser.epoch, chooser.seen, [int(value) for layer in chooser.weights for value in layer]


@pytest.mark.parametrize(
    ("losses", "patience", "expected"),
    [
        ([3, 2, 1, 2, 2, 0], 2, (3, 5, [3])),
        ([3, 2, 1, 2, 2, 0], None, (6, 6, [6])),
        ([3, 3 - LEAST_GAIN / 2, 2.0], 2, (3, 3, [3])),
        ([1, 1, 1, 1], 3, (1, 4, [1])),
        ([math.nan, math.nan, math.nan, 1], 2, (1, 3, [1])),
        ([math.nan, 2, math.nan, math.inf, 1], 2, (2, 4, [2])),
    ],
)
def test_the_best_epoch_is_kept_and_patience_ends(
    losses: list[float], patience: int | None, expected: tuple[int, int, list[int]]
) -> None:
    """What is not a number is not an improvement, and neither is rounding; after the end nothing changes any more."""
    assert chosen_by(losses, patience) == expected


def test_both_sides_end_early_and_with_the_weights_of_their_best_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is reported is what a training of exactly so many epochs has; the test split is looked at once."""
    looked_at: list[str] = []
    outputs = StudentSide.outputs

    def watched(self: StudentSide, X: np.ndarray, shape: tuple[int, ...], split: str = "test") -> np.ndarray:
        looked_at.append(split)
        return outputs(self, X, shape, split)

    monkeypatch.setattr(StudentSide, "outputs", watched)
    found = run_here(STOPPING)
    mine, theirs = found.chosen_tinytorch, found.chosen_pytorch

    assert mine is not None and theirs is not None
    assert (mine.epoch, mine.last) == (theirs.epoch, theirs.last) == (len(found.epochs) - 1, len(found.epochs))
    assert len(found.epochs) < STOPPING.epochs
    assert looked_at == ["val"] * len(found.epochs) + ["test"]
    shorter = run_here(dataclasses.replace(STOPPING, epochs=mine.epoch))
    assert shorter.accuracies == found.accuracies == (mine.accuracy, theirs.accuracy)
    losses = [epoch.validation_tinytorch for epoch in found.epochs]
    assert min(losses) == losses[mine.epoch - 1] == mine.loss  # type: ignore[type-var]
    assert found.agree


def test_a_fault_makes_the_sides_part_and_each_has_its_own_epoch(install: Install) -> None:
    """An optimizer that hardly moves is still getting better when PyTorch's side is not."""
    install(
        {
            **GENERATION_C,
            "core/optimizers.py": (
                "from tinytorch_hf.reference import SGD as _SGD, Adam\n"
                "class SGD(_SGD):\n    def change(self, *args):\n        return super().change(*args) * 0.05\n"
            ),
        }
    )

    found = run_here(STOPPING)

    mine, theirs = found.chosen_tinytorch, found.chosen_pytorch
    assert mine is not None and theirs is not None
    assert mine.last > theirs.last
    assert not found.agree
    assert found.cause is not None and found.cause.layer == "SGD"


def test_without_patience_all_epochs_are_gone_through() -> None:
    """And the best of them is taken."""
    found = run_here(settings_for("xor", epochs=3, validation=True))

    assert len(found.epochs) == 3
    assert found.chosen_pytorch is not None and found.chosen_pytorch.last == 3


def test_nothing_of_it_is_recorded_and_it_is_said_what_to_install() -> None:
    """PyTorch's records are of whole training splits."""
    with judged_by("recorded"), pytest.raises(InvalidArgumentError, match="No answers of PyTorch are recorded"):
        run_here(STOPPING)


def test_a_start_of_ones_own_looks_at_the_test_split_and_is_refused() -> None:
    """Before and after the training."""
    with pytest.raises(InvalidArgumentError, match="Leave out one of the two"):
        run_here(STOPPING, own_start=True)


@pytest.mark.parametrize("settings", [settings_for("xor"), settings_for("tinydigits"), settings_for("tinytalks")])
def test_the_loss_of_outputs_is_that_of_the_training(settings: object) -> None:
    """Of either loss, and of texts, whose targets have another shape than the outputs."""
    model, arrays = make_model(settings), load_arrays(settings)  # type: ignore[arg-type]
    side = NumPySide(settings, model, model.initial_weights(0), "float64")  # type: ignore[arg-type]
    X, y = arrays.X_test[:32], arrays.y_test[:32]

    assert mean_loss(side.outputs(X), y, model.loss) == pytest.approx(float(side.compute(X, y).loss), rel=1e-9)
