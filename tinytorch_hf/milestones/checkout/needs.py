"""Which data each milestone needs, and where it looks for them, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from tinytorch_hf.catalog import (
    CIFAR10,
    MNIST,
    SHAKESPEARE,
    TINYCIFAR,
    TINYDIGITS,
    TINYMNIST,
    TINYSHAKESPEARE,
    TINYTALKS,
    DatasetInfo,
)
from tinytorch_hf.milestones.checkout.bridges import DATA_MANAGER, DATASETS, Bridge


@dataclass(frozen=True)
class Need:
    """Files of a shipped dataset that a milestone opens under ``datasets/``, and the import that gives the same."""

    dataset: DatasetInfo
    files: tuple[str, ...]
    module: str


@dataclass(frozen=True)
class Milestone:
    """One milestone of the course.

    Attributes
    ----------
    number, title
        As the course has them.
    makes
        Data that its scripts make themselves.
    needs
        Curated files, without which it cannot run.
    full
        The dataset it is run on where there is time, if any.
    bridges
        Modules from which some of its scripts, in some generation of TinyTorch, import their data.
    """

    number: str
    title: str
    makes: str = ""
    needs: tuple[Need, ...] = ()
    full: DatasetInfo | None = None
    bridges: tuple[Bridge, ...] = ()


_DIGITS = Need(TINYDIGITS, ("train.pkl", "test.pkl"), "datasets.tinydigits")
_TALKS = Need(TINYTALKS, ("splits/train.txt",), "datasets.tinytalks")
_PLAYS = Need(TINYSHAKESPEARE, ("tinyshakespeare_sample.txt",), "datasets.tinyshakespeare")

MILESTONES = (
    Milestone("01", "Perceptron", makes="points that a line divides", bridges=(DATA_MANAGER,)),
    Milestone("02", "XOR", makes="points that no line divides", bridges=(DATA_MANAGER,)),
    Milestone("03", "MLP", needs=(_DIGITS,), full=MNIST, bridges=(DATA_MANAGER,)),
    Milestone("04", "CNN", needs=(_DIGITS,), full=CIFAR10, bridges=(DATA_MANAGER,)),
    Milestone(
        "05",
        "Transformer",
        makes="sequences to copy and to turn; TinyPy, when it is first asked for",
        needs=(_TALKS,),
        bridges=(DATA_MANAGER,),
    ),
    Milestone("06", "MLPerf", needs=(_DIGITS,), bridges=(DATASETS,)),
    Milestone("07", "TinyGPT", needs=(_PLAYS,), full=SHAKESPEARE, bridges=(DATA_MANAGER,)),
)

# What the data manager gives where the whole is not there.
TINY = {MNIST.name: TINYMNIST, CIFAR10.name: TINYCIFAR, SHAKESPEARE.name: TINYSHAKESPEARE}

# What scripts ask for where there is time for it.
FULL = tuple(dict.fromkeys(milestone.full for milestone in MILESTONES if milestone.full))
