"""How models are trained on a dataset when `compare` and the milestones train them, as data."""

from __future__ import annotations

from dataclasses import dataclass

BLOCK_SIZE = 32
"""Characters that the smaller GPT sees at once."""


@dataclass(frozen=True)
class Blocks:
    """How a text is cut into blocks of characters, each of them a sample.

    A training block begins every ``step`` characters: blocks that overlap show each text at several positions, so
    that a model cannot learn the positions by heart instead. Blocks that judge follow each other. ``n_train`` and
    ``n_test`` say how many of the first characters are used; None for all.
    """

    length: int
    step: int
    n_train: int | None = None
    n_test: int | None = None


@dataclass(frozen=True)
class Training:
    """One model and how it is trained unless told otherwise.

    ==========  ====================================================================================
    model       the name that `tinytorch-hf compare --model` knows it under
    sizes       what is between input and output: of an MLP the widths of its hidden layers, of a CNN
                the channels of its blocks, of a GPT its width, blocks and heads
    optimizer   a name from `tinytorch_hf.compare.settings.OPTIMIZERS`
    lr          the learning rate; None for the one that the optimizer has by default
    epochs      passes over the training samples
    blocks      how texts become samples; None for blocks of 32 that follow each other
    ==========  ====================================================================================
    """

    model: str
    sizes: tuple[int, ...] = ()
    optimizer: str = "sgd"
    lr: float | None = None
    epochs: int = 20
    blocks: Blocks | None = None
