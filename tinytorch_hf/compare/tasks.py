"""What can be compared: the models for each dataset, how they are trained, and the arrays they are trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tinytorch_hf import catalog
from tinytorch_hf.compare import models
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.data import generated
from tinytorch_hf.data.lessons import load_digits_8x8
from tinytorch_hf.data.loaders import load_images
from tinytorch_hf.data.texts import texts as read_texts
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.formats.arrays import Array

BLOCK_SIZE = 32
"""Characters that the GPT of a comparison sees at once."""

# Adam's first step is ten times as large in PyTorch, which refuses numbers beyond float32's 3.4e38.
_LARGEST_LR = 1e37

N_TRAIN, N_VAL = 48_000, 8_000
"""Characters of TinyPy that a comparison uses; its order is drawn by lot, so they are a fair sample."""

N_TRAIN_LONG, N_VAL_LONG = 1_000_000, 40_000
"""Those that the longer GPT uses, which takes a minute."""


@dataclass(frozen=True)
class Arrays:
    """What both sides train on and are judged by, before a model has shaped it."""

    X_train: Array
    y_train: Array
    X_test: Array
    y_test: Array


@dataclass(frozen=True)
class Training:
    """A model, where its arrays come from, and how it is trained unless told otherwise."""

    load: Callable[[], Arrays]
    make_model: Callable[[], Model]
    optimizer: str = "sgd"
    lr: float | None = None
    epochs: int = 20


def _images(name: str) -> Callable[[], Arrays]:
    return lambda: Arrays(*load_images(name, "train"), *load_images(name, "test"))


def _digits_8x8() -> Arrays:
    # Every fifth digit is kept for the test; the writers follow each other, so both parts have all of them.
    X, y = load_digits_8x8()
    is_test = np.arange(len(y)) % 5 == 4
    return Arrays(X[~is_test], y[~is_test], X[is_test], y[is_test])


def _generated(make: Callable[..., tuple[Array, Array]]) -> Callable[[], Arrays]:
    return lambda: Arrays(*make(seed=0), *make(seed=1))


def texts(dataset: str, split: str) -> list[str]:
    """The texts of one split as a character model reads them.

    Its training split is "train", and what it is judged by is "val".
    """
    return read_texts(dataset, split)


def tokenizer(dataset: str) -> CharTokenizer:
    """The characters of a dataset's training texts as numbers."""
    characters = CharTokenizer()
    characters.build_vocab(texts(dataset, "train"))
    return characters


def _blocks(
    dataset: str, length: int, step: int, n_train: int | None = None, n_val: int | None = None
) -> Callable[[], Arrays]:
    """Texts cut into blocks of characters, each target one character further; the first characters, or all.

    A training block begins every ``step`` characters: blocks that overlap show each text at several positions, so
    that a model cannot learn the positions by heart instead.
    """

    def load() -> Arrays:
        characters = tokenizer(dataset)

        def cut(split: str, n: int | None, step: int) -> tuple[Array, Array]:
            ids = np.array(characters.encode("".join(texts(dataset, split))[:n]), dtype=np.int64)
            blocks = sliding_window_view(ids, length + 1)[::step].copy()
            return blocks[:, :-1], blocks[:, 1:]

        return Arrays(*cut("train", n_train, step), *cut("val", n_val, length))

    return load


def _gpt(dataset: str, length: int, width: int) -> Callable[[], Model]:
    return lambda: models.gpt(tokenizer(dataset).vocab_size, length, width, 2, 4)


def _for_digits(load: Callable[[], Arrays]) -> dict[str, Training]:
    return {
        "mlp": Training(load, lambda: models.mlp(64, 32, 10)),
        "cnn": Training(load, lambda: models.cnn(8, 8), "momentum", 0.1),
        "logistic": Training(load, lambda: models.logistic_regression(64, 10)),
    }


def _for_cifar(name: str, epochs: int) -> dict[str, Training]:
    return {
        "cnn": Training(_images(name), lambda: models.cnn(32, 16, 32, in_channels=3), "adam", 0.002, epochs),
        "mlp": Training(_images(name), lambda: models.mlp(3072, 64, 10), lr=0.05, epochs=epochs),
    }


