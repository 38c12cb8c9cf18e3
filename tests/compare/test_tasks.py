"""Specification of tinytorch_hf.compare.tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog, load_tinydigits, load_tinypy
from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.settings import OPTIMIZERS
from tinytorch_hf.compare.tasks import load_arrays, make_model, settings_for
from tinytorch_hf.data.texts import texts
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, UnknownNameError

ALL = [(dataset, training.model) for dataset in tasks.names() for training in tasks.trainings(dataset)]
ON_DEMAND = {"mnist", "cifar10", "tinycifar", "shakespeare"}
# Shipped or generated; the others need files that are downloaded.
HERE = [(dataset, model) for dataset, model in ALL if dataset not in ON_DEMAND]


@pytest.mark.parametrize(("dataset", "model"), ALL)
def test_settings_have_what_suits_the_task(dataset: str, model: str) -> None:
    """What is given wins; another optimizer brings its own learning rate."""
    settings = settings_for(dataset, model)

    assert (settings.dataset, settings.model, settings.batch_size, settings.seed) == (dataset, model, 32, 0)
    assert settings_for(dataset, model, lr=0.5, epochs=3, seed=9).lr == 0.5
    other = next(name for name in ("adamw", "sgd") if name != settings.optimizer)
    assert settings_for(dataset, model, optimizer=other).lr == OPTIMIZERS[other].default_lr
    assert settings_for(dataset, model, optimizer=settings.optimizer) == settings
    assert settings_for(dataset, model, lr=None, epochs=None) == settings


def test_every_dataset_is_in_the_catalog_or_generated() -> None:
    """So `list`, which must not import what trains, can show all of them; no name is both."""
    assert {*catalog.names(), *catalog.GENERATED} == set(tasks.names())
    assert not {*catalog.names()} & {*catalog.GENERATED}


def test_the_first_model_is_the_default() -> None:
    """The one that a learner of this dataset builds first."""
    firsts = {dataset: settings_for(dataset).model for dataset in tasks.names()}

    assert firsts.pop("perceptron") == "logistic"
    assert {firsts.pop("cifar10"), firsts.pop("tinycifar")} == {"cnn"}
    texts = ("tinytalks", "tinypy", "tinyshakespeare", "shakespeare")
    assert {firsts.pop(name) for name in texts} == {"gpt"}
    assert set(firsts.values()) == {"mlp"}


@pytest.mark.parametrize(("dataset", "model"), HERE)
def test_arrays_have_the_axes_that_model_and_loss_take(
    dataset: str, model: str, request: pytest.FixtureRequest
) -> None:
    """Inputs float32 or ids, targets int64 or (N, 1) float32."""
    if dataset == "tinypy":
        request.getfixturevalue("tinypy")
    settings = settings_for(dataset, model)
    made = make_model(settings)
    arrays = load_arrays(settings)

    for X, y in ((arrays.X_train, arrays.y_train), (arrays.X_test, arrays.y_test)):
        assert len(X) == len(y)
        assert X.ndim == {"flat": 2, "channel": 4, "ids": 2}[made.input_axes]
        assert X.dtype == (np.int64 if made.input_axes == "ids" else np.float32)
        is_binary = made.loss == "BinaryCrossEntropyLoss"
        assert y.dtype == (np.float32 if is_binary else np.int64)
        assert not is_binary or y.shape == (len(X), 1)


def test_the_arrays_are_those_of_the_loaders() -> None:
    """Reshaped, nothing else; of TinyTalks, the train text cut into blocks, each target one character further."""
    digits = load_arrays(settings_for("tinydigits", "cnn"))
    assert np.array_equal(digits.X_train[:, 0], load_tinydigits()[0])
    assert np.array_equal(digits.y_test, load_tinydigits()[3])

    talks = load_arrays(settings_for("tinytalks"))
    n_characters = len("".join(texts("tinytalks", "train")))
    assert talks.X_train.size == (n_characters - 1) // 32 * 32
    assert np.array_equal(talks.X_train.ravel()[1:], talks.y_train.ravel()[:-1])


def test_of_tinypy_a_part_is_used_that_trains_in_well_under_a_minute(tinypy: str) -> None:
    """The first 48,000 characters of train and 8,000 of val, as ids of the whole train split's characters."""
    python = load_arrays(settings_for("tinypy"))
    tokenizer = CharTokenizer(sorted({*"".join(load_tinypy("train")), "\n"}))

    for inputs, split, n_characters in ((python.X_train, "train", 48_000), (python.X_test, "val", 8_000)):
        text = "\n\n".join(load_tinypy(split))[:n_characters]
        assert inputs.size == (n_characters - 1) // 32 * 32
        assert tokenizer.decode(inputs.ravel()) == text[: inputs.size]


