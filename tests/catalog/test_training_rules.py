"""Specification of tinytorch_hf.catalog.training_rules: what is trained on a dataset that does not say it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Column, DatasetInfo, SplitInfo
from tinytorch_hf.catalog.training_rules import splits_of, trainings_of
from tinytorch_hf.catalog.trainings import Blocks
from tinytorch_hf.errors import InvalidArgumentError


def images(shape: tuple[int, ...], n_samples: int = 1000, splits: tuple[str, ...] = ("train", "test")) -> DatasetInfo:
    """Facts of images of a shape, of which nothing is said of trainings."""
    columns = (Column("images", "uint8", shape, ""), catalog.TINYDIGITS.column("labels"))
    infos = tuple(SplitInfo(name, n_samples, ()) for name in splits)
    return replace(catalog.TINYDIGITS, columns=columns, splits=infos, trainings=())


def texts(*sizes: int, splits: tuple[str, ...] = ("train", "val")) -> DatasetInfo:
    """Facts of pairs in files of these sizes."""
    files = tuple(catalog.DataFile(str(number), size) for number, size in enumerate(sizes))
    return replace(catalog.TINYTALKS, splits=tuple(SplitInfo(name, 9, files) for name in splits), trainings=())


@pytest.mark.parametrize(
    ("names", "of_images", "of_texts"),
    [
        (("train", "test"), ("train", "test"), ("train", "test")),
        (("val", "test", "train"), ("train", "test"), ("train", "val")),
        (("train", "validation"), ("train", "validation"), ("train", "validation")),
        (("train", "held_out"), ("train", "held_out"), ("train", "held_out")),
        (("full",), ("full", "full"), ("full", "full")),
    ],
)
def test_train_is_trained_on_and_another_split_judges(
    names: tuple[str, ...], of_images: tuple[str, str], of_texts: tuple[str, str]
) -> None:
    """Test of images and val of texts first; a split that is alone is both."""
    assert splits_of(images((8, 8), splits=names)) == of_images
    assert splits_of(texts(1, splits=names)) == of_texts


@pytest.mark.parametrize("names", [("test", "val"), ("a", "b"), ("train", "a", "b")])
def test_splits_that_do_not_say_what_they_are_for_are_refused(names: tuple[str, ...]) -> None:
    """With the names that would say it."""
    with pytest.raises(InvalidArgumentError, match=rf"has the splits {', '.join(names)}\. .* train .* test or val"):
        splits_of(images((8, 8), splits=names))


@pytest.mark.parametrize(
    ("shape", "n_samples", "models", "channels", "lr", "epochs"),
    [
        ((8, 8), 1000, ["mlp", "cnn", "logistic"], (8,), 0.3, 20),
        ((28, 28), 60_000, ["mlp", "cnn", "logistic"], (8, 16), 0.03, 1),
        ((3, 32, 32), 2000, ["mlp", "cnn", "logistic"], (8, 16), 0.008, 10),
        ((3, 64, 64), 500, ["mlp", "cnn", "logistic"], (8, 16), 0.002, 10),
        ((4, 40), 10, ["mlp", "cnn", "logistic"], (8,), 0.2, 20),
        ((3, 30), 10, ["mlp", "logistic"], None, 0.3, 20),
    ],
)
def test_models_of_images_follow_from_their_shape_and_number(
    shape: tuple[int, ...], n_samples: int, models: list[str], channels: object, lr: float, epochs: int
) -> None:
    """A CNN where a block fits; smaller steps for more numbers, fewer epochs for more pixels."""
    trainings = {training.model: training for training in trainings_of(images(shape, n_samples))}

    assert list(trainings) == models
    assert trainings["mlp"].sizes == (32,)
    assert channels is None or trainings["cnn"].sizes == channels
    assert trainings["mlp"].lr == trainings["logistic"].lr == lr
    assert {training.epochs for training in trainings.values()} == {epochs}


@pytest.mark.parametrize(("sizes", "epochs"), [((2000, 1000), 20), ((25_000,), 8), ((10**6, 10**6), 4)])
def test_of_long_texts_a_part_is_read_and_less_often(sizes: tuple[int, ...], epochs: int) -> None:
    """So that a GPT trains in well under a minute."""
    (gpt,) = trainings_of(texts(*sizes))

    assert (gpt.model, gpt.epochs, gpt.blocks) == ("gpt", epochs, Blocks(32, 32, 48_000, 8_000))


@pytest.mark.parametrize("name", catalog.built_in_names())
def test_what_is_stated_wins(name: str) -> None:
    """The built-in datasets have trainings of their own, which were tried."""
    assert trainings_of(catalog.info(name)) == catalog.info(name).trainings != ()
