"""What both sides of a comparison start from: the model, the student's package, and the same numbers, proven."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf import catalog
from tinytorch_hf.as_tinytorch import read_back
from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.data.content_hash import fingerprint, fingerprints
from tinytorch_hf.errors import CorruptFileError, MissingExtraError, StudentCodeError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.student.frameworks import BRIDGE_PARTS, Framework, find_framework


@dataclass(frozen=True)
class Prepared:
    """What a run needs: the model, its data, and the TinyTorch that is compared."""

    settings: Settings
    model: Model
    arrays: Arrays
    framework: Framework
    fingerprint: str


def prepare(settings: Settings) -> Prepared:
    """Find the student's package, load the data, and prove that both sides hold the same.

    Raises
    ------
    UnknownNameError
        No such dataset, or no such model for it, or no such optimizer.
    MissingExtraError
        torch is not installed.
    CorruptFileError
        A side does not hold the catalog's numbers.
    StudentCodeError
        The student's DataLoader gave other numbers than it was given.
    """
    optimizer = optimizer_choice(settings.optimizer)
    model = tasks.make_model(settings)
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("torch", "compare", error) from error

    framework = find_framework((*BRIDGE_PARTS, *model.needs, optimizer.class_name))
    arrays = tasks.load_arrays(settings)
    return Prepared(settings, model, arrays, framework, prove_same_numbers(settings.dataset, framework, arrays))


def prove_same_numbers(name: str, framework: Framework, arrays: Arrays) -> str:
    """The data's fingerprint; raise unless both adapters of stored images serve the catalog's numbers.

    Of other data, every batch of TinyTorch's is compared while training.
    """
    if name in catalog.names() and catalog.info(name).columns[0].name == "images":
        _prove_adapters(name, framework)
    if name in catalog.names() and catalog.info(name).fingerprint:
        return catalog.info(name).fingerprint
    # Points that are generated, and functions that depend on the release of Python.
    columns = {key: getattr(arrays, key) for key in ("X_train", "y_train", "X_test", "y_test")}
    return fingerprint({key: Split(key, {key: column}) for key, column in columns.items()})


def _prove_adapters(name: str, framework: Framework) -> None:
    from tinytorch_hf.as_torch.read_back import from_tensors

    found, expected = fingerprints(name, from_tensors(name))
    if found != expected:
        raise CorruptFileError(f"PyTorch's side does not hold the numbers of {name} that the catalog states.")
    found, expected = fingerprints(name, read_back(name, framework))
    if found != expected:
        raise StudentCodeError(
            f"The DataLoader of {framework.name} gave other numbers than {name} holds. Look at how it collects "
            f"samples into batches, before anything else. The package is at {framework.location}."
        )
