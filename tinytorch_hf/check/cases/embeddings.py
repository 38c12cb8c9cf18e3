"""Embeddings of characters of TinyTalks, and of their positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import features, talks, weights
from tinytorch_hf.check.operation import layer
from tinytorch_hf.judging.case import Draw, Inputs
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import Student

N_EXCERPTS, LENGTH, WIDTH, LONGEST = 3, 10, 6, 16


def _embedding_inputs(draw: Draw) -> Inputs:
    ids, _, vocab_size = talks(draw, N_EXCERPTS, LENGTH)
    return {"x": ids, "weight": weights(draw, vocab_size, WIDTH, fan_in=1)}


def _repeated_inputs(draw: Draw) -> Inputs:
    ids = draw.rng.choice([0, 2, 3], (4, 5)).astype(np.int64)
    return {"x": ids, "weight": weights(draw, 5, WIDTH, fan_in=1)}


def _last_gradient_only(judge: Judge, v: Any) -> Any:
    """Each row receives the gradient of the last place at which its id stands."""
    flat = v["x"].reshape(-1)
    rows = [
        v["weight"][id_] if id_ not in flat[place + 1 :] else v["weight"][id_].detach()
        for place, id_ in enumerate(flat)
    ]
    return judge.torch.stack(rows).reshape(*v["x"].shape, -1)


_MISTAKES = {"EMBEDDING-LAST-PLACE": _last_gradient_only}


def _build(student: Student, values: Inputs) -> Any:
    return student.part("Embedding")(*values["weight"].shape)


def _position_inputs(draw: Draw) -> Inputs:
    return {
        "x": features(draw, N_EXCERPTS, LENGTH, WIDTH),
        "position_embeddings": weights(draw, LONGEST, WIDTH, fan_in=1),
    }


def _of_first_sample(judge: Judge, v: Any) -> Any:
    positions = v["position_embeddings"][:LENGTH]
    return v["x"] + judge.torch.stack([positions, *[positions.detach()] * (N_EXCERPTS - 1)])


CASES = (
    layer(
        "embedding",
        "embeddings",
        ("Tensor", "Embedding"),
        _embedding_inputs,
        _build,
        lambda judge, v: judge.F.embedding(v["x"], v["weight"]),
        parameters=("weight",),
        x_is_leaf=False,
        mistakes=_MISTAKES,
    ),
    layer(
        "embedding-repeated-ids",
        "embeddings",
        ("Tensor", "Embedding"),
        _repeated_inputs,
        _build,
        lambda judge, v: judge.F.embedding(v["x"], v["weight"]),
        parameters=("weight",),
        x_is_leaf=False,
        mistakes=_MISTAKES,
    ),
    layer(
        "positional-encoding",
        "embeddings",
        ("Tensor", "PositionalEncoding"),
        _position_inputs,
        lambda student, _: student.part("PositionalEncoding")(LONGEST, WIDTH),
        lambda _, v: v["x"] + v["position_embeddings"][:LENGTH],
        parameters=("position_embeddings",),
        mistakes={"POSITION-ONE-SAMPLE": _of_first_sample},
    ),
)
