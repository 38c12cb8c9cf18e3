"""Proof or refusal: what learns from the choice, against what learns from as many samples drawn by chance."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tinytorch_hf.curation import judges
from tinytorch_hf.curation.choosing import Choice
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.files import store
from tinytorch_hf.formats.arrays import Array

N_RANDOM = 20
"""Subsets that are drawn by chance, each as balanced as the choice."""

N_STRATEGIES = 25
"""Ways of choosing that were compared before this one was settled on: the best of several looks better than it is where
it was picked. A run of `tinify` tries no other. docs/explanations/tinify_proof.md has them."""


@dataclass(frozen=True)
class Score:
    """What one judge makes of the choice, and of chance.

    Attributes
    ----------
    chosen
        Its accuracy on held-out samples after the choice.
    random
        The accuracies after each of the random subsets.
    """

    chosen: float
    random: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Of chance."""
        return float(np.mean(self.random))

    @property
    def spread(self) -> float:
        """Standard deviation of chance."""
        return float(np.std(self.random, ddof=1))

    @property
    def deviations(self) -> float:
        """How many of these the choice lies above the mean; what has no spread counts as a whole one or none."""
        difference = self.chosen - self.mean
        return difference / self.spread if self.spread else float(np.sign(difference))


@dataclass(frozen=True)
class Proof:
    """What the choice is worth.

    Attributes
    ----------
    scores
        For each judge.
    n_held_out
        How many samples they were asked about.
    """

    scores: Mapping[str, Score]
    n_held_out: int

    @property
    def n_random(self) -> int:
        """How many subsets were drawn by chance."""
        return len(next(iter(self.scores.values())).random)

    @property
    def mean_deviations(self) -> float:
        """Over all judges."""
        return float(np.mean([score.deviations for score in self.scores.values()]))

    @property
    def is_better_than_chance(self) -> bool:
        """Whether no judge learns less than from chance on average, and all together a standard deviation more."""
        return self.mean_deviations >= 1 and all(score.chosen >= score.mean for score in self.scores.values())


def proof(
    pool: Pool,
    choice: Choice,
    held_out: Pool,
    engine: Engine,
    seed: int,
    on_subset: Callable[[int, int], None] = lambda *_: None,
    kept: Path | None = None,
) -> Proof:
    """Let judges learn from the choice, and from random subsets of what it was chosen from.

    Parameters
    ----------
    pool, choice
        What was chosen, from what.
    held_out
        Samples of the source that nothing was chosen from.
    engine
        Where the judges learn.
    seed
        Of the random subsets and of the judges.
    on_subset
        Called with how many subsets have been judged, of how many.
    kept
        A folder in which accuracies are kept, so that a run that was interrupted goes on; it belongs to that run alone.

    Raises
    ------
    MissingExtraError
        scikit-learn is not installed.
    """
    subsets = [choice.train, *_random_subsets(pool, choice, seed)]
    found = {} if kept is None else _read(kept, len(subsets))
    missing = [number for number in range(len(subsets)) if number not in found]
    on_subset(len(found), len(subsets))
    for place, accuracies in engine.map(partial(_judged, pool, held_out, seed), [subsets[one] for one in missing]):
        found[missing[place]] = accuracies
        if kept is not None:
            store.write(_file(kept, missing[place]), json.dumps(accuracies).encode("utf-8"))
        on_subset(len(found), len(subsets))
    scores = {
        name: Score(found[0][name], tuple(found[number][name] for number in range(1, len(subsets))))
        for name in found[0]
    }
    return Proof(scores, len(held_out))


def _read(kept: Path, n: int) -> dict[int, dict[str, float]]:
    """The accuracies that are kept, by the number of their subset."""
    files = {number: _file(kept, number) for number in range(n)}
    return {number: json.loads(file.read_bytes()) for number, file in files.items() if file.is_file()}


def _file(kept: Path, number: int) -> Path:
    return kept / f"subset-{number}.json"


def divided(pool: Pool, n_candidates: int, n_held_out: int) -> tuple[Pool, Pool]:
    """What is chosen from, and what is held out: of each class the samples with the largest lots, at most a fifth."""
    place = np.empty(len(pool), np.int64)
    total = np.bincount(pool.label, minlength=len(pool.classes))
    for code in range(len(pool.classes)):
        members = pool.label == code
        place[members] = np.arange(int(members.sum()))
    n_first = np.maximum(total - n_held_out, total - total // 5)
    is_first = place < np.minimum(n_first, n_candidates)[pool.label]
    is_last = (place >= n_first[pool.label]) & ~is_first
    return pool.take(np.flatnonzero(is_first)), pool.take(np.flatnonzero(is_last))


def _random_subsets(pool: Pool, choice: Choice, seed: int) -> Sequence[Array]:
    """Balanced subsets of all candidates but the test split."""
    rng = np.random.RandomState(seed)
    n = len(choice.train) // len(pool.classes)
    is_free = np.ones(len(pool), dtype=bool)
    is_free[choice.test] = False
    members = [np.flatnonzero(is_free & (pool.label == code)) for code in range(len(pool.classes))]
    return [np.concatenate([rng.permutation(some)[:n] for some in members]) for _ in range(N_RANDOM)]


def _judged(pool: Pool, held_out: Pool, seed: int, positions: Array) -> dict[str, float]:
    some = pool.take(positions)
    if some.images is None or held_out.images is None:
        return judges.accuracies_on_texts((some.texts, some.label), (held_out.texts, held_out.label))
    return judges.accuracies_on_images((some.images, some.label), (held_out.images, held_out.label), seed)
