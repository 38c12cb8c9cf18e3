"""Specification of comparisons on datasets of the user's own: images of any shape and number of classes, and texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import catalog, cli, load, write_dataset
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.compare import lockstep, tasks
from tinytorch_hf.errors import InvalidArgumentError, UnknownNameError
from tinytorch_hf.formats.arrays import Array

Columns = dict[str, Array]
Write = Callable[..., DatasetInfo]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write and register a dataset called "own", for one test."""

    def write(splits: dict[str, Columns], n_classes: int = 0) -> DatasetInfo:
        classes = [f"class {number}" for number in range(n_classes)]
        return write_dataset(
            tmp_path / "own", splits, name="own", summary="-", license="-", source="-", classes=classes
        )

    yield write
    catalog.forget("own")


def images(n: int, *shape: int, n_classes: int = 3, seed: int = 0) -> Columns:
    """Noise, brighter for each further class."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    brightness = (60 * labels).reshape(-1, *[1] * len(shape))
    return {"images": (rng.integers(0, 80, (n, *shape)) + brightness).astype(np.uint8), "labels": labels}


def pairs(n: int, start: int = 0) -> Columns:
    """Sums."""
    numbers = range(start, start + n)
    return {
        "question": np.array([f"What is {number} + 1?" for number in numbers]),
        "answer": np.array([f"It is {number + 1}." for number in numbers]),
    }


@pytest.mark.parametrize("shape", [(9, 12), (3, 14, 14)])
def test_images_of_three_classes_are_compared_with_every_model(write: Write, shape: tuple[int, ...]) -> None:
    """Grey or in colour, square or not; sizes and channels from the shape, outputs from the classes."""
    own = write({"train": images(40, *shape), "test": images(9, *shape, seed=1)}, 3)

    results = [
        lockstep.run(tasks.settings_for("own", model, epochs=2, batch_size=16)) for model in ("mlp", "cnn", "logistic")
    ]

    n_pixels = int(np.prod(shape))
    assert [result.model for result in results] == [
        f"MLP {n_pixels}-32-3",
        "CNN 8-16" if shape == (3, 14, 14) else "CNN 8",
        f"logistic regression {n_pixels}-3",
    ]
    assert all(result.agree and result.n_steps == 6 for result in results)
    assert {result.fingerprint for result in results} == {own.fingerprint}


def test_what_is_learned_is_in_the_images(write: Write) -> None:
    """With the settings that follow from the shape."""
    write({"train": images(300, 10, 10), "val": images(60, 10, 10, seed=1)}, 3)

    assert lockstep.run(tasks.settings_for("own")).epochs[-1].accuracy_pytorch > 0.9


def test_a_dataset_is_named_by_name_facts_or_path(write: Write) -> None:
    """Facts of what is not registered stand for their folder."""
    own = write({"train": images(20, 6, 6), "test": images(6, 6, 6)}, 3)
    folder = str(Path(str(own.provider.path)))  # type: ignore[union-attr]

    by_name = tasks.load_arrays(tasks.settings_for("own"))
    assert tasks.settings_for(own) == tasks.settings_for("own")
    catalog.forget("own")
    for given in (own, Path(folder), folder):
        settings = tasks.settings_for(given)
        assert settings.dataset == folder
        assert np.array_equal(tasks.load_arrays(settings).X_train, by_name.X_train)
    with pytest.raises(UnknownNameError, match=r"Known: .*, perceptron"):
        tasks.settings_for("own")


def test_of_a_single_split_every_fifth_image_judges(write: Write) -> None:
    """Every sample is in one part."""
    own = write({"everything": images(23, 5, 4)}, 3)
    stored = load(own)["everything"]["images"] / np.float32(255)

    arrays = tasks.load_arrays(tasks.settings_for("own", "cnn"))

    assert np.array_equal(arrays.X_test[:, 0], stored[4::5])
    assert np.array_equal(arrays.X_train[:, 0], np.delete(stored, slice(4, None, 5), axis=0))
    assert (len(arrays.y_train), len(arrays.y_test)) == (19, 4)


@pytest.mark.parametrize(
    "splits",
    [
        {"train": pairs(60), "test": pairs(9, 60), "val": pairs(12, 80)},
        {"all": pairs(75)},
        {"train": {"text": np.array(["to be " * 200])}, "test": {"text": np.array(["or not to be " * 5])}},
    ],
    ids=["pairs", "one split", "plain text"],
)
def test_a_gpt_reads_texts_of_ones_own(write: Write, splits: dict[str, Columns]) -> None:
    """In blocks of 32 characters of what is trained on, whose characters are the vocabulary."""
    own = write(splits)

    result = lockstep.run(tasks.settings_for("own", epochs=1, batch_size=8))

    assert result.agree
    assert result.n_steps > 3
    assert result.fingerprint == own.fingerprint
    assert tasks.make_model(result.settings).layers[0].arguments[:2] == (tasks.tokenizer("own").vocab_size, 32)


def test_of_a_single_split_every_fifth_text_judges(write: Write) -> None:
    """The characters are those of the texts that are trained on."""
    texts = np.array([f"{'abcdefgh'[number % 8] * 12}{number % 5}" for number in range(20)])
    write({"full": {"text": texts}})

    arrays = tasks.load_arrays(tasks.settings_for("own"))

    characters = tasks.tokenizer("own")
    assert "4" not in characters.vocab
    trained_on = "".join(f"{text}\n" for text in texts if not text.endswith("4"))
    assert characters.decode(arrays.X_train.ravel()) == trained_on[: arrays.X_train.size]
    assert characters.decode(arrays.X_test.ravel())[:15] == f"{'e' * 12}<UNK>\n"[:15]


def test_of_a_single_text_the_end_judges(tmp_path: Path) -> None:
    """A whole book in one file is one sample: its last fifth is held out."""
    book = "".join(f"{number}." for number in range(300))
    (tmp_path / "book.txt").write_text(book, encoding="utf-8")
    file = {"name": "book.txt", "size_bytes": len(book), "sha256": hashlib.sha256(book.encode()).hexdigest()}
    described = {
        **{"schema": 1, "name": "book", "kind": "plain text", "decoder": "text"},
        **{"summary": "-", "version": "1", "license": "-", "source": "-"},
        "columns": [{"name": "text", "dtype": "str"}],
        "splits": [{"name": "full", "n_samples": 1, "files": [file]}],
    }
    (tmp_path / "dataset.json").write_text(json.dumps(described), encoding="utf-8")

    settings = tasks.settings_for(tmp_path)
    arrays = tasks.load_arrays(settings)

    characters = tasks.tokenizer(tmp_path)
    end = len(book) + 1 - (len(book) + 1) // 5
    assert book.startswith(characters.decode(arrays.X_train.ravel()))
    assert f"{book}\n"[end:].startswith(characters.decode(arrays.X_test.ravel()))
    assert arrays.X_train.size == (end - 1) // 32 * 32


@pytest.mark.parametrize(
    ("splits", "n_classes", "message"),
    [
        ({"train": images(40, 6, 6, n_classes=1)}, 1, "Own has 1 class. A model is trained to tell two or more apart"),
        ({"full": images(4, 6, 6)}, 3, "Own has 4 samples and no other split: too few"),
        (
            {"train": images(31, 6, 6), "test": images(9, 6, 6)},
            3,
            "31 samples to train on, .* batch size of at most 31",
        ),
        ({"train": images(31, 6, 6), "a": images(9, 6, 6), "b": images(9, 6, 6)}, 3, "the splits train, a, b"),
        ({"train": pairs(1), "test": pairs(9)}, 0, "Own has 31 characters to train on. A model sees 32"),
        ({"train": pairs(9), "test": pairs(1)}, 0, "Own has 31 characters to be judged by"),
        ({"train": pairs(9), "test": pairs(9)}, 0, "own has 8 samples to train on, fewer than a batch of 32"),
    ],
    ids=["one class", "four samples", "batch", "splits", "text", "judging text", "batch of blocks"],
)
def test_what_is_too_small_is_refused(write: Write, splits: dict[str, Columns], n_classes: int, message: str) -> None:
    """With what is missing, before anything is trained."""
    write(splits, n_classes)

    with pytest.raises(InvalidArgumentError, match=message):
        lockstep.run(tasks.settings_for("own"))


def test_a_model_that_does_not_fit_is_not_offered(write: Write) -> None:
    """No convolution fits into images three pixels high."""
    write({"train": images(40, 3, 9), "test": images(9, 3, 9)}, 3)

    with pytest.raises(UnknownNameError, match=r"no model for own named 'cnn'.*Known: mlp, logistic"):
        tasks.settings_for("own", "cnn")


def test_the_command_takes_a_folder(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Without its being registered."""
    own = write({"train": images(20, 6, 6), "test": images(6, 6, 6)}, 3)
    catalog.forget("own")
    folder = own.provider.path  # type: ignore[union-attr]

    status = cli.main(["compare", folder, "--epochs", "1", "--batch-size", "10"])

    out = capsys.readouterr().out
    assert status == 0
    assert f"data       {own.name}, the same numbers on both sides: fingerprint {own.fingerprint[:16]}" in out
    assert "MLP 36-32-3" in out
    assert "verdict    the reference agrees" in out
