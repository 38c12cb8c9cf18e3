"""Greedy generation: always the character that the model finds most likely.

Who chooses and who reads are apart: a reader takes ids that are new and gives the logits of what comes next.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinytorch_hf.arrays import Array

Reader = Callable[[Array], Array]


def generate(read: Reader, prompt: Array, n_new: int) -> Array:
    """Continue a prompt.

    Parameters
    ----------
    read
        Takes the next ids (n,), gives logits (vocabulary,); it remembers what it was given before.
    prompt
        Ids (n,), int64, at least one.
    n_new
        How many ids to choose.

    Returns
    -------
    Array
        (n_new,) int64.
    """
    chosen: list[int] = []
    new = prompt
    for _ in range(n_new):
        chosen.append(int(read(new).argmax()))
        new = np.array(chosen[-1:], np.int64)
    return np.array(chosen, np.int64)


def rereading(predict: Callable[[Array], Array]) -> Reader:
    """A reader that runs the whole text through the model for every character.

    Parameters
    ----------
    predict
        Maps ids (1, length) to logits (length, vocabulary).
    """
    seen = np.empty(0, np.int64)

    def read(new: Array) -> Array:
        nonlocal seen
        seen = np.concatenate([seen, new])
        last: Array = predict(seen[np.newaxis])[-1]
        return last

    return read
