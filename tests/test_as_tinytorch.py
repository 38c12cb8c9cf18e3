"""Specification of tinytorch_hf.as_tinytorch: the bridge into whichever TinyTorch there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C, GENERATIONS, LOADER

from tinytorch_hf import as_tinytorch, catalog, load_tinydigits
from tinytorch_hf.data import content_hash
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, StudentCodeError, UnknownNameError


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_what_arrives_behind_the_loader_has_the_fingerprint(generation: str, install: Install) -> None:
    """Every framework's own DataLoader hands out the catalog's numbers."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])

    assert content_hash.fingerprint(as_tinytorch.read_back("tinydigits")) == catalog.TINYDIGITS.fingerprint


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_a_seed_fixes_the_order_of_every_epoch(generation: str, install: Install, same_random_state: None) -> None:
    """The same in every framework, new in every epoch, without any global random state."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])
    _, y_train, _, _ = load_tinydigits()

    loader = as_tinytorch.dataloader("tinydigits", "train", batch_size=300, shuffle=True, seed=7)
    epochs = [np.concatenate([np.asarray(y.data) for _, y in loader]) for _ in range(2)]

    assert len(loader) == 4
    for number, labels in enumerate(epochs):
        assert np.array_equal(labels, y_train[as_tinytorch.epoch_order(1000, 7, number)])
    loader.epoch = 0
    assert np.array_equal(np.concatenate([np.asarray(y.data) for _, y in loader]), epochs[0])


def test_epoch_order_is_a_permutation_that_depends_on_seed_and_epoch() -> None:
    """Every sample once; another seed or epoch, another order; the numbers are pinned for all machines."""
    orders = {tuple(as_tinytorch.epoch_order(10, seed, epoch)) for seed in range(3) for epoch in range(3)}

    assert len(orders) == 9
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert as_tinytorch.epoch_order(8, 0, 0).tolist() == [2, 4, 3, 6, 5, 0, 1, 7]


def test_without_a_seed_the_frameworks_own_shuffling_is_used() -> None:
    """All samples, in some other order."""
    _, y_train, _, _ = load_tinydigits()
    loader = as_tinytorch.dataloader("tinydigits", shuffle=True)

    labels = np.concatenate([y.data for _, y in loader])

    assert type(loader).__name__ == "DataLoader"
    assert sorted(labels) == sorted(y_train)
    assert not np.array_equal(labels, y_train)


def test_without_shuffling_batches_come_in_the_files_order_with_the_partial_one() -> None:
    """Images (batch, 8, 8) and labels (batch,), float32 both."""
    X_train, y_train, _, _ = load_tinydigits()

    batches = list(as_tinytorch.dataloader("tinydigits", "train", batch_size=64))

    assert [len(y.data) for _, y in batches] == [64] * 15 + [40]
    assert np.array_equal(batches[2][0].data, X_train[128:192])
    assert np.array_equal(batches[2][1].data, y_train[128:192])
    assert batches[0][1].data.dtype == np.float32


def test_dataset_gives_samples_as_tuples_of_tensors() -> None:
    """As TinyTorch's DataLoader wants them."""
    image, label = as_tinytorch.dataset("tinydigits", "test")[3]

    _, _, X_test, y_test = load_tinydigits()
    assert np.array_equal(image.data, X_test[3])
    assert label.data == y_test[3]


def test_a_root_is_honoured(root: Path, tmp_path: Path) -> None:
    """Files elsewhere are read, and missed."""
    assert len(as_tinytorch.dataset("tinydigits", "test", root=root)) == 200
    with pytest.raises(MissingFileError):
        as_tinytorch.dataloader("tinydigits", root=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"batch_size": 0}, "at least 1"), ({"seed": 3}, "shuffle=True")],
)
def test_arguments_without_sense_are_refused(arguments: dict[str, int], message: str) -> None:
    """Rather than silently ignored."""
    with pytest.raises(ValueError, match=message):
        as_tinytorch.dataloader("tinydigits", **arguments)


def test_wrong_names_are_explained() -> None:
    """Dataset and split alike."""
    with pytest.raises(UnknownNameError):
        as_tinytorch.dataset("digits")
    with pytest.raises(UnknownNameError, match="Known: train, test"):
        as_tinytorch.dataset("tinydigits", "training")


def test_an_error_in_the_students_loader_is_reported_as_theirs(install: Install) -> None:
    """With what was being done and where the package is."""
    folder = install({**GENERATION_C, "core/dataloader.py": LOADER.replace("np.stack", "np.no_such_function")})

    with pytest.raises(StudentCodeError, match="reading tinydigits's train split") as caught:
        as_tinytorch.read_back("tinydigits")
    assert "AttributeError" in str(caught.value)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("arguments", [{"batch_size": 1.5}, {"batch_size": "8"}, {"batch_size": None}, {"seed": -1}])
def test_numbers_that_make_no_batches_are_refused(arguments: dict[str, object]) -> None:
    """When the loader is made, not in the middle of the first epoch."""
    with pytest.raises(InvalidArgumentError, match="must be a whole number"):
        as_tinytorch.dataloader("tinydigits", "train", shuffle=True, **arguments)  # type: ignore[arg-type]
