"""The training as PyTorch does it: carried out now, or read from what was recorded of its default settings."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tinytorch_hf.compare.batches import Batches
from tinytorch_hf.compare.judging_side import side_of
from tinytorch_hf.compare.models import Model, Weights
from tinytorch_hf.compare.plain import flat, of_settings
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sides import Side, predictions, share_right
from tinytorch_hf.compare.tasks import Arrays
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.judging import records
from tinytorch_hf.judging.judges import chosen, getting_torch, judge

PATH = Path(__file__).parent / "recorded" / "trainings.npz"


# A training to be recorded: settings, initial weights, the data's fingerprint, what each epoch gave, and the classes
# that are predicted at the end, if that is what is predicted.
Trained = tuple[Settings, Weights, str, list[tuple[list[float], float]], Array | None]


class PyTorchTraining(Protocol):
    """PyTorch's side of a training, epoch by epoch."""

    def epoch(self, number: int) -> tuple[list[float], float]:
        """The losses of an epoch, from 1, and the accuracy on the test split after it; epochs come in order."""

    def predictions(self) -> Array | None:
        """(N,) int64, the classes that are predicted for the test split now; None where they are not known."""


def pytorch_training(
    settings: Settings, model: Model, weights: Weights, arrays: Arrays, fingerprint: str
) -> PyTorchTraining:
    """The training by the judge that was chosen; errors as for `Recorded`."""
    if chosen() == "torch":
        return Live(settings, model, weights, arrays)
    return Recorded(settings, weights, fingerprint)


class Live:
    """Carried out by PyTorch here.

    Parameters
    ----------
    settings, model, weights, arrays
        Of the run.
    """

    def __init__(self, settings: Settings, model: Model, weights: Weights, arrays: Arrays) -> None:
        self._side: Side = side_of(settings, model, weights)
        self._batches = Batches(settings, arrays)
        self._arrays = arrays

    def epoch(self, number: int) -> tuple[list[float], float]:
        """Train for an epoch."""
        losses = [self._side.step(batch.X, batch.y) for batch in self._batches.epoch(number)]
        self._outputs = self._side.outputs(self._arrays.X_test)
        return losses, share_right(self._outputs, self._arrays.y_test)

    def predictions(self) -> Array | None:
        """Those after the last epoch."""
        return predictions(self._outputs)


_OTHER = {"fingerprint": "other data", "weights": "other initial weights"}


class Recorded:
    """As PyTorch carried it out where the records were made.

    Parameters
    ----------
    settings, weights
        Of the run.
    fingerprint
        Of its data.

    Raises
    ------
    InvalidArgumentError
        There is no record of these settings.
    CorruptFileError
        The records are damaged, or are of other data or other weights.
    """

    def __init__(self, settings: Settings, weights: Weights, fingerprint: str) -> None:
        arrays = _read()[1]
        entry = _entry(settings)
        for what, right in (("fingerprint", fingerprint), ("weights", weights_digest(weights))):
            if entry[what] != right:
                raise CorruptFileError(
                    f"PyTorch's answers for {settings.dataset} were recorded with {_OTHER[what]} than there are here "
                    f"({entry[what][:12]}, here {right[:12]}). {getting_torch()}"
                )
        self._losses = arrays["losses"][slice(*entry["losses"])].reshape(entry["epochs"], -1)
        self._accuracies = arrays["accuracies"][slice(*entry["accuracies"])]
        kept = arrays["predictions"][slice(*entry["predictions"])].astype(np.int64)
        # They are those after the last epoch that was recorded.
        self._predictions = kept if len(kept) and settings.epochs == entry["epochs"] else None

    def epoch(self, number: int) -> tuple[list[float], float]:
        """What was recorded of an epoch."""
        return [float(loss) for loss in self._losses[number - 1]], float(self._accuracies[number - 1])

    def predictions(self) -> Array | None:
        """What was recorded after the last epoch."""
        return self._predictions


