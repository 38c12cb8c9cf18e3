"""What can be compared: the models for each dataset, how they are trained, and the arrays they are trained on.

Which models a dataset has is said in the catalog, see `tinytorch_hf.catalog.trainings`; how a model and its arrays are
made follows from the dataset's kind and the model's name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset, DatasetInfo, Folder
from tinytorch_hf.catalog.registry import hint_at_folder
from tinytorch_hf.catalog.training_rules import splits_of, trainings_of
from tinytorch_hf.catalog.trainings import BLOCK_SIZE, Blocks, Training
from tinytorch_hf.compare import models
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.data import generated
from tinytorch_hf.data.loaders import load_images
from tinytorch_hf.data.texts import texts
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.data.windows import encoded, tokenizer_of, windows
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.formats.arrays import Array

# Adam's first step is ten times as large in PyTorch, which refuses numbers beyond float32's 3.4e38.
_LARGEST_LR = 1e37

# Of a dataset with a single split, every fifth sample is kept for the test.
_EVERY = 5

_GENERATORS = {make.__name__: make for make in (generated.xor, generated.perceptron)}


@dataclass(frozen=True)
class Arrays:
    """What both sides train on and are judged by, before a model has shaped it."""

    X_train: Array
    y_train: Array
    X_test: Array
    y_test: Array


def names() -> tuple[str, ...]:
    """What can be trained on: every dataset, and the points that are made."""
    return (*catalog.names(), *catalog.GENERATED)


def stored(name: str) -> DatasetInfo | None:
    """Facts of a dataset whose samples are in files; None for points that are made.

    Raises
    ------
    UnknownNameError, DescriptionError
        As for `tinytorch_hf.info`; what is known includes the points.
    """
    if name in catalog.GENERATED:
        return None
    try:
        return catalog.info(name)
    except UnknownNameError:
        raise UnknownNameError("dataset", name, names(), hint_at_folder(str(name))) from None


def trainings(name: str) -> tuple[Training, ...]:
    """The models for a dataset and how they are trained, the default first.

    Raises
    ------
    UnknownNameError, DescriptionError
        As for `stored`.
    InvalidArgumentError
        Its images are all of one class, or its splits do not say what is trained on.
    """
    dataset = stored(name)
    if dataset is None:
        return catalog.GENERATED[name].trainings
    if dataset.kind == "images" and len(dataset.classes) < 2:
        raise InvalidArgumentError(
            f"{dataset.title} has {len(dataset.classes)} class{'es' * (len(dataset.classes) != 1)}. "
            "A model is trained to tell two or more apart."
        )
    return trainings_of(dataset)


def settings_for(dataset: Dataset | str, model: str | None = None, **given: Any) -> Settings:
    """Settings with what is not given as the dataset's trainings have it.

    Parameters
    ----------
    dataset
        As for `tinytorch_hf.load`, or one of the points that are made.
    model
        A name from the dataset's trainings; None for the first.
    **given
        Fields of `Settings`; None for what is not given.

    Raises
    ------
    UnknownNameError
        No such dataset, model for it, or optimizer.
    InvalidArgumentError
        A learning rate that is not positive, or that float32 has no room for; or as for `trainings`.
    DescriptionError
        The folder's ``dataset.json`` is missing or bad.
    """
    name = _name(dataset)
    training = _training(name, model)
    given = {key: value for key, value in given.items() if value is not None}
    optimizer = optimizer_choice(given.get("optimizer", training.optimizer))
    is_default = "optimizer" not in given or given["optimizer"] == training.optimizer
    lr = training.lr if training.lr is not None and is_default else optimizer.default_lr
    settings = Settings(name, training.model, training.optimizer, lr, training.epochs)
    settings = dataclasses.replace(settings, **given)
    if not 0 < settings.lr <= _LARGEST_LR:
        raise InvalidArgumentError(f"lr must be above 0 and at most {_LARGEST_LR:g}, got {settings.lr:g}.")
    return settings


def _name(dataset: Dataset | str) -> str:
    """A text that stands for a dataset in settings: its name, or the path of its folder."""
    if isinstance(dataset, DatasetInfo):
        with contextlib.suppress(UnknownNameError):
            if catalog.info(dataset.name) == dataset:
                return dataset.name
        if not isinstance(dataset.provider, Folder):
            raise InvalidArgumentError(f"{dataset.name} is not registered. Call tinytorch_hf.register with it first.")
        return dataset.provider.path
    return str(Path(dataset).absolute()) if isinstance(dataset, os.PathLike) else dataset


def _training(name: str, model: str | None) -> Training:
    known = {training.model: training for training in trainings(name)}
    if model is None:
        return next(iter(known.values()))
    if model not in known:
        raise UnknownNameError(f"model for {name} named", model, known)
    return known[model]


def make_model(settings: Settings) -> Model:
    """The model that the settings name; errors as for `settings_for`, and those of reading texts for a GPT."""
    dataset, training = stored(settings.dataset), _training(settings.dataset, settings.model)
    if dataset is None:
        return models.binary_classifier(2, *training.sizes, 1)
    if dataset.kind != "images":
        width, n_blocks, n_heads = training.sizes
        return models.gpt(tokenizer(dataset).vocab_size, _cut(training).length, width, n_blocks, n_heads)
    if training.model not in _OF_IMAGES:
        raise UnknownNameError("model of images named", training.model, _OF_IMAGES)
    return _OF_IMAGES[training.model](dataset.column("images").shape, training.sizes, len(dataset.classes))


def _cut(training: Training) -> Blocks:
    return training.blocks or Blocks(BLOCK_SIZE, BLOCK_SIZE)


def _cnn(shape: tuple[int, ...], sizes: tuple[int, ...], n_classes: int) -> Model:
    *in_channels, height, width = shape
    return models.cnn((height, width), *sizes, in_channels=math.prod(in_channels), n_classes=n_classes)


_OF_IMAGES: dict[str, Callable[[tuple[int, ...], tuple[int, ...], int], Model]] = {
    "mlp": lambda shape, sizes, n_classes: models.mlp(math.prod(shape), *sizes, n_classes),
    "cnn": _cnn,
    "logistic": lambda shape, _sizes, n_classes: models.logistic_regression(math.prod(shape), n_classes),
}


def load_arrays(settings: Settings) -> Arrays:
    """The dataset's arrays in the axes that the model takes, and targets in those of its loss.

    Images are float32, ids int64. Targets are int64; for a binary cross entropy (N, 1) float32.

    Raises
    ------
    UnknownNameError
        As for `settings_for`.
    InvalidArgumentError
        There are too few samples to hold one out, or a text is shorter than a block.
    MissingFileError, CorruptFileError, StorageError
        The dataset's files are not there, are damaged, or cannot be read.
    """
    dataset = stored(settings.dataset)
    if dataset is not None and dataset.kind != "images":
        return _blocks(dataset, _cut(_training(settings.dataset, settings.model)))
    arrays, model = _points(settings.dataset) if dataset is None else _images(dataset), make_model(settings)
    return Arrays(
        _inputs(arrays.X_train, model),
        _targets(arrays.y_train, model),
        _inputs(arrays.X_test, model),
        _targets(arrays.y_test, model),
    )


def test_images(settings: Settings) -> Array | None:
    """The samples of the test split as images, (N, height, width) or (N, 3, height, width); None for anything else.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingFileError, CorruptFileError, StorageError
        As for `load_arrays`.
    """
    dataset = stored(settings.dataset)
    return None if dataset is None or dataset.kind != "images" else _images(dataset).X_test


def _points(name: str) -> Arrays:
    make = _GENERATORS[name]
    return Arrays(*make(seed=0), *make(seed=1))


def _images(dataset: DatasetInfo) -> Arrays:
    train, judging = splits_of(dataset)
    if train != judging:
        return Arrays(*load_images(dataset, train), *load_images(dataset, judging))
    X, y = load_images(dataset, train)
    if len(y) < _EVERY:
        raise InvalidArgumentError(
            f"{dataset.title} has {len(y)} samples and no other split: too few to train on, as every fifth is kept "
            f"for the test."
        )
    is_test = np.arange(len(y)) % _EVERY == _EVERY - 1
    return Arrays(X[~is_test], y[~is_test], X[is_test], y[is_test])


def _parted(found: list[str]) -> tuple[list[str], list[str]]:
    """The texts of a single split as those that are trained on and those that judge.

    Every fifth judges; where they are too few for that, the last fifth of all characters.
    """
    if len(found) >= _EVERY:
        return [text for number, text in enumerate(found, start=1) if number % _EVERY], found[_EVERY - 1 :: _EVERY]
    whole = "".join(found)
    end = len(whole) - len(whole) // _EVERY
    return [whole[:end]], [whole[end:]]


def _trained_on(dataset: DatasetInfo) -> list[str]:
    train, judging = splits_of(dataset)
    found = texts(dataset, train)
    return found if train != judging else _parted(found)[0]


def _judged_by(dataset: DatasetInfo) -> list[str]:
    train, judging = splits_of(dataset)
    found = texts(dataset, judging)
    return found if train != judging else _parted(found)[1]


def tokenizer(dataset: Dataset | str) -> CharTokenizer:
    """The characters of the texts that are trained on as numbers."""
    return tokenizer_of(_trained_on(catalog.info(dataset)))


def _blocks(dataset: DatasetInfo, blocks: Blocks) -> Arrays:
    """Texts cut into blocks of characters, each target one character further."""
    train, judging = _trained_on(dataset), _judged_by(dataset)
    characters = tokenizer_of(train)

    def cut(part: list[str], n: int | None, step: int) -> tuple[Array, Array]:
        text = "".join(part)[:n]
        if len(text) <= blocks.length:
            what = "train on" if part is train else "be judged by"
            raise InvalidArgumentError(
                f"{dataset.title} has {len(text)} characters to {what}. A model sees {blocks.length} and what follows "
                "them: longer texts are needed."
            )
        return windows(encoded(text, characters), blocks.length, step)

    return Arrays(*cut(train, blocks.n_train, blocks.step), *cut(judging, blocks.n_test, blocks.length))


def _inputs(X: Array, model: Model) -> Array:
    if model.input_axes == "flat":
        return X.reshape(len(X), -1)
    if model.input_axes == "channel" and X.ndim == 3:
        return X[:, np.newaxis]
    return X


def _targets(y: Array, model: Model) -> Array:
    return y.reshape(-1, 1).astype(np.float32) if model.loss == "BinaryCrossEntropyLoss" else y
