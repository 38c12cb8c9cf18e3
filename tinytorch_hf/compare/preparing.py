"""What both sides of a comparison start from: the model, the student's package, and the same numbers, proven."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf.as_tinytorch import gave_other_numbers, read_back
from tinytorch_hf.catalog import Folder
from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.data.content_hash import fingerprint, fingerprints
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingExtraError
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
    InvalidArgumentError
        The dataset has too little to train on: one class, fewer samples than a batch, a text shorter than a block.
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
    if len(arrays.X_train) < settings.batch_size:
        raise InvalidArgumentError(
            f"{settings.dataset} has {len(arrays.X_train)} samples to train on, fewer than a batch of "
            f"{settings.batch_size}. Choose a batch size of at most {len(arrays.X_train)}."
        )
    return Prepared(settings, model, arrays, framework, prove_same_numbers(settings.dataset, framework, arrays))


def prove_same_numbers(name: str, framework: Framework, arrays: Arrays) -> str:
    """The data's fingerprint; raise unless both adapters of stored images serve the catalog's numbers.

    Of other data, every batch of TinyTorch's is compared while training.
    """
    dataset = tasks.stored(name)
    if dataset is not None and dataset.kind == "images":
        _prove_adapters(name, framework)
    if dataset is not None and dataset.fingerprint:
        return dataset.fingerprint
    if dataset is not None and isinstance(dataset.provider, Folder):
        return fingerprint(dataset)
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
        raise gave_other_numbers(name, framework)
