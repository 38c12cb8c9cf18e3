"""Specification of milestones.optimisation.matrix: one run, measured rows, and what counts as a problem."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from small_networks import MODELS, in_tinytorch, weights_of

from tinytorch_hf.milestones.optimisation import levels, matrix
from tinytorch_hf.milestones.optimisation.levels import Level
from tinytorch_hf.milestones.optimisation.matrix import Matrix, Row, cross_entropy, measure, problems, run, table
from tinytorch_hf.milestones.optimisation.profiling import LayerProfile, Profile

IMAGES = [
    Row(levels.BASELINE, "MLP", "tinydigits", 4000, 20e-6, 1.0, "accuracy", 0.96),
    Row(levels.FUSED, "MLP", "tinydigits", 4000, 5e-6, 0.25, "accuracy", 0.96),
    Row(levels.INT8, "MLP", "tinydigits", 1100, 30e-6, 1.5, "accuracy", 0.95),
    Row(levels.SMALLER, "MLP", "tinydigits", 2000, 5e-6, 0.25, "accuracy", 0.92),
]
TEXTS = [
    Row(levels.BASELINE, "GPT", "tinytalks", 4000, 400e-6, 1.0, "loss", 1.3, "What?\nA"),
    Row(levels.INT8, "GPT", "tinytalks", 1100, 600e-6, 1.5, "loss", 1.305, "Why?"),
    Row(levels.KV_CACHE, "GPT", "tinytalks", 4000, 100e-6, 0.25, "loss", 1.3, "What?\nA"),
]


def test_a_real_run_measures_every_level_and_finds_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the MLP here; `nox -s milestones` runs all three models."""
    monkeypatch.setattr(matrix, "EXPERIMENTS", (("tinydigits", "mlp"),))
    said: list[str] = []

    result = run(said.append, repeats=1)

    assert problems(result) == []
    assert [row.level for row in result.rows] == [
        "baseline",
        "explicit loops",
        "no graph",
        "no graph, fused",
        "no graph, fused, batched",
        "int8",
        "60% of weights pruned",
        "50% of neurons pruned",
        "50% of neurons pruned, int8, batched",
    ]
    assert all(row.latency_seconds > 0 for row in result.rows)
    assert result.profiles[0].whole.n_parameters * 4 == result.rows[0].size_bytes
    assert said[0] == "mlp on tinydigits: training with TinyTorch"


def test_latency_is_for_one_unit_and_ratios_are_against_the_first_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of the work divided by its samples; the metric comes from what the level predicts."""
    model, batch = MODELS["mlp"]
    trained = in_tinytorch(model, weights_of(model), batch)
    right, wrong = np.eye(3)[[1] * 7], np.eye(3)[[1, 1, 0, 0, 0, 0, 0]]
    candidates = [
        Level("baseline", 100, lambda _: right, lambda: None, 2),
        Level("other", 50, lambda _: wrong, lambda: None, 10),
    ]
    monkeypatch.setattr(matrix, "median_seconds", lambda work, repeats: {"baseline": 2.0, "other": 5.0})

    rows = measure(trained, candidates, repeats=3)

    assert [(row.latency_seconds, row.ratio, row.metric) for row in rows] == [
        (1.0, 1.0, "accuracy"),
        (0.5, 0.5, "accuracy"),
    ]
    assert [row.value for row in rows] == [1.0, pytest.approx(2 / 7)]
    assert [row.size_bytes for row in rows] == [100, 50]


def test_the_loss_is_torchs() -> None:
    """Mean over all positions, also for logits whose exponentials overflow."""
    logits = np.random.default_rng(0).standard_normal((12, 5)).astype(np.float32) * 1000
    targets = np.random.default_rng(1).integers(0, 5, (3, 4))

    expected = torch.nn.functional.cross_entropy(torch.tensor(logits).double(), torch.tensor(targets).flatten())

    assert cross_entropy(logits, targets) == pytest.approx(float(expected), rel=1e-12)


def test_good_rows_are_no_problem() -> None:
    """int8 may lose a point, pruning five; an int8 GPT may write another text."""
    assert problems(Matrix((), (*IMAGES, *TEXTS))) == []


@pytest.mark.parametrize(
    ("rows", "number", "change", "expected"),
    [
        (IMAGES, 0, {"value": 0.8}, "MLP on tinydigits, baseline: accuracy 0.8000, expected 0.9 or better."),
        (TEXTS, 0, {"value": 2.5}, "GPT on tinytalks, baseline: loss 2.5000, expected 2.4 or better."),
        (IMAGES, 1, {"value": 0.955}, "no graph, fused: accuracy 0.9550 after 0.9600 loses more than 0.001."),
        (IMAGES, 2, {"value": 0.945}, "int8: accuracy 0.9450 after 0.9600 loses more than 0.01."),
        (IMAGES, 2, {"size_bytes": 4000}, "int8: 4000 bytes are not less than 4000."),
        (IMAGES, 3, {"value": 0.9}, "50% of neurons pruned: accuracy 0.9000 after 0.9600 loses more than 0.05."),
        (TEXTS, 1, {"value": 1.32}, "int8: loss 1.3200 after 1.3000 loses more than 0.01."),
        (TEXTS, 2, {"text": "Who?"}, "KV cache: it writes 'Who?', and the baseline 'What?\\nA'."),
        (TEXTS, 2, {"value": float("nan")}, "KV cache: loss nan after 1.3000 loses more than 0.001."),
    ],
)
def test_a_broken_promise_is_told(rows: list[Row], number: int, change: dict[str, object], expected: str) -> None:
    """In one sentence that names model, dataset and level."""
    changed = [dataclasses.replace(row, **(change if i == number else {})) for i, row in enumerate(rows)]

    assert [problem for problem in problems(Matrix((), tuple(changed))) if problem.endswith(expected)]


def test_times_are_no_problem() -> None:
    """A slow machine is nobody's mistake."""
    slow = [dataclasses.replace(row, latency_seconds=9.0, ratio=99.0) for row in IMAGES]

    assert problems(Matrix((), tuple(slow))) == []


def test_the_table_has_a_line_for_each_level() -> None:
    """Size, latency and metric, each beside its multiple of the baseline's; then what a GPT writes, and a note."""
    profile = Profile("GPT on (1, 32)", (LayerProfile("head", 10, 20, 40, 2e-6),), 99)

    lines = table(Matrix((profile,), tuple(TEXTS))).splitlines()

    assert lines[0] == "GPT on (1, 32)"
    assert lines[5:-3] == [
        "",
        "GPT on tinytalks                                  size              latency               loss",
        "baseline                                    4000 bytes  1.000 x    400.0 us  1.000 x    1.3000",
        "int8                                        1100 bytes  0.275 x    600.0 us  1.500 x    1.3050",
        "KV cache                                    4000 bytes  1.000 x    100.0 us  0.250 x    1.3000",
        "baseline                                'Q: What?\\nA'",
        "int8                                    'Q: Why?'",
        "KV cache                                'Q: What?\\nA'",
    ]
    assert lines[-2:] == matrix.NOTE.splitlines()
