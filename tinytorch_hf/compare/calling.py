"""`tinytorch_hf.compare_training`: what the command `compare` does, as a function."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Literal, overload

from tinytorch_hf.catalog import Dataset
from tinytorch_hf.compare import lockstep, sweep, tasks
from tinytorch_hf.compare.lockstep import Comparison
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sweep import Sweep
from tinytorch_hf.compare.target import Target
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.judging.judges import chosen, judged_by
from tinytorch_hf.student import target as targets
from tinytorch_hf.student.mapping import FrameworkMap, read_map

Judge = Literal["torch", "recorded"]


@overload
def compare_training(
    dataset: Dataset | str,
    package: str | Path | None = None,
    *,
    model: str | None = ...,
    optimizer: str | None = ...,
    lr: float | None = ...,
    epochs: int | None = ...,
    batch_size: int | None = ...,
    seed: int = ...,
    seeds: None = None,
    validation: bool = ...,
    early_stopping: int | None = ...,
    own_start: bool = ...,
    map_file: str | Path | None = ...,
    judge: Judge | None = ...,
    limit_s: float = ...,
    workers: None = None,
    executor: None = None,
) -> Comparison: ...


@overload
def compare_training(
    dataset: Dataset | str,
    package: str | Path | None = None,
    *,
    model: str | None = ...,
    optimizer: str | None = ...,
    lr: float | None = ...,
    epochs: int | None = ...,
    batch_size: int | None = ...,
    seed: int = ...,
    seeds: int | Sequence[int],
    validation: bool = ...,
    early_stopping: int | None = ...,
    own_start: Literal[False] = False,
    map_file: str | Path | None = ...,
    judge: Judge | None = ...,
    limit_s: float = ...,
    workers: int | None = ...,
    executor: Executor | None = ...,
) -> Sweep: ...


def compare_training(
    dataset: Dataset | str,
    package: str | Path | None = None,
    *,
    model: str | None = None,
    optimizer: str | None = None,
    lr: float | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    seeds: int | Sequence[int] | None = None,
    validation: bool = False,
    early_stopping: int | None = None,
    own_start: bool = False,
    map_file: str | Path | None = None,
    judge: Judge | None = None,
    limit_s: float = 60.0,
    workers: int | None = None,
    executor: Executor | None = None,
) -> Comparison | Sweep:
    """Train the same model in a TinyTorch and in PyTorch, and compare them step by step.

    Both start from the same weights and take the same batches in the same order. With several seeds, these are trained
    side by side in processes that are started for them; a script that does so keeps the call below
    ``if __name__ == "__main__":``, because each of them imports it.

    Parameters
    ----------
    dataset
        A name, a `DatasetInfo`, or the path of a dataset's folder; or points that are made, "xor" and "perceptron".
    package
        Folder of the package, folder that holds it, or import name; by default the package tinytorch that is installed,
        or the reference if there is none. It runs in processes of its own.
    model, optimizer, lr, epochs, batch_size
        How it is trained; None for what suits the dataset.
    seed
        Fixes initial weights and the order of samples.
    seeds
        How many seeds to train with, from ``seed`` on, or which; then the result is a `Sweep`.
    validation
        Whether to hold a part of the training split out, keep the weights of the epoch with its best loss, and look at
        the test split once, at the end.
    early_stopping
        The same, and end after so many epochs without a better loss.
    own_start
        Whether both sides start from what the package's own layers start from, and it is judged whether that learns.
    map_file
        Says where a framework with other names keeps its parts; by default they are looked for.
    judge
        PyTorch itself, or its recorded answers; by default PyTorch where it is installed.
    limit_s
        Seconds that one step of the training may take.
    workers
        How many processes train side by side with several seeds; by default as many as there are cores.
    executor
        Any `concurrent.futures.Executor` to train on instead, such as Dask's ``client.get_executor()``. The numbers are
        the same.

    Returns
    -------
    Comparison or Sweep
        Whether both sides ``agree``, how far they were apart, and what goes wrong first; of several seeds also the
        accuracies, ``paired``, and whether they are distinguishable.

    Raises
    ------
    UnknownNameError, InvalidArgumentError, MissingExtraError, CorruptFileError, StudentCodeError
        As for `tinytorch_hf.compare.lockstep.run` and `tinytorch_hf.compare.sweep.runs`. With several seeds an error of
        the student's code is not raised: it is in what came of the seed that it ended.
    """
    settings = tasks.settings_for(
        dataset,
        model,
        optimizer=optimizer,
        lr=lr,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        validation=validation,
        patience=early_stopping,
    )
    target = _target(package, map_file, limit_s)
    with judged_by(judge or chosen()):
        if seeds is None:
            if workers is not None or executor is not None:
                raise InvalidArgumentError("One seed is trained here. Give seeds, or leave out workers and executor.")
            return lockstep.run(settings, target=target, own_start=own_start)
        return _swept(settings, seeds, target, own_start, workers, executor)


def _swept(
    settings: Settings,
    seeds: int | Sequence[int],
    target: Target,
    own_start: bool,
    workers: int | None,
    executor: Executor | None,
) -> Sweep:
    if own_start:
        raise InvalidArgumentError(
            "No seed fixes the initial weights of a package's own layers. Leave out own_start or seeds."
        )
    chosen_ones = sweep.seeds_from(settings.seed, seeds) if isinstance(seeds, int) else tuple(seeds)
    found = sweep.runs(settings, chosen_ones, target=target, workers=workers, executor=executor)
    return sweep.swept(settings, chosen_ones, list(found))


def _target(package: str | Path | None, map_file: str | Path | None, limit_s: float) -> Target:
    framework_map = FrameworkMap() if map_file is None else read_map(Path(map_file))
    named = None if package is None else str(package)
    framework_map, folder = targets.locate(named, framework_map)
    return Target(framework_map, folder, named or ("" if map_file is None else framework_map.package), limit_s)
