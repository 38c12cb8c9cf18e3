"""What a trained GPT writes: it continues texts that it has not seen, character by character."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare.tasks import tokenizer
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide
from tinytorch_hf.data.texts import texts
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.milestones.generation import drawn, generate, likeliest, rereading

N_SAMPLES = 3
LONGEST = 160


@dataclass(frozen=True)
class Prompt:
    """How a dataset's texts are begun for the model, and how it goes on.

    Attributes
    ----------
    after
        The text up to here, included, is given.
    until
        Here the model's own text ends.
    temperature
        0: always the likeliest character, which suits answers. Above 0: characters are drawn, the likelier the
        more often, and the more evenly the higher the temperature. Long texts need it: the likeliest go in circles.
    """

    after: str
    until: str
    temperature: float


PROMPTS = {
    "tinytalks": Prompt("\nA:", "\n", temperature=0.0),
    "tinypy": Prompt("\n", "\n\n", temperature=0.6),
    "tinyshakespeare": Prompt(":\n", "\n\n", temperature=0.6),
}


@dataclass(frozen=True)
class Written:
    """A text that was begun, how the model went on, and how it really goes on."""

    prompt: str
    written: str
    original: str


def samples(dataset: str, side: TinyTorchSide, seed: int) -> list[Written]:
    """Some texts from all over the held-out split, continued; what is drawn follows from the seed."""
    prompt = PROMPTS[dataset]
    held_out = texts(dataset, "val")
    characters = tokenizer(dataset)
    rng = np.random.default_rng(seed)
    found = []
    for text in held_out[len(held_out) // (2 * N_SAMPLES) :: len(held_out) // N_SAMPLES][:N_SAMPLES]:
        start, mark, rest = text.partition(prompt.after)
        written = continued(side, characters, start + mark, prompt, rng)
        found.append(Written(start + mark, written, rest.partition(prompt.until)[0]))
    return found


def continued(
    side: TinyTorchSide, characters: CharTokenizer, text: str, prompt: Prompt, rng: np.random.Generator
) -> str:
    """What the model writes after a text: up to where the prompt says, or `LONGEST` characters.

    Parameters
    ----------
    side
        A trained GPT. It sees as many of the last characters as its blocks are long.
    characters
        The tokenizer it was trained with.
    text
        What it continues.
    prompt
        Where it ends, and how characters are chosen.
    rng
        Draws them where the temperature is above 0.
    """
    _, length, _ = side.model.layers[0].arguments
    read = rereading(side.outputs, length)
    choose = drawn(prompt.temperature, rng) if prompt.temperature else likeliest
    ids = np.array(characters.encode(text), np.int64)
    written = ""
    for chosen in itertools.islice(generate(read, ids, choose), LONGEST):
        written += characters.decode([chosen])
        if written.endswith(prompt.until):
            break
    return written.removesuffix(prompt.until)
