"""Facts of the datasets that are generated: points that `tinytorch_hf.data.generated` makes and `compare` trains on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinytorch_hf.catalog.facts import Column
from tinytorch_hf.catalog.trainings import Training


@dataclass(frozen=True)
class GeneratedInfo:
    """What is known about a dataset that has no files.

    The function of this name in `tinytorch_hf.data.generated` makes it. ``n_samples`` is how many points a lesson
    takes, for training and as many again for testing; ``classes`` says what the labels 0 and 1 stand for, and
    ``trainings`` how models are trained on it, the default first.
    """

    name: str
    title: str
    summary: str
    columns: tuple[Column, ...]
    value_range: tuple[float, float]
    classes: tuple[str, ...]
    citation: str
    trainings: tuple[Training, ...]
    n_samples: int = 200
    provided: Literal["generated"] = "generated"


_COLUMNS = (
    Column("X", "float32", (2,), "a point of the unit square"),
    Column("y", "int64", (), "the class of the point, 0 or 1"),
)

XOR = GeneratedInfo(
    name="xor",
    title="XOR",
    summary="Points labelled by whether exactly one of two coordinates is above 1/2; one layer cannot learn them.",
    columns=_COLUMNS,
    value_range=(0.0, 1.0),
    classes=("both coordinates on one side of 1/2", "exactly one coordinate above 1/2"),
    citation="M. Minsky and S. Papert (1969), Perceptrons, MIT Press.",
    trainings=(Training("mlp", (16,), "adam", 0.05, epochs=60), Training("logistic")),
)

PERCEPTRON = GeneratedInfo(
    name="perceptron",
    title="Perceptron",
    summary="Two clouds of points that a straight line divides; one neuron learns them.",
    columns=_COLUMNS,
    value_range=(0.0, 1.0),
    classes=("around (0.25, 0.25)", "around (0.75, 0.75)"),
    citation="F. Rosenblatt (1958), The Perceptron, Psychological Review 65(6). https://doi.org/10.1037/h0042519",
    trainings=(Training("logistic"),),
)

GENERATED = {dataset.name: dataset for dataset in (XOR, PERCEPTRON)}
