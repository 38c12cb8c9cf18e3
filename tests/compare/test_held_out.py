"""Specification of tinytorch_hf.compare.held_out and of the arrays with a validation part."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tinytorch_hf import write_dataset
from tinytorch_hf.compare import held_out
from tinytorch_hf.compare.tasks import load_arrays, settings_for
from tinytorch_hf.data.loaders import load_images
from tinytorch_hf.data.texts import texts
from tinytorch_hf.errors import InvalidArgumentError

FACTS = {"summary": "s", "license": "CC0-1.0", "source": "made here"}


def test_a_fifth_of_each_class_is_held_out_by_the_seed() -> None:
    """The same with the same seed, other samples with another one; and nothing is lost."""
    plain = load_arrays(settings_for("tinydigits"))
    arrays, again, other = (load_arrays(settings_for("tinydigits", validation=True, seed=seed)) for seed in (0, 0, 1))

    assert arrays.X_val is not None and arrays.y_val is not None
    assert np.bincount(plain.y_train).tolist() == [100] * 10
    assert np.bincount(arrays.y_val).tolist() == [20] * 10
    assert np.array_equal(arrays.X_val, again.X_val)
    assert not np.array_equal(arrays.X_val, other.X_val)
    parts = np.concatenate([arrays.X_train, arrays.X_val])
    assert sorted(map(bytes, parts)) == sorted(map(bytes, plain.X_train))
    assert np.array_equal(arrays.X_test, plain.X_test)


@pytest.mark.parametrize(("counts", "held"), [([10, 20, 5], [2, 4, 1]), ([2, 1, 3], [1, 0, 1])])
def test_each_class_gives_its_share(counts: list[int], held: list[int]) -> None:
    """At least one where it has two."""
    labels = np.repeat(np.arange(3), counts)

    assert np.bincount(labels[held_out.rows(labels, 0, "mine")], minlength=3).tolist() == held


def test_too_few_samples_are_refused() -> None:
    """No two of one class: nothing can be held out."""
    with pytest.raises(InvalidArgumentError, match="mine has 3 samples to train on"):
        held_out.rows(np.arange(3), 0, "mine")


def test_points_that_are_made_have_a_validation_part_too() -> None:
    """With as many of each label, in the axes of the model."""
    arrays = load_arrays(settings_for("xor", validation=True))

    assert arrays.y_val is not None and arrays.y_val.shape == (40, 1)
    assert arrays.y_val.dtype == np.float32
    assert len(arrays.y_train) == 160


def test_a_validation_split_of_the_datasets_own_is_taken(tmp_path: Path) -> None:
    """Then nothing is cut from what is trained on."""

    def drawn(n: int, seed: int) -> dict[str, np.ndarray]:
        images = np.random.default_rng(seed).integers(0, 255, (n, 8, 8), dtype=np.uint8)
        return {"images": images, "labels": np.arange(n) % 2}

    splits = {"train": drawn(40, 0), "val": drawn(10, 1), "test": drawn(20, 2)}
    dataset = write_dataset(tmp_path / "mine", splits, name="with_val", classes=["a", "b"], **FACTS)

    arrays = load_arrays(settings_for(dataset, validation=True))

    assert [len(arrays.named()[name]) for name in ("y_train", "y_val", "y_test")] == [40, 10, 20]
    assert np.array_equal(arrays.X_val, load_images(dataset, "val")[0].reshape(10, -1))


def test_texts_are_then_judged_by_their_test_split() -> None:
    """Their validation split, which judges otherwise, has chosen."""
    settings = settings_for("tinytalks")
    plain, arrays = load_arrays(settings), load_arrays(dataclasses.replace(settings, validation=True))

    assert np.array_equal(arrays.X_val, plain.X_test)
    assert np.array_equal(arrays.X_train, plain.X_train)
    assert len("".join(texts("tinytalks", "test"))) // 32 == pytest.approx(len(arrays.X_test), abs=1)


def test_of_texts_without_such_a_split_whole_texts_are_held_out() -> None:
    """A fifth, by the seed; of few texts the last characters."""
    found = [f"text {number}" for number in range(10)]
    train, held = held_out.texts(found, 0)

    assert (len(train), len(held)) == (8, 2)
    assert sorted(train + held) == found
    assert held != held_out.texts(found, 3)[1]
    assert held_out.texts(["0123456789"], 0) == (["01234567"], ["89"])