def test_longer_blocks_overlap_in_training_alone() -> None:
    """Each text is seen at several positions; what is held out is read once."""
    talks = load_arrays(settings_for("tinytalks", "gpt-64"))

    assert talks.X_train.shape[1] == talks.X_test.shape[1] == 64
    assert np.array_equal(talks.X_train[1:, :-8], talks.X_train[:-1, 8:])
    assert np.array_equal(talks.X_train[:, 1:], talks.y_train[:, :-1])
    assert np.array_equal(talks.X_test.ravel()[1:], talks.y_test.ravel()[:-1])


def test_colour_images_keep_their_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CNN takes them as they are, an MLP as rows."""
    images = np.random.default_rng(0).random((5, 3, 32, 32), np.float32)
    monkeypatch.setattr(tasks, "load_images", lambda *_: (images, np.arange(5)))

    assert np.array_equal(load_arrays(settings_for("cifar10", "cnn")).X_train, images)
    assert np.array_equal(load_arrays(settings_for("cifar10", "mlp")).X_test, images.reshape(5, -1))
    assert make_model(settings_for("cifar10", "cnn")).layers[0].arguments == (3, 16, 3)


def test_data_that_are_not_there_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The comparison needs the files; it does not download."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(tmp_path))

    with pytest.raises(MissingFileError, match="tinytorch-hf download mnist"):
        load_arrays(settings_for("mnist"))


def test_mnist_is_compared_whole(monkeypatch: pytest.MonkeyPatch, mnist_root: Path) -> None:
    """60000 images to learn from and 10000 to be tested on, once."""
    monkeypatch.setenv("TINYTORCH_HF_CACHE", str(mnist_root))
    settings = settings_for("mnist", "cnn")

    assert settings.epochs == 1
    assert (len(load_arrays(settings).y_train), len(load_arrays(settings).y_test)) == (60000, 10000)


def test_digits_8x8_keeps_every_fifth_for_the_test() -> None:
    """It has no splits of its own; every sample is in one part."""
    arrays = load_arrays(settings_for("digits_8x8"))

    assert (len(arrays.X_train), len(arrays.X_test)) == (1438, 359)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("minst",), "There is no dataset 'minst'. Did you mean 'mnist'"),
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


@pytest.mark.parametrize("lr", [0.0, -0.1, float("nan"), float("inf"), 1e38])
def test_a_learning_rate_without_sense_is_refused(lr: float) -> None:
    """PyTorch refuses it in the middle of the first step, in words about its own insides."""
    with pytest.raises(InvalidArgumentError, match="lr must be above 0"):
        settings_for("xor", lr=lr)


def test_the_largest_learning_rates_are_trained_with() -> None:
    """They teach nothing and end in NaN, but they are not an error."""
    from tinytorch_hf.compare import lockstep

    for optimizer in OPTIMIZERS:
        with np.errstate(all="ignore"):
            assert lockstep.run(settings_for("xor", optimizer=optimizer, lr=1e37, epochs=1)).epochs


def test_an_empty_name_is_no_model() -> None:
    """An unset variable of a shell must not train something that was not asked for."""
    with pytest.raises(UnknownNameError, match="no model"):
        settings_for("tinydigits", "")