def version() -> str:
    """The release of PyTorch that judges: the one that is installed, or the one whose answers were recorded."""
    return judge("float32").version if chosen() == "torch" else str(_read()[0]["torch"])


def require(settings: Settings, own_start: bool = False) -> None:
    """Raise InvalidArgumentError unless there is a judge for these settings, or for weights of the student's own."""
    if chosen() == "torch":
        return
    if own_start:
        raise InvalidArgumentError(
            f"--own-start trains from initial weights of your own, for which no answers of PyTorch are recorded. "
            f"{getting_torch()}"
        )
    _entry(settings)


def recorded_settings() -> list[Settings]:
    """The settings of every record."""
    return [Settings(**{**entry["settings"], "epochs": entry["epochs"]}) for entry in _read()[0]["trainings"].values()]


def weights_digest(weights: Weights) -> str:
    """A hash of initial weights, so that others are not taken for those of a record."""
    digest = hashlib.sha256()
    for value in flat(weights):
        digest.update(np.ascontiguousarray(value, "<f4").tobytes())
    return digest.hexdigest()


def as_record(trainings: Iterable[Trained], torch_version: str) -> bytes:
    """The file of records: settings, initial weights, the data's fingerprint, what each epoch gave, and predictions."""
    about: dict[str, Any] = {}
    losses: list[Array] = []
    accuracies: list[float] = []
    predicted: list[Array] = []
    n_losses = n_predicted = 0
    for settings, weights, fingerprint, epochs, classes in trainings:
        kept = np.zeros(0, np.uint8) if classes is None else classes.astype(np.uint8)
        found = np.array([loss for one, _ in epochs for loss in one], np.float32)
        about[_name(settings)] = {
            "settings": _without_epochs(settings),
            "epochs": len(epochs),
            "fingerprint": fingerprint,
            "weights": weights_digest(weights),
            "losses": [n_losses, n_losses + len(found)],
            "accuracies": [len(accuracies), len(accuracies) + len(epochs)],
            "predictions": [n_predicted, n_predicted + len(kept)],
        }
        predicted.append(kept)
        n_predicted += len(kept)
        losses.append(found)
        n_losses += len(found)
        accuracies += [accuracy for _, accuracy in epochs]
    arrays = {
        "losses": np.concatenate(losses),
        "accuracies": np.array(accuracies),
        "predictions": np.concatenate(predicted),
    }
    return records.written({"trainings": about}, arrays, torch_version)


@functools.cache
def _read() -> tuple[dict[str, Any], dict[str, Array]]:
    return records.read(PATH, "trainings", "losses", "accuracies", "predictions")


def _entry(settings: Settings) -> dict[str, Any]:
    """The record of these settings; fewer epochs than were recorded are its beginning."""
    known: dict[str, Any] = _read()[0]["trainings"]
    entry = known.get(_name(settings))
    if entry is None:
        raise InvalidArgumentError(
            f"PyTorch's training on {settings.dataset} with the model {settings.model} was not recorded, and PyTorch "
            f"is not asked here. {getting_torch()} Or add --synchronised: then each step is judged alone, without it."
        )
    given = {**_without_epochs(settings), "epochs": settings.epochs}
    recorded = {**entry["settings"], "epochs": entry["epochs"]}
    other = {
        name: given[name]
        for name, value in recorded.items()
        if (given[name] > value if name == "epochs" else given[name] != value)
    }
    if other:
        usual = {name: value for name, value in recorded.items() if name not in ("dataset", "model")}
        raise InvalidArgumentError(
            f"PyTorch's training on {settings.dataset} was recorded with {_told(usual)}, not with {_told(other)}, and "
            f"PyTorch is not asked here. {getting_torch()} Or leave these options out; or add --synchronised: then "
            "each step is judged alone, without it."
        )
    return dict(entry)


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def _name(settings: Settings) -> str:
    return f"{settings.dataset} {settings.model}"


def _without_epochs(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in of_settings(settings).items() if name != "epochs"}
