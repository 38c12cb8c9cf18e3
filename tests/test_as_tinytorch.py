"""Specification of tinytorch_hf.as_tinytorch: the bridge, and how the student's package is found."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import ADAPTED, GENERATION_A, GENERATION_C, GENERATIONS, LOADER

from tinytorch_hf import as_tinytorch, catalog, describe, load_tinydigits
from tinytorch_hf.as_tinytorch import find_framework
from tinytorch_hf.errors import MissingFileError, StudentCodeError, UnknownNameError

TRAINING_PARTS = ("Tensor", "Linear", "ReLU", "CrossEntropyLoss", "SGD", "Adam", "TensorDataset", "DataLoader")


def test_without_a_package_the_reference_serves_and_says_why() -> None:
    """The name and the note go into the output."""
    framework = find_framework()

    assert str(framework) == "tinytorch_hf.reference (no package tinytorch is installed)"
    assert framework.Tensor.__module__ == "tinytorch_hf.reference.tensor"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_is_found_with_all_its_parts(
    generation: str, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """Top level first, None counts as missing, and what it prints on import is swallowed."""
    folder = install(GENERATIONS[generation])

    framework = find_framework(TRAINING_PARTS)

    assert framework.name.startswith("tinytorch 0.")
    assert framework.location == str(folder / "tinytorch")
    assert framework.note == f"your own package at {folder / 'tinytorch'}"
    assert all(framework.parts[name] is not None for name in TRAINING_PARTS)
    assert capsys.readouterr().out == ""


def test_of_two_loaders_the_one_at_the_top_level_is_taken(install: Install) -> None:
    """The first generation has two classes of the same name; milestones use the top level's."""
    install(GENERATION_A)

    assert find_framework().DataLoader.__module__ == "tinytorch.data.loader"


def test_the_second_generations_tensors_take_gradients(install: Install) -> None:
    """There `requires_grad` is known only after the autograd module has been imported."""
    install(GENERATIONS["B"])

    assert find_framework().Tensor([1.0], requires_grad=True).requires_grad


def test_a_package_of_that_name_that_is_something_else_is_passed_over(install: Install) -> None:
    """`pip install tinytorch` brings somebody else's empty package."""
    folder = install({"__init__.py": '__version__ = "0.1.0"\n'})

    framework = find_framework()

    assert framework.name == "tinytorch_hf.reference"
    assert framework.note == f"the package tinytorch at {folder / 'tinytorch'} has no Tensor, TensorDataset, DataLoader"


def test_a_half_built_package_is_passed_over_with_what_it_lacks(install: Install) -> None:
    """A student at module 5 has no optimizer yet."""
    files = {name: text for name, text in GENERATION_C.items() if name != "core/optimizers.py"}
    install(files)

    assert find_framework(TRAINING_PARTS).note.endswith("has no SGD, Adam")
    assert find_framework().name == "tinytorch 0.2.0"


def test_a_package_that_does_not_import_is_passed_over_with_the_reason(install: Install) -> None:
    """The student sees their own error, not ours."""
    install({"__init__.py": "1 / 0\n"})

    assert find_framework().note == "importing tinytorch failed: ZeroDivisionError: division by zero"


def test_a_package_whose_own_import_is_missing_is_not_called_uninstalled(install: Install) -> None:
    """The package is there; what it imports is not."""
    install({"__init__.py": "import no_such_library\n"})

    assert find_framework().note == "importing tinytorch failed: No module named 'no_such_library'"


def test_a_part_that_was_not_asked_for_is_an_attribute_error() -> None:
    """The message names it."""
    with pytest.raises(AttributeError, match="'SGD'"):
        find_framework().SGD  # noqa: B018 -- the access is what is tested


@pytest.mark.parametrize("generation", ["reference", *GENERATIONS])
def test_what_arrives_behind_the_loader_has_the_fingerprint(generation: str, install: Install) -> None:
    """Every framework's own DataLoader hands out the catalog's numbers."""
    if generation in GENERATIONS:
        install(GENERATIONS[generation])

    assert describe.fingerprint(as_tinytorch.read_back("tinydigits")) == catalog.TINYDIGITS.fingerprint


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


def test_a_namespace_package_has_a_location_too(install: Install) -> None:
    """A folder without __init__.py is importable, and must not crash the search."""
    folder = install(ADAPTED)

    assert f"at {folder / 'tinytorch'}{os.sep}"[:-1] in find_framework().note
