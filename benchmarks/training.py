"""How long an epoch of each model takes in the reference TinyTorch and in PyTorch, on one thread each.

The models, batches and optimizers are those of `tinytorch-hf compare`. ``python -m benchmarks.training`` (needs torch)
"""

from __future__ import annotations

import os

# Before NumPy loads its BLAS: one thread on each side, which is also the fastest for matrices this small.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable, Iterator

from benchmarks.timing import Table, measure, run
from tinytorch_hf.as_tinytorch import epoch_order
from tinytorch_hf.compare.pytorch_side import PyTorchSide
from tinytorch_hf.compare.tasks import load_arrays, make_model, settings_for
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student, training_loader

TASKS = (("tinydigits", "mlp"), ("tinydigits", "cnn"), ("tinymnist", "cnn"), ("tinytalks", "gpt"))


def reference_epoch(dataset: str, model_name: str) -> Callable[[], float]:
    """One epoch through the bridge, forward, backward and update; gives the last batch's loss."""
    settings = settings_for(dataset, model_name)
    model = make_model(settings)
    arrays = load_arrays(settings)
    side = TinyTorchSide(settings, model, model.initial_weights(0), reference_student())
    loader = training_loader(settings, arrays.X_train, arrays.y_train, side.student)

    def epoch() -> float:
        loader.epoch = 0
        return [side.step(*batch) for batch in loader][-1]

    return epoch


def torch_epoch(dataset: str, model_name: str) -> Callable[[], float]:
    """The same in PyTorch, on batches gathered at once: no DataLoader slows it down."""
    import torch

    torch.set_num_threads(1)
    settings = settings_for(dataset, model_name)
    model = make_model(settings)
    arrays = load_arrays(settings)
    side = PyTorchSide(settings, model, model.initial_weights(0))
    order = epoch_order(len(arrays.y_train), seed=0, epoch=0)
    batches = [order[start : start + settings.batch_size] for start in range(0, len(order), settings.batch_size)]

    def epoch() -> float:
        return [side.step(arrays.X_train[rows], arrays.y_train[rows]) for rows in batches][-1]

    return epoch


def tables() -> Iterator[Table]:
    """One table for each model."""
    for dataset, model_name in TASKS:
        alternatives = {
            "PyTorch": torch_epoch(dataset, model_name),
            "reference TinyTorch": reference_epoch(dataset, model_name),
        }
        settings = settings_for(dataset, model_name)
        title = f"An epoch of {make_model(settings)} on {dataset}, batch size {settings.batch_size}"
        yield measure(f"training_{dataset}_{model_name}", title, alternatives, "PyTorch", 20)


if __name__ == "__main__":
    run(__doc__, tables)
