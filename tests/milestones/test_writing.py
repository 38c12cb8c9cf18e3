"""Specification of tinytorch_hf.milestones.experiments.writing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinytorch_hf import load_tinytalks
from tinytorch_hf.compare import models, tasks
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.tinytorch_side import TinyTorchSide, reference_student
from tinytorch_hf.data.tokenizer import CharTokenizer
from tinytorch_hf.milestones.experiments import writing
from tinytorch_hf.milestones.experiments.writing import LONGEST, Prompt, continued, samples

LETTERS = CharTokenizer("abc\n")


class Parrot:
    """Stands for a trained GPT of five ids: after "a" comes "b", then "c", then a line end, then "a" again."""

    model = models.gpt(5, 4, 8, 1, 1)

    def __init__(self) -> None:
        self.seen: list[int] = []

    def outputs(self, ids: np.ndarray) -> np.ndarray:
        """Logits of every position."""
        assert ids.shape[0] == 1
        self.seen.append(ids.shape[1])
        logits = np.zeros((ids.shape[1], 5), np.float32)
        logits[np.arange(ids.shape[1]), ids[0] % 4 + 1] = 9.0
        return logits


def go_on(text: str, until: str, temperature: float = 0.0, seed: int = 0) -> str:
    """What the parrot writes after a text."""
    rng = np.random.default_rng(seed)
    return continued(Parrot(), LETTERS, text, Prompt("", until, temperature), rng)  # type: ignore[arg-type]


def test_it_writes_up_to_the_end_that_is_asked_for() -> None:
    """The end itself is left out."""
    assert go_on("a", "\n") == "bc"
    assert go_on("b", "a\n") == ("c\nab" * LONGEST)[:LONGEST]


def test_the_model_sees_no_more_than_its_blocks_hold() -> None:
    """The last characters, once the text is longer."""
    parrot = Parrot()
    continued(parrot, LETTERS, "ab", Prompt("", "a\n", 0.0), np.random.default_rng(0))  # type: ignore[arg-type]

    assert parrot.seen[:4] == [2, 3, 4, 4]
    assert max(parrot.seen) == 4


def test_a_temperature_draws_characters() -> None:
    """The likely ones mostly, the same ones for the same seed."""
    calm, wild = go_on("a", "x\n", 0.5), go_on("a", "x\n", 50.0)

    assert calm == go_on("a", "\n\n\n\n", 0.5)
    assert calm.count("abc\n") > 30
    assert wild.count("abc\n") < 10
    assert wild != go_on("a", "x\n", 50.0, seed=1)


def test_samples_are_held_out_texts_with_their_originals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions that are given, answers that are not."""
    monkeypatch.setattr(writing, "LONGEST", 5)
    settings = Settings("tinytalks", "gpt")
    model = tasks.make_model(settings)
    side = TinyTorchSide(settings, model, model.initial_weights(0), reference_student())

    found = samples("tinytalks", side, seed=0)

    pairs = {f"Q: {question}\nA:": f" {answer}" for question, answer in load_tinytalks("val")}
    assert len(found) == 3
    assert len({sample.prompt for sample in found}) == 3
    assert all(pairs[sample.prompt] == sample.original for sample in found)
    assert all(len(sample.written) <= 5 for sample in found)