# What can be compared, by dataset: its models, the default first. An epoch of the large ones is hundreds of steps.
TASKS: dict[str, dict[str, Training]] = {
    "tinydigits": _for_digits(_images("tinydigits")),
    "digits_8x8": _for_digits(_digits_8x8),
    "tinymnist": {
        "mlp": Training(_images("tinymnist"), lambda: models.mlp(784, 32, 10)),
        "cnn": Training(_images("tinymnist"), lambda: models.cnn(28, 8, 16), "momentum"),
        "logistic": Training(_images("tinymnist"), lambda: models.logistic_regression(784, 10), lr=0.1),
    },
    "mnist": {
        "mlp": Training(_images("mnist"), lambda: models.mlp(784, 128, 10), lr=0.1, epochs=1),
        "cnn": Training(_images("mnist"), lambda: models.cnn(28, 8, 16), "momentum", 0.02, epochs=1),
    },
    "tinycifar": _for_cifar("tinycifar", epochs=10),
    "cifar10": _for_cifar("cifar10", epochs=1),
    "tinytalks": {
        "gpt": Training(_blocks("tinytalks", BLOCK_SIZE, BLOCK_SIZE), _gpt("tinytalks", BLOCK_SIZE, 32), "adam", 0.01),
        "gpt-64": Training(_blocks("tinytalks", 64, 8), _gpt("tinytalks", 64, 64), "adam", 0.003, epochs=7),
    },
    "tinypy": {
        "gpt": Training(
            _blocks("tinypy", BLOCK_SIZE, BLOCK_SIZE, N_TRAIN, N_VAL),
            _gpt("tinypy", BLOCK_SIZE, 32),
            "adam",
            0.01,
            epochs=4,
        ),
        "gpt-64": Training(
            _blocks("tinypy", 64, 64, N_TRAIN_LONG, N_VAL_LONG), _gpt("tinypy", 64, 64), "adam", 0.003, epochs=1
        ),
    },
    catalog.XOR.name: {
        "mlp": Training(_generated(generated.xor), lambda: models.binary_classifier(2, 16, 1), "adam", 0.05, epochs=60),
        "logistic": Training(_generated(generated.xor), lambda: models.binary_classifier(2, 1)),
    },
    catalog.PERCEPTRON.name: {
        "logistic": Training(_generated(generated.perceptron), lambda: models.binary_classifier(2, 1)),
    },
}


def settings_for(dataset: str, model: str | None = None, **given: Any) -> Settings:
    """Settings with what is not given as the task has it.

    Raises
    ------
    UnknownNameError
        No such dataset, model for it, or optimizer.
    InvalidArgumentError
        A learning rate that is not positive, or that float32 has no room for.
    """
    name = next(iter(_trainings(dataset))) if model is None else model
    training = _training(dataset, name)
    given = {key: value for key, value in given.items() if value is not None}
    optimizer = optimizer_choice(given.get("optimizer", training.optimizer))
    is_default = "optimizer" not in given or given["optimizer"] == training.optimizer
    lr = training.lr if training.lr is not None and is_default else optimizer.default_lr
    settings = Settings(dataset, name, training.optimizer, lr, training.epochs)
    settings = dataclasses.replace(settings, **given)
    if not 0 < settings.lr <= _LARGEST_LR:
        raise InvalidArgumentError(f"lr must be above 0 and at most {_LARGEST_LR:g}, got {settings.lr:g}.")
    return settings


def make_model(settings: Settings) -> Model:
    """The model that the settings name; errors as for `settings_for`."""
    return _training(settings.dataset, settings.model).make_model()


def load_arrays(settings: Settings) -> Arrays:
    """The dataset's arrays in the axes that the model takes, and targets in those of its loss.

    Images are float32, ids int64. Targets are int64; for a binary cross entropy (N, 1) float32.

    Raises
    ------
    UnknownNameError
        As for `settings_for`.
    MissingFileError, CorruptFileError, StorageError
        The dataset's files are not there, are damaged, or cannot be read.
    """
    arrays = _training(settings.dataset, settings.model).load()
    model = make_model(settings)
    return Arrays(
        _inputs(arrays.X_train, model),
        _targets(arrays.y_train, model),
        _inputs(arrays.X_test, model),
        _targets(arrays.y_test, model),
    )


def _inputs(X: Array, model: Model) -> Array:
    if model.input_axes == "flat":
        return X.reshape(len(X), -1)
    if model.input_axes == "channel" and X.ndim == 3:
        return X[:, np.newaxis]
    return X


def _targets(y: Array, model: Model) -> Array:
    return y.reshape(-1, 1).astype(np.float32) if model.loss == "BinaryCrossEntropyLoss" else y


def _trainings(dataset: str) -> dict[str, Training]:
    if dataset not in TASKS:
        raise UnknownNameError("dataset", dataset, TASKS)
    return TASKS[dataset]


def _training(dataset: str, model: str) -> Training:
    trainings = _trainings(dataset)
    if model not in trainings:
        raise UnknownNameError(f"model for {dataset} named", model, trainings)
    return trainings[model]
