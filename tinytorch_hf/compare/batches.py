"""The batches of a training: those that are right, and walks of the student's DataLoader that have to give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.as_tinytorch import epoch_order
from tinytorch_hf.compare.diagnosis import Diagnosis
from tinytorch_hf.compare.package import Package
from tinytorch_hf.compare.plain import digest
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.errors import StudentCodeError
from tinytorch_hf.formats.arrays import Array

# A request ends itself after this time, and another goes on: so a limit is one for a step, not for an epoch.
_SLICE_S = 1.0


@dataclass(frozen=True)
class Batch:
    """One batch of the training: inputs and targets, the epoch, and its number in it; both count from 1."""

    X: Array
    y: Array
    epoch: int
    number: int


class Batches:
    """The training batches in the order in which both sides take them, and what is asked of the student's loader."""

    def __init__(self, settings: Settings, arrays: Arrays) -> None:
        self._settings = settings
        self._arrays = arrays

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Every batch of an epoch."""
        order = epoch_order(len(self._arrays.y_train), self._settings.seed, epoch - 1)
        for number, start in enumerate(range(0, len(order), self._settings.batch_size), start=1):
            rows = order[start : start + self._settings.batch_size]
            yield Batch(self._arrays.X_train[rows], self._arrays.y_train[rows], epoch, number)

    @property
    def n_steps(self) -> int:
        """How many batches there are in all epochs."""
        return self._settings.epochs * -(-len(self._arrays.y_train) // self._settings.batch_size)

    def digests(self, epoch: int) -> list[str]:
        """A hash of the content of each batch."""
        return [digest(batch.X, batch.y) for batch in self.epoch(epoch)]

    def request(self, epoch: int) -> dict[str, Any]:
        """What a request says of the walk through an epoch."""
        settings = self._settings
        return {
            **{"split": "train", "epoch": epoch, "trains": True},
            **{"batch_size": settings.batch_size, "seed": settings.seed},
        }

    def wrong(self, package: Package, epoch: int) -> Callable[[int], StudentCodeError]:
        """Makes the error for a batch of an epoch, by its number from 1."""
        return lambda batch: StudentCodeError(
            f"Batch {batch} of epoch {epoch} from the DataLoader of {package.subject.name} is not the batch it was "
            f"given: wrong samples, order, shape or number of batches. {likely(package)}"
            f"The package is at {package.subject.location}."
        )


def likely(package: Package) -> str:
    """A sentence on what is wrong with a package's DataLoader; nothing if that cannot be told."""
    named = Diagnosis(package).name("DataLoader", "")
    return f"Likely cause: {named.sentence} [{named.code}]. {named.hint} " if named.code else ""


def walk(
    package: Package,
    digests: Sequence[str],
    wrong: Callable[[int], StudentCodeError],
    trained: Callable[[list[float]], None] = lambda _: None,
    **request: Any,
) -> None:
    """Let the package walk through a split, and compare each batch with what it should be.

    Parameters
    ----------
    package
        Whose DataLoader it is.
    digests
        Of the right batches.
    wrong
        Makes the error for a batch that is not right, by its number from 1.
    trained
        Takes the losses of some steps as they come.
    **request
        What the walk is.
    """
    done, is_over = 0, False
    while not is_over:
        answer = package.request(
            "walk",
            starts=done == 0,
            at_most=len(digests) + 1 - done,
            seconds=slice_s(package),
            **request,
        )
        batches, losses = answer.results.get("batches", []), _floats(answer.results.get("losses"))
        if not isinstance(batches, list) or losses is None:
            raise package.damaged("batches or losses")
        trained(losses)
        for number, found in enumerate(batches, start=done):
            if number >= len(digests) or found != digests[number]:
                raise wrong(number + 1)
        done += len(batches)
        if answer.kind != "results":
            raise package.error(answer)
        is_over = answer.results.get("over") is True
        if len(losses) != (len(batches) if request["trains"] else 0) or not (batches or is_over):
            raise package.damaged("batches without losses")
    if done < len(digests):
        raise wrong(done + 1)


def slice_s(package: Package) -> float:
    """Seconds after which a long request ends itself."""
    return min(_SLICE_S, package.target.limit_s / 4)


def _floats(values: Any) -> list[float] | None:
    """Losses as they arrive; None where they are none."""
    if values is None:
        return []
    is_right = isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind == "f"
    return [float(value) for value in values] if is_right else None
