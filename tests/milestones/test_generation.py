"""Specification of tinytorch_hf.milestones.generation: who reads, and who chooses."""

from __future__ import annotations

from itertools import islice

import numpy as np

from tinytorch_hf.milestones.generation import drawn, generate, rereading


def test_the_likeliest_id_is_chosen_and_read_next() -> None:
    """The reader is given the prompt, then each choice, and never the last one."""
    given_ids: list[list[int]] = []

    def successor(new: np.ndarray) -> np.ndarray:
        given_ids.append(new.tolist())
        return np.eye(5)[(new[-1] + 1) % 5]

    assert list(islice(generate(successor, np.array([7, 2])), 4)) == [3, 4, 0, 1]
    assert given_ids == [[7, 2], [3], [4], [0]]


def test_rereading_gives_the_model_all_of_the_text() -> None:
    """From the start, each time."""
    seen: list[list[list[int]]] = []

    def predict(ids: np.ndarray) -> np.ndarray:
        seen.append(ids.tolist())
        return np.ones((ids.size, 3))

    read = rereading(predict)
    read(np.array([1, 2]))
    read(np.array([0]))

    assert seen == [[[1, 2]], [[1, 2, 0]]]


def test_rereading_shows_a_model_no_more_than_it_can_see() -> None:
    """The last ids, once the text is longer."""
    seen: list[list[int]] = []

    def predict(ids: np.ndarray) -> np.ndarray:
        seen.append(ids[0].tolist())
        return np.ones((ids.size, 3))

    read = rereading(predict, longest=2)
    for new in ([1, 2, 0], [2]):
        read(np.array(new))

    assert seen == [[2, 0], [0, 2]]


def test_what_is_drawn_follows_the_models_chances() -> None:
    """Twice as likely at temperature 1, four times at one half; the same ids for the same seed."""
    logits = np.log(np.array([1.0, 2.0], np.float32))

    def share(temperature: float) -> float:
        draw = drawn(temperature, np.random.default_rng(0))
        return float(np.mean([draw(logits) for _ in range(4000)]))

    assert abs(share(1.0) - 2 / 3) < 0.03
    assert abs(share(0.5) - 4 / 5) < 0.03
    assert share(0.5) == share(0.5)
