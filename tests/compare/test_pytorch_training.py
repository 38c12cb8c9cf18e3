"""Specification of tinytorch_hf.compare.pytorch_training: PyTorch's training, now or as it was recorded."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from in_process import judge_here, run_here
from seeds import examples

from docs.tools.answers import default_settings
from tinytorch_hf.compare import pytorch_training, tasks
from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.evidence import has_classes
from tinytorch_hf.compare.lockstep import TOLERANCE
from tinytorch_hf.compare.preparing import fingerprint_of
from tinytorch_hf.compare.pytorch_side import PyTorchSide
from tinytorch_hf.compare.pytorch_training import Live, Recorded
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.judging import answers
from tinytorch_hf.judging.judges import judged_by

DIGITS = tasks.settings_for("tinydigits")


def recorded(settings: Settings) -> Recorded:
    """The record of these settings, for their own weights and data."""
    weights = tasks.make_model(settings).initial_weights(settings.seed)
    return Recorded(settings, weights, fingerprint_of(settings.dataset, tasks.load_arrays(settings)))


def test_every_default_training_of_what_needs_no_download_is_recorded() -> None:
    """Every model of every dataset that ships, of XOR and of the perceptron."""
    assert pytorch_training.recorded_settings() == default_settings()


@pytest.mark.parametrize("settings", default_settings(), ids=lambda settings: f"{settings.dataset}-{settings.model}")
def test_a_record_begins_as_pytorch_does(settings: Settings) -> None:
    """Its first loss is PyTorch's here, within what rounding explains; `nox -s records` trains to the end."""
    arrays, model = tasks.load_arrays(settings), tasks.make_model(settings)
    first = next(Batches(settings, arrays).epoch(1))
    loss = PyTorchSide(settings, model, model.initial_weights(settings.seed)).step(first.X, first.y)

    losses, accuracy = recorded(settings).epoch(1)

    assert abs(losses[0] - loss) <= TOLERANCE
    assert len(losses) == -(-len(arrays.y_train) // settings.batch_size)
    assert 0 <= accuracy <= 1


@pytest.mark.parametrize(
    "settings",
    examples([DIGITS], [settings for settings in default_settings() if settings != DIGITS]),
    ids=lambda settings: f"{settings.dataset}-{settings.model}",
)
def test_a_whole_record_is_what_pytorch_gives(settings: Settings) -> None:
    """Every loss, accuracy and class, up to where rounding parts what several layers of a network make of it."""
    arrays, model = tasks.load_arrays(settings), tasks.make_model(settings)
    record = recorded(settings)
    with judged_by("torch"):
        live = Live(settings, model, model.initial_weights(settings.seed), arrays)
        for number in range(1, settings.epochs + 1):
            (losses, accuracy), (kept, kept_accuracy) = live.epoch(number), record.epoch(number)
            assert np.abs(np.subtract(losses, kept)).max() <= TOLERANCE
            assert accuracy == pytest.approx(kept_accuracy, abs=0.005)
    classes = record.predictions()
    assert (classes is not None) == has_classes(arrays)
    if classes is not None:
        found = live.predictions()
        assert found is not None
        assert (classes != found).mean() <= 0.005


def test_a_comparison_with_the_record_is_one_with_pytorch() -> None:
    """The reference agrees with it, step by step, and the result says who judged."""
    with judged_by("recorded"):
        found = run_here(DIGITS)

    assert found.judge == "recorded"
    assert found.agree
    assert found.n_steps == 640
    assert found.largest_difference <= TOLERANCE


def test_fewer_epochs_are_the_beginning_of_a_record() -> None:
    """Epochs are in one order, however many follow."""
    with judged_by("recorded"):
        assert run_here(dataclasses.replace(DIGITS, epochs=2)).n_steps == 2 * 32


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lr": 0.01}, "not with lr 0.01"),
        ({"epochs": 21}, "not with epochs 21"),
        ({"batch_size": 16, "seed": 3}, "not with batch size 16, seed 3"),
        ({"optimizer": "adam"}, "not with optimizer adam"),
    ],
)
def test_other_settings_need_pytorch_and_say_what_can_be_done(change: dict[str, object], said: str) -> None:
    """The extra, the recorded settings, and the judgement of each step, which needs no record."""
    settings = dataclasses.replace(DIGITS, **change)  # type: ignore[arg-type]
    with judged_by("recorded"), pytest.raises(InvalidArgumentError) as error:
        run_here(settings)

    assert said in str(error.value)
    assert "--synchronised" in str(error.value)
    with judged_by("recorded"):
        assert judge_here(dataclasses.replace(settings, epochs=1)).agree


def test_a_start_of_ones_own_is_not_recorded() -> None:
    """Nobody has recorded weights of the student's own."""
    with judged_by("recorded"), pytest.raises(InvalidArgumentError, match="--own-start"):
        run_here(DIGITS, own_start=True)


def test_a_record_of_other_data_or_weights_is_refused() -> None:
    """Losses of another training would accuse whoever is right."""
    weights = tasks.make_model(DIGITS).initial_weights(0)
    fingerprint = fingerprint_of("tinydigits", tasks.load_arrays(DIGITS))
    with pytest.raises(CorruptFileError, match="other data"):
        Recorded(DIGITS, weights, "0" * 64)
    with pytest.raises(CorruptFileError, match="other initial weights"):
        Recorded(DIGITS, tasks.make_model(DIGITS).initial_weights(1), fingerprint)


def test_all_records_together_are_small() -> None:
    """At most 360 kB in the wheel: 309 of the battery, the rest of whole trainings."""
    assert sum(path.stat().st_size for path in (answers.PATH, pytorch_training.PATH)) <= 360_000


def test_records_are_where_the_wheel_takes_them() -> None:
    """Inside the package."""
    package = Path(pytorch_training.__file__).parents[1]

    assert all(package in path.parents for path in (answers.PATH, pytorch_training.PATH))
