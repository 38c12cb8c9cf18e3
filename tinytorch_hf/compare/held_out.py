"""The validation part: what is cut from a training split, by a seed, to choose between epochs.

The test split is not for choosing: the best of many accuracies on it is one that new samples do not
give.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.formats.arrays import Array

SHARE = 0.2
"""The part of a training split that is held out."""

# So that the part does not follow from the numbers that initial weights and the order of samples are drawn with.
_STREAM = 0x76616C

# Of fewer texts than this the last characters are held out, and not whole texts.
_FEW = 5


def rows(y: Array, seed: int, dataset: str) -> Array:
    """Which samples are held out, (N,) bool: a fifth of each class, at least one where a class has two.

    Parameters
    ----------
    y
        The label of each sample.
    seed
        Chooses them.
    dataset
        Its name, for messages.

    Raises
    ------
    InvalidArgumentError
        No class has two samples.
    """
    labels, rng = y.reshape(len(y)), np.random.default_rng([seed, _STREAM])
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        (of_class,) = np.nonzero(labels == label)
        n = max(round(len(of_class) * SHARE), int(len(of_class) > 1))
        held[rng.permutation(of_class)[:n]] = True
    if not held.any():
        raise InvalidArgumentError(
            f"{dataset} has {len(labels)} samples to train on, no two of the same class: too few for a validation part."
        )
    return held


def texts(found: Sequence[str], seed: int) -> tuple[list[str], list[str]]:
    """Texts that are trained on, and those that are held out: a fifth; of few texts, of all their characters the last.

    Parameters
    ----------
    found
        All of them.
    seed
        Chooses them.
    """
    if len(found) < _FEW:
        whole = "".join(found)
        end = len(whole) - round(len(whole) * SHARE)
        return [whole[:end]], [whole[end:]]
    order = np.random.default_rng([seed, _STREAM]).permutation(len(found))
    held = {int(number) for number in order[: round(len(found) * SHARE)]}
    return (
        [text for number, text in enumerate(found) if number not in held],
        [text for number, text in enumerate(found) if number in held],
    )
