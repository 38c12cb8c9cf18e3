"""Specification of tinytorch_hf.errors."""

from __future__ import annotations

import copy
import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinytorch_hf import errors


def test_every_error_has_the_one_base_and_is_a_runtime_error() -> None:
    """Users of torchvision catch RuntimeError; everyone else catches the base."""
    classes = [item for _, item in inspect.getmembers(errors, inspect.isclass) if item.__module__ == errors.__name__]

    assert len(classes) > 5
    for item in classes:
        assert issubclass(item, errors.TinyTorchHFError)
        assert issubclass(item, RuntimeError)


def test_a_wrong_name_suggests_close_matches_and_lists_what_exists() -> None:
    """A typing error is answered with the name that was meant."""
    message = str(errors.UnknownNameError("dataset", "TinyDigts", ["tinydigits", "tinymnist"]))

    assert "'TinyDigts'" in message
    assert "Did you mean 'tinydigits'" in message
    assert "Known: tinydigits, tinymnist." in message


@pytest.mark.parametrize("name", ["sgd", "Sgd", "SDG"])
def test_suggestions_do_not_hang_on_upper_and_lower_case(name: str) -> None:
    """Neither in what was written nor in what exists, which stays as it is written."""
    message = str(errors.UnknownNameError("part of TinyTorch", name, ["Tensor", "SGD", "Adam"]))

    assert "Did you mean 'SGD'?" in message


def test_a_name_like_nothing_gets_no_suggestion() -> None:
    """Far-fetched suggestions confuse more than they help."""
    assert "Did you mean" not in str(errors.UnknownNameError("dataset", "imagenet", ["tinydigits"]))


def test_a_missing_library_is_told_from_one_that_does_not_import() -> None:
    """Someone whose torch is broken must not be told that it is not installed."""
    missing = errors.MissingExtraError("torch", "compare", ModuleNotFoundError("No module", name="torch"))
    broken = errors.MissingExtraError("torch", "compare", ImportError("libcudart.so: cannot open"))

    assert 'torch, which is not installed; install it with: pip install "tinytorch-hf[compare]"' in str(missing)
    assert "which does not import here (libcudart.so: cannot open)" in str(broken)
    assert "\n" not in str(missing)


@pytest.mark.parametrize(
    "error",
    [
        errors.GitLFSPointerError(Path("a/train.pkl")),
        errors.TruncatedFileError(Path("a/train.pkl"), 3, 5),
        errors.WrongHashError(Path("a/train.pkl"), "SHA-256", "aa", "bb"),
        errors.UnsafePickleError(Path("a/train.pkl"), "os.system"),
    ],
)
def test_a_corrupt_file_is_named_with_what_to_run_next(error: errors.CorruptFileError) -> None:
    """What happened, on which file, what to run next."""
    assert "train.pkl" in str(error)
    assert "tinytorch-hf export" in str(error)
    assert "tinytorch-hf download NAME" in str(error)
    assert "download=True" not in str(error), "only some calls have it"


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])
@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownNameError("dataset", "mnits", ["mnist"]),
        errors.InvalidArgumentError("n must be at least 1."),
        errors.MissingExtraError("torch", "torch", ImportError("broken")),
        errors.StorageError("it cannot be read"),
        errors.GitLFSPointerError(Path("train.pkl")),
        errors.TruncatedFileError(Path("train.pkl"), 1, 2),
        errors.WrongHashError(Path("train.pkl"), "SHA-256", "0", "1"),
        errors.UnsafePickleError(Path("train.pkl"), "os.system"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_whole_out_of_another_process(error: errors.TinyTorchHFError, again: Any) -> None:
    """A pool of processes pickles what its workers raise; one that cannot be read back stops the pool."""
    error.__dict__["seen"] = "in a worker"

    copied = again(error)

    assert (type(copied), str(copied), copied.args) == (type(error), str(error), error.args)
    assert vars(copied) == vars(error)


@pytest.mark.parametrize("value", [0, -1, 1.5, 2.0, float("nan"), "3", None, [1]])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    """Before it is used, with the name of the argument."""
    with pytest.raises(errors.InvalidArgumentError, match="n must be a whole number of at least 1"):
        errors.whole_number("n", value)


def test_whole_numbers_of_every_kind_are_taken() -> None:
    """Python's and NumPy's, as int."""
    assert [errors.whole_number("n", value, 0) for value in (0, 7, np.int64(7), np.uint8(7))] == [0, 7, 7, 7]
