"""A GPT continues a text: it is read, what comes next is chosen, and that is read in turn.

Who reads and who chooses are apart: a reader takes ids that are new and gives the logits of what comes next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tinytorch_hf.formats.arrays import Array

Reader = Callable[[Array], Array]
Choice = Callable[[Array], int]


def likeliest(logits: Array) -> int:
    """Always the id that the model finds most likely."""
    return int(np.argmax(logits))


def drawn(temperature: float, rng: np.random.Generator) -> Choice:
    """Ids are drawn, the likelier the more often, and the more evenly the higher the temperature, which is above 0."""

    def draw(logits: Array) -> int:
        scaled = (logits.astype(np.float64) - logits.max()) / temperature
        chances = np.exp(scaled)
        return int(rng.choice(len(chances), p=chances / chances.sum()))

    return draw


def generate(read: Reader, prompt: Array, choose: Choice = likeliest) -> Iterator[int]:
    """Continue a prompt without end, one id at a time; what nobody asks for is not computed.

    Parameters
    ----------
    read
        Takes the next ids (n,), gives logits (vocabulary,); it remembers what it was given before.
    prompt
        Ids (n,), int64, at least one.
    choose
        Takes the logits, gives an id.
    """
    new = prompt
    while True:
        chosen = choose(read(new))
        yield chosen
        new = np.array([chosen], np.int64)


def rereading(predict: Callable[[Array], Array], longest: int | None = None) -> Reader:
    """A reader that runs the whole text through the model for every character.

    Parameters
    ----------
    predict
        Maps ids (1, length) to logits (length, vocabulary).
    longest
        How many of the last characters the model can see; None if no text gets longer than that.
    """
    seen: Array = np.empty(0, np.int64)

    def read(new: Array) -> Array:
        nonlocal seen
        seen = np.concatenate([seen, new])
        if longest is not None:
            seen = seen[-longest:]
        last: Array = predict(seen[np.newaxis])[-1]
        return last

    return read
