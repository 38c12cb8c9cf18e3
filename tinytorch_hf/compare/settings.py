"""How a comparison trains: everything that, with the dataset, determines the run."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf.errors import UnknownNameError


@dataclass(frozen=True)
class OptimizerChoice:
    """An optimizer as both sides know it: class name, extra arguments, and a learning rate that learns."""

    class_name: str
    arguments: dict[str, float]
    default_lr: float


OPTIMIZERS = {
    "sgd": OptimizerChoice("SGD", {}, 0.3),
    "momentum": OptimizerChoice("SGD", {"momentum": 0.9}, 0.05),
    "decay": OptimizerChoice("SGD", {"momentum": 0.9, "weight_decay": 0.01}, 0.05),
    "adam": OptimizerChoice("Adam", {}, 0.005),
    "adamw": OptimizerChoice("AdamW", {"weight_decay": 0.01}, 0.005),
}


def optimizer_choice(name: str) -> OptimizerChoice:
    """The optimizer called ``name``; another name raises `UnknownNameError`."""
    if name not in OPTIMIZERS:
        raise UnknownNameError("optimizer", name, OPTIMIZERS)
    return OPTIMIZERS[name]


@dataclass(frozen=True)
class Settings:
    """How to train: everything that, with the dataset, determines the run.

    With ``validation``, a part of the training split chooses the epoch whose weights are kept, and the test split is
    looked at once, at the end. ``patience`` is the number of epochs after which the training ends unless the loss of
    that part has become better; None for no such end. See `tinytorch_hf.compare.choosing`.
    """

    dataset: str
    model: str = "mlp"
    optimizer: str = "sgd"
    lr: float = OPTIMIZERS["sgd"].default_lr
    epochs: int = 20
    batch_size: int = 32
    seed: int = 0
    validation: bool = False
    patience: int | None = None
