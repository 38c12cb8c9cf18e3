"""What both sides of a comparison start from: the model, the student's package, and the same numbers, proven."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tinytorch_hf.catalog import Folder
from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.batches import likely, walk
from tinytorch_hf.compare.models import Model
from tinytorch_hf.compare.package import Package, opened
from tinytorch_hf.compare.plain import digest
from tinytorch_hf.compare.settings import Settings, optimizer_choice
from tinytorch_hf.compare.target import Target
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.data.content_hash import fingerprint, fingerprints
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StudentCodeError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging.judges import chosen, judge
from tinytorch_hf.student.frameworks import BRIDGE_PARTS

# Samples in a batch while a split is read through the student's DataLoader.
_READ = 100


@dataclass(frozen=True)
class Prepared:
    """What a run needs: the model, its data, and the TinyTorch that is compared."""

    settings: Settings
    model: Model
    arrays: Arrays
    package: Package
    fingerprint: str

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the classes of the package that are used."""
        return _parts(self.model, self.settings)


@contextlib.contextmanager
def prepare(settings: Settings, target: Target | None = None) -> Iterator[Prepared]:
    """Find the student's package, load the data, and prove that both sides hold the same; then keep the package there.

    Raises
    ------
    UnknownNameError
        No such dataset, or no such model for it, or no such optimizer.
    InvalidArgumentError
        The dataset has too little to train on: one class, fewer samples than a batch, a text shorter than a block. Or
        there is no such package, or it lacks what the model needs.
    MissingExtraError
        torch was chosen as the judge, and is not installed.
    CorruptFileError
        A side does not hold the catalog's numbers.
    StudentCodeError
        The student's package raised an error, or its DataLoader gave other numbers than it was given.
    """
    optimizer_choice(settings.optimizer)
    model = tasks.make_model(settings)
    judge("float32")
    with opened(target or Target()) as package:
        package.require(_parts(model, settings), str(model))
        arrays = tasks.load_arrays(settings)
        if len(arrays.X_train) < settings.batch_size:
            raise InvalidArgumentError(
                f"{settings.dataset} has {len(arrays.X_train)} samples to train on, fewer than a batch of "
                f"{settings.batch_size}. Choose a batch size of at most {len(arrays.X_train)}."
            )
        hand_over(package, arrays)
        yield Prepared(settings, model, arrays, package, prove_same_numbers(settings.dataset, package, arrays))


def _parts(model: Model, settings: Settings) -> tuple[str, ...]:
    return (*BRIDGE_PARTS, *model.needs, optimizer_choice(settings.optimizer).class_name)


def hand_over(package: Package, arrays: Arrays) -> None:
    """Let the package have the data, unless it has them."""
    package.hold(arrays.named())


def prove_same_numbers(name: str, package: Package, arrays: Arrays) -> str:
    """The data's fingerprint; raise unless the adapters of stored images serve the right numbers.

    Of other data, every batch of TinyTorch's is compared while training.
    """
    dataset = tasks.stored(name)
    if dataset is not None and dataset.kind == "images":
        _prove_adapters(name, package, arrays)
    return fingerprint_of(name, arrays)


def fingerprint_of(name: str, arrays: Arrays) -> str:
    """The fingerprint of a dataset, or of the points that were made."""
    dataset = tasks.stored(name)
    if dataset is not None and dataset.fingerprint:
        return dataset.fingerprint
    if dataset is not None and isinstance(dataset.provider, Folder):
        return fingerprint(dataset)
    # Points that are generated, and functions that depend on the release of Python.
    return fingerprint({key: Split(key, {key: column}) for key, column in arrays.named().items()})


def _prove_adapters(name: str, package: Package, arrays: Arrays) -> None:
    if chosen() == "torch":
        from tinytorch_hf.as_torch.read_back import from_tensors

        found, expected = fingerprints(name, from_tensors(name))
        if found != expected:
            raise CorruptFileError(f"PyTorch's side does not hold the numbers of {name} that the catalog states.")
    for split, X, y in (("train", arrays.X_train, arrays.y_train), ("test", arrays.X_test, arrays.y_test)):
        walk(
            package,
            _in_hundreds(X, y),
            lambda _: _other_numbers(name, package),
            split=split,
            epoch=None,
            trains=False,
            batch_size=_READ,
            seed=0,
        )


def _in_hundreds(X: Array, y: Array) -> list[str]:
    return [digest(X[start : start + _READ], y[start : start + _READ]) for start in range(0, len(X), _READ)]


def _other_numbers(name: str, package: Package) -> StudentCodeError:
    return StudentCodeError(
        f"The DataLoader of {package.subject.name} gave other numbers than {name} holds. First look at how it collects "
        f"samples into batches. {likely(package)}"
        f"The package is at {package.subject.location}."
    )
