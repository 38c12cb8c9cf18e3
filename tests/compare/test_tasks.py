"""Specification of tinytorch_hf.compare.tasks."""

from __future__ import annotations

import numpy as np
import pytest

from tinytorch_hf import load_tinydigits, load_tinypy, load_tinytalks
from tinytorch_hf.compare.settings import OPTIMIZERS
from tinytorch_hf.compare.tasks import TASKS, load_arrays, make_model, settings_for
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.tokenizer import CharTokenizer

pytestmark = pytest.mark.usefixtures("tinypy")
EVERY_TASK = pytest.mark.parametrize(
    ("dataset", "model"), [(dataset, model) for dataset, (_, models) in TASKS.items() for model in models]
)


@EVERY_TASK
def test_settings_have_what_suits_the_task(dataset: str, model: str) -> None:
    """What is given wins; another optimizer brings its own learning rate."""
    settings = settings_for(dataset, model)

    assert (settings.dataset, settings.model, settings.batch_size, settings.seed) == (dataset, model, 32, 0)
    assert settings_for(dataset, model, lr=0.5, epochs=3, seed=9).lr == 0.5
    assert settings_for(dataset, model, optimizer="adamw").lr == OPTIMIZERS["adamw"].default_lr
    assert settings_for(dataset, model, optimizer=settings.optimizer) == settings
    assert settings_for(dataset, model, lr=None, epochs=None) == settings


def test_the_first_model_is_the_default() -> None:
    """The one that a learner of this dataset builds first."""
    assert [settings_for(dataset).model for dataset in TASKS] == ["mlp", "mlp", "mlp", "gpt", "gpt", "mlp", "logistic"]


@EVERY_TASK
def test_arrays_have_the_axes_that_model_and_loss_take(dataset: str, model: str) -> None:
    """Inputs float32 or ids, targets int64 or (N, 1) float32."""
    made = make_model(settings_for(dataset, model))
    arrays = load_arrays(dataset, made)

    for X, y in ((arrays.X_train, arrays.y_train), (arrays.X_test, arrays.y_test)):
        assert len(X) == len(y)
        assert X.ndim == {"flat": 2, "channel": 4, "ids": 2}[made.input_axes]
        assert X.dtype == (np.int64 if made.input_axes == "ids" else np.float32)
        is_binary = made.loss == "BinaryCrossEntropyLoss"
        assert y.dtype == (np.float32 if is_binary else np.int64)
        assert not is_binary or y.shape == (len(X), 1)


def test_the_arrays_are_those_of_the_loaders() -> None:
    """Reshaped, nothing else; of TinyTalks, the train text cut into blocks, each target one character further."""
    digits = load_arrays("tinydigits", make_model(settings_for("tinydigits", "cnn")))
    assert np.array_equal(digits.X_train[:, 0], load_tinydigits()[0])
    assert np.array_equal(digits.y_test, load_tinydigits()[3])

    talks = load_arrays("tinytalks", make_model(settings_for("tinytalks")))
    n_characters = sum(len(f"Q: {q}\nA: {a}\n\n") for q, a in load_tinytalks("train"))
    assert talks.X_train.size == (n_characters - 1) // 32 * 32
    assert np.array_equal(talks.X_train.ravel()[1:], talks.y_train.ravel()[:-1])


def test_of_tinypy_a_part_is_used_that_trains_in_well_under_a_minute() -> None:
    """The first 48,000 characters of train and 8,000 of val, as ids of the whole train split's characters."""
    python = load_arrays("tinypy", make_model(settings_for("tinypy")))
    tokenizer = CharTokenizer(sorted({*"".join(load_tinypy("train")), "\n"}))

    for inputs, split, n_characters in ((python.X_train, "train", 48_000), (python.X_test, "val", 8_000)):
        text = "\n\n".join(load_tinypy(split))[:n_characters]
        assert inputs.size == (n_characters - 1) // 32 * 32
        assert tokenizer.decode(inputs.ravel()) == text[: inputs.size]


def test_digits_8x8_keeps_every_fifth_for_the_test() -> None:
    """It has no splits of its own; every sample is in one part."""
    arrays = load_arrays("digits_8x8", make_model(settings_for("digits_8x8")))

    assert (len(arrays.X_train), len(arrays.X_test)) == (1438, 359)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnist",), "There is no dataset 'mnist'. Did you mean 'tinymnist'"),
        (("tinydigits", "cmn"), "There is no model for tinydigits named 'cmn'. Did you mean 'cnn'"),
        (("tinytalks", "mlp"), "Known: gpt"),
    ],
)
def test_wrong_names_are_explained(arguments: tuple[str, ...], message: str) -> None:
    """With close matches, or all that there are."""
    with pytest.raises(UnknownNameError, match=message.replace("?", r"\?")):
        settings_for(*arguments)
    with pytest.raises(UnknownNameError, match="Known: sgd"):
        settings_for("tinydigits", optimizer="rmsprop")
