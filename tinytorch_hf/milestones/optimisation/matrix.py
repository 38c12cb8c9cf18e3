"""All levels beside each other: size, time, and accuracy or loss, measured in one run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tinytorch_hf.compare import tasks
from tinytorch_hf.compare.sides import share_right
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.milestones.optimisation import levels
from tinytorch_hf.milestones.optimisation.levels import Level
from tinytorch_hf.milestones.optimisation.profiling import Profile, profile
from tinytorch_hf.milestones.optimisation.training import Trained, train_task
from tinytorch_hf.milestones.timing import median_seconds

EXPERIMENTS = (("tinydigits", "mlp"), ("tinydigits", "cnn"), ("tinytalks", "gpt"))
"""Datasets and names of models, as `tinytorch-hf compare` knows them."""

PROMPT = "Q: "
"""What the GPT continues."""

NOTE = (
    "Sizes and latencies stand beside their multiples of the baseline's. NumPy has no fast product of integers and\n"
    "none of sparse matrices: int8 and pruned weights save bytes here, and time only on what is made for them."
)
"""What the table ends with."""

LEARNED = {"accuracy": 0.9, "loss": 2.4}
"""What a baseline reaches: characters guessed by their frequency alone have a loss above 3."""

ROUNDING = 1e-3
"""By which results may differ that are the same but for rounding."""

_PRUNED = {"accuracy": 0.05, "loss": 0.1}
MAY_LOSE = {
    levels.INT8: {"accuracy": 0.01, "loss": 0.01},
    levels.SPARSE: _PRUNED,
    levels.SMALLER: _PRUNED,
    levels.SMALLER_INT8_BATCHED: _PRUNED,
    levels.SMALLER_INT8_CACHED: _PRUNED,
}
"""The levels that store less than the baseline, and by how much each may be worse."""


@dataclass(frozen=True)
class Row:
    """One level of one model.

    Attributes
    ----------
    size_bytes
        Of the parameters as stored.
    latency_seconds
        Median, for a sample or for a character that is written.
    ratio
        Latency as a multiple of the baseline's in the same run.
    metric, value
        "accuracy" on the test split, from 0 to 1, or "loss" on the validation split, in nats per character.
    text
        What a GPT writes after `PROMPT`, else "".
    """

    level: str
    model: str
    dataset: str
    size_bytes: int
    latency_seconds: float
    ratio: float
    metric: str
    value: float
    text: str = ""


@dataclass(frozen=True)
class Matrix:
    """The results: a profile for each model, and a row for each of its levels, the baseline first."""

    profiles: tuple[Profile, ...]
    rows: tuple[Row, ...]


def run(say: Callable[[str], None], epochs: int | None = None, repeats: int = 11) -> Matrix:
    """Train an MLP and a CNN on TinyDigits and a GPT on TinyTalks, optimise them, and measure every level.

    Parameters
    ----------
    say
        Takes a line about what is being done.
    epochs
        Passes over the training data; by default as the tasks have it.
    repeats
        How often each level of the GPT is timed; those for images ten times as often.
    """
    profiles: list[Profile] = []
    rows: list[Row] = []
    for dataset, name in EXPERIMENTS:
        say(f"{name} on {dataset}: training with TinyTorch")
        start = train_task(dataset, name, epochs)
        say(f"{name} on {dataset}: optimising, and training on")
        optimised = levels.optimise(start)
        say(f"{name} on {dataset}: measuring")
        profiles.append(profile(optimised.baseline, start.arrays.X_test[:1]))
        if start.model.input_axes == "ids":
            prompt = np.array(tasks.tokenizer(dataset).encode(PROMPT), np.int64)
            rows += measure(optimised.baseline, levels.of_texts(optimised, prompt), repeats)
        else:
            # Short pieces of work, taken often: on a busy machine most of them are not interrupted.
            rows += measure(optimised.baseline, levels.of_images(optimised), 10 * repeats)
    return Matrix(tuple(profiles), tuple(rows))


def measure(trained: Trained, candidates: Sequence[Level], repeats: int) -> list[Row]:
    """A row for each level; the first one is the baseline."""
    seconds = median_seconds({level.name: level.work for level in candidates}, repeats)
    latency = {level.name: seconds[level.name] / level.n_units for level in candidates}
    X, y = trained.arrays.X_test, trained.arrays.y_test
    metric, judge = ("loss", cross_entropy) if trained.model.input_axes == "ids" else ("accuracy", share_right)
    return [
        Row(
            level=level.name,
            model=str(trained.model),
            dataset=trained.settings.dataset,
            size_bytes=level.size_bytes,
            latency_seconds=latency[level.name],
            ratio=latency[level.name] / latency[candidates[0].name],
            metric=metric,
            value=judge(level.predict(X), y),
            text=_text(trained.settings.dataset, level.work()),
        )
        for level in candidates
    ]


def cross_entropy(logits: Array, targets: Array) -> float:
    """Mean negative logarithm of the probability of each target, in nats."""
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    chosen = rows[np.arange(len(rows)), targets.reshape(-1)]
    return float(np.mean(np.log(np.exp(rows).sum(axis=1)) - chosen))


def _text(dataset: str, ids: Array | None) -> str:
    return "" if ids is None else tasks.tokenizer(dataset).decode(ids)


def table(matrix: Matrix) -> str:
    """The results as text: for each model its profile, its levels, and for a GPT what each of them writes."""
    blocks = []
    for profile_, rows in zip(matrix.profiles, by_model(matrix), strict=True):
        title = f"{rows[0].model} on {rows[0].dataset}"
        lines = [
            str(profile_),
            "",
            f"{title:<40}{'size':>14}{'':>9}{'latency':>12}{'':>9}  {rows[0].metric:>8}",
            *(_line(row, rows[0]) for row in rows),
            *(f"{row.level:<40}{PROMPT + row.text!r}" for row in rows if row.text),
        ]
        blocks.append("\n".join(lines))
    blocks.append(NOTE)
    return "\n\n".join(blocks)


def _line(row: Row, baseline: Row) -> str:
    size = f"{row.size_bytes:>8} bytes{row.size_bytes / baseline.size_bytes:>7.3f} x"
    latency = f"{1e6 * row.latency_seconds:>9.1f} us{row.ratio:>7.3f} x"
    return f"{row.level:<40}{size}{latency}  {row.value:>8.4f}"


def by_model(matrix: Matrix) -> list[list[Row]]:
    """The rows of each model, the baseline first."""
    groups = itertools.groupby(matrix.rows, key=lambda row: (row.dataset, row.model))
    return [list(rows) for _, rows in groups]


def problems(matrix: Matrix) -> list[str]:
    """What went wrong, one sentence each; nothing when every level keeps what it promises.

    A baseline has to have learned. A level of `levels.SAME_RESULTS` has its results and writes its text; one that
    stores less is smaller, and loses no more than `MAY_LOSE`. Times are measured and never judged.
    """
    return [problem for rows in by_model(matrix) for row in rows for problem in _problems(row, rows[0])]


def _problems(row: Row, baseline: Row) -> Iterator[str]:
    where = f"{row.model} on {row.dataset}, {row.level}"
    if row is baseline and not _keeps(LEARNED[row.metric], 0, row):
        yield f"{where}: {row.metric} {row.value:.4f}, expected {LEARNED[row.metric]} or better."
    allowed = MAY_LOSE.get(row.level, {}).get(row.metric, ROUNDING)
    if not _keeps(baseline.value, allowed, row):
        yield f"{where}: {row.metric} {row.value:.4f} after {baseline.value:.4f} loses more than {allowed}."
    if row.level in levels.SAME_RESULTS and row.text != baseline.text:
        yield f"{where}: it writes {row.text!r}, and the baseline {baseline.text!r}."
    if row.level in MAY_LOSE and row.size_bytes >= baseline.size_bytes:
        yield f"{where}: {row.size_bytes} bytes are not less than {baseline.size_bytes}."


def _keeps(expected: float, allowed: float, row: Row) -> bool:
    """Whether the metric is worse than expected by no more than allowed; what is not a number is worse."""
    worse = expected - row.value if row.metric == "accuracy" else row.value - expected
    # 0.96 - 0.95 is a little more than 0.01 in floating point.
    return worse <= allowed + 1e-9
