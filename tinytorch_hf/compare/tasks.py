"""What can be compared: the models for each dataset, how they are trained, and the arrays they are trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf import catalog, generated, python_functions, talks
from tinytorch_hf.compare import models
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.errors import UnknownNameError
from tinytorch_hf.loaders import load_digits_8x8, load_images, talks_pairs, tinypy_functions
from tinytorch_hf.splits import Array
from tinytorch_hf.tokenizer import CharTokenizer

BLOCK_SIZE = 32
"""Characters that the GPT sees at once."""

N_PYTHON_TRAIN, N_PYTHON_VAL = 48_000, 8_000
"""Characters of TinyPy that are used; all would take minutes. Its order is drawn by lot, so they are a fair sample."""


@dataclass(frozen=True)
class Arrays:
    """What both sides train on and are judged by, before a model has shaped it."""

    X_train: Array
    y_train: Array
    X_test: Array
    y_test: Array


@dataclass(frozen=True)
class Training:
    """A model for a dataset and how it is trained unless told otherwise."""

    make_model: Callable[[], Model]
    optimizer: str = "sgd"
    lr: float | None = None
    epochs: int = 20


def _digits_8x8() -> Arrays:
    # Every fifth digit is kept for the test; the writers follow each other, so both parts have all of them.
    X, y = load_digits_8x8()
    is_test = np.arange(len(y)) % 5 == 4
    return Arrays(X[~is_test], y[~is_test], X[is_test], y[is_test])


def _images(name: str) -> Callable[[], Arrays]:
    return lambda: Arrays(*load_images(name, "train"), *load_images(name, "test"))


def _generated(make: Callable[..., tuple[Array, Array]]) -> Callable[[], Arrays]:
    return lambda: Arrays(*make(200, seed=0), *make(200, seed=1))


def _talks_text(split: str) -> str:
    return "".join(map(talks.text_of, talks.in_split(talks_pairs(), split)))


def _python_text(split: str) -> str:
    return "".join(map(python_functions.text_of, tinypy_functions(split)))


def _tokenizer(text_of_split: Callable[[str], str]) -> CharTokenizer:
    tokenizer = CharTokenizer()
    tokenizer.build_vocab([text_of_split("train")])
    return tokenizer


def _texts(
    text_of_split: Callable[[str], str], n_train: int | None = None, n_val: int | None = None
) -> Callable[[], Arrays]:
    """The first characters of train and val, or all of them."""

    def arrays() -> Arrays:
        tokenizer = _tokenizer(text_of_split)
        train, val = text_of_split("train")[:n_train], text_of_split("val")[:n_val]
        return Arrays(*_blocks(tokenizer, train), *_blocks(tokenizer, val))

    return arrays


def _blocks(tokenizer: CharTokenizer, text: str) -> tuple[Array, Array]:
    """The text cut into blocks of ids, and for each the same one character further on."""
    ids = np.array(tokenizer.encode(text), dtype=np.int64)
    n_blocks = (len(ids) - 1) // BLOCK_SIZE
    inputs, targets = ids[: n_blocks * BLOCK_SIZE], ids[1 : n_blocks * BLOCK_SIZE + 1]
    return inputs.reshape(n_blocks, BLOCK_SIZE), targets.reshape(n_blocks, BLOCK_SIZE)


def _gpt(text_of_split: Callable[[str], str], epochs: int = 20) -> Training:
    def make_model() -> Model:
        return models.gpt(_tokenizer(text_of_split).vocab_size, BLOCK_SIZE, 32, 2, 4)

    return Training(make_model, "adam", 0.01, epochs)


_DIGITS = {
    "mlp": Training(lambda: models.mlp(64, 32, 10)),
    "cnn": Training(lambda: models.cnn(8, 8), "momentum", 0.1),
    "logistic": Training(lambda: models.logistic_regression(64, 10)),
}

# Datasets that can be compared: where their arrays come from, and the models for them, the default first.
TASKS: dict[str, tuple[Callable[[], Arrays], dict[str, Training]]] = {
    "tinydigits": (_images("tinydigits"), _DIGITS),
    "digits_8x8": (_digits_8x8, _DIGITS),
    "tinymnist": (
        _images("tinymnist"),
        {
            "mlp": Training(lambda: models.mlp(784, 32, 10)),
            "cnn": Training(lambda: models.cnn(28, 8, 16), "momentum"),
            "logistic": Training(lambda: models.logistic_regression(784, 10), lr=0.1),
        },
    ),
    "tinytalks": (_texts(_talks_text), {"gpt": _gpt(_talks_text)}),
    "tinypy": (_texts(_python_text, N_PYTHON_TRAIN, N_PYTHON_VAL), {"gpt": _gpt(_python_text, epochs=4)}),
    "xor": (
        _generated(generated.xor),
        {
            "mlp": Training(lambda: models.binary_classifier(2, 8, 1), "adam", 0.05, epochs=60),
            "logistic": Training(lambda: models.binary_classifier(2, 1)),
        },
    ),
    "perceptron": (_generated(generated.perceptron), {"logistic": Training(lambda: models.binary_classifier(2, 1))}),
}


def settings_for(dataset: str, model: str | None = None, **given: Any) -> Settings:
    """Settings with what is not given as the task has it.

    Raises
    ------
    UnknownNameError
        No such dataset, model for it, or optimizer.
    """
    name = model or next(iter(_trainings(dataset)))
    training = _training(dataset, name)
    given = {key: value for key, value in given.items() if value is not None}
    optimizer = optimizer_choice(given.get("optimizer", training.optimizer))
    is_default = "optimizer" not in given or given["optimizer"] == training.optimizer
    lr = training.lr if training.lr is not None and is_default else optimizer.default_lr
    settings = Settings(dataset, name, training.optimizer, lr, training.epochs)
    return dataclasses.replace(settings, **given)


def make_model(settings: Settings) -> Model:
    """The model that the settings name; errors as for `settings_for`."""
    return _training(settings.dataset, settings.model).make_model()


def load_arrays(dataset: str, model: Model) -> Arrays:
    """The dataset's arrays in the axes that the model takes, and targets in those of its loss.

    Images are float32, ids int64. Targets are int64; for a binary cross entropy (N, 1) float32.
    """
    arrays = TASKS[dataset][0]()
    shaped = []
    for X, y in ((arrays.X_train, arrays.y_train), (arrays.X_test, arrays.y_test)):
        if model.input_axes == "flat":
            X = X.reshape(len(X), -1)  # noqa: PLW2901
        elif model.input_axes == "channel":
            X = X[:, np.newaxis]  # noqa: PLW2901
        is_binary = model.loss == "BinaryCrossEntropyLoss"
        shaped += [X, y.reshape(-1, 1).astype(np.float32) if is_binary else y]
    return Arrays(*shaped)


def _trainings(dataset: str) -> dict[str, Training]:
    if dataset not in TASKS:
        if dataset in catalog.names():
            raise UnknownNameError("model for dataset", dataset, TASKS)
        raise UnknownNameError("dataset", dataset, TASKS)
    return TASKS[dataset][1]


def _training(dataset: str, model: str) -> Training:
    trainings = _trainings(dataset)
    if model not in trainings:
        raise UnknownNameError(f"model for {dataset} named", model, trainings)
    return trainings[model]
