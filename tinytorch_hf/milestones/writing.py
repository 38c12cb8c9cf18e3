"""What a trained GPT writes: it continues texts it has not seen, always with the likeliest character."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.sides import TinyTorchSide
from tinytorch_hf.compare.tasks import texts, tokenizer
from tinytorch_hf.tokenizer import CharTokenizer

N_SAMPLES = 3
LONGEST = 160


@dataclass(frozen=True)
class Prompt:
    """How a dataset's texts are begun for the model, and where it ends.

    Attributes
    ----------
    after
        The text up to here, included, is given.
    until
        Here the model's own text ends.
    """

    after: str
    until: str


PROMPTS = {"tinytalks": Prompt("\nA:", "\n"), "tinypy": Prompt(":\n", "\n\n")}


@dataclass(frozen=True)
class Written:
    """A text that was begun, how the model went on, and how it really goes on."""

    prompt: str
    written: str
    original: str


def samples(dataset: str, side: TinyTorchSide) -> list[Written]:
    """Some texts from all over the held-out split, continued."""
    prompt = PROMPTS[dataset]
    held_out = texts(dataset, "val")
    characters = tokenizer(dataset)
    chosen = held_out[len(held_out) // (2 * N_SAMPLES) :: len(held_out) // N_SAMPLES][:N_SAMPLES]
    found = []
    for text in chosen:
        begin, end, rest = text.partition(prompt.after)
        original = rest.partition(prompt.until)[0]
        found.append(Written(begin + end, continued(side, characters, begin + end, prompt.until), original))
    return found


def continued(side: TinyTorchSide, characters: CharTokenizer, text: str, until: str) -> str:
    """What the model writes after a text: up to ``until``, or `LONGEST` characters.

    Parameters
    ----------
    side
        A trained GPT.
    characters
        The tokenizer it was trained with.
    text
        The model sees as many of the last characters as its blocks are long.
    until
        A text that ends it; it is not given back.
    """
    _, length, _ = side.model.layers[0].arguments
    ids = characters.encode(text)
    written = ""
    while len(written) < LONGEST and not written.endswith(until):
        seen = side.framework.Tensor(np.array([ids[-length:]], dtype=np.float32))
        ids.append(int(side.forward(seen).data[-1].argmax()))
        written += characters.decode(ids[-1:])
    return written.removesuffix(until)
