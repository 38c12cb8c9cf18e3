"""Specification of tinytorch_hf.student.frameworks: the student's TinyTorch is found, in whichever of its layouts."""

from __future__ import annotations

import os

import pytest
from conftest import Install
from generations import ADAPTED, GENERATION_A, GENERATION_C, GENERATIONS

from tinytorch_hf.student.frameworks import find_framework

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
    """`pip install tinytorch` brings someone else's empty package."""
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


def test_a_package_that_ends_python_is_passed_over_with_the_reason(install: Install) -> None:
    """A module without a main guard may call `sys.exit()`, and the command must not end there without a word."""
    install({"__init__.py": "raise SystemExit(0)\n"})

    assert "importing tinytorch failed: SystemExit: 0" in find_framework().note


def test_a_part_that_ends_python_is_a_missing_one(install: Install) -> None:
    """As any other part that does not import."""
    install({**GENERATION_C, "core/dataloader.py": "raise SystemExit(0)\n"})

    assert "has no " in find_framework().note


def test_a_package_whose_own_import_is_missing_is_not_called_uninstalled(install: Install) -> None:
    """The package is there; what it imports is not."""
    install({"__init__.py": "import no_such_library\n"})

    assert find_framework().note == "importing tinytorch failed: No module named 'no_such_library'"


def test_a_part_that_was_not_asked_for_is_an_attribute_error() -> None:
    """The message names it."""
    with pytest.raises(AttributeError, match="'SGD'"):
        find_framework().SGD  # noqa: B018 -- the access is what is tested


def test_a_namespace_package_has_a_location_too(install: Install) -> None:
    """A folder without __init__.py is importable, and must not crash the search."""
    folder = install(ADAPTED)

    assert f"at {folder / 'tinytorch'}{os.sep}"[:-1] in find_framework().note
