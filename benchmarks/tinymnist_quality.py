"""What TinyMNIST is worth, and how far the pipeline of today would choose the same images.

Run with scikit-learn installed, and with MNIST in a root: ``python -m benchmarks.tinymnist_quality ROOT`` prints,
``--write`` puts it into the datasheet and into ``baselines.json``.

TinyMNIST's images were chosen before the pipeline was there, by a rule in floating point; they are frozen. Here the
pipeline's proof is asked of that choice: its judges learn from the 1000 train images, and from random subsets of the
same candidates, and are asked about images of MNIST's train split that are not candidates. Then the pipeline chooses
itself, among the same candidates without the test split, and its choice is judged alike.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from docs.tools.blocks import write_block
from tinytorch_hf import catalog, load
from tinytorch_hf.acquire.selection import Row, folder_of, read_selection
from tinytorch_hf.curation import datasheet, judges
from tinytorch_hf.curation.choosing import Choice, Parameters, chosen
from tinytorch_hf.curation.difficulty import BOUNDS
from tinytorch_hf.curation.lots import digests, hexadecimal
from tinytorch_hf.curation.mapping import bytes_of
from tinytorch_hf.curation.planning import N_HELD_OUT
from tinytorch_hf.curation.pool import Pool, pool_of
from tinytorch_hf.curation.proof import Proof, Score, proof
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.writing import BASELINES
from tinytorch_hf.formats.arrays import Array

N_CANDIDATES = 500
N_STRATEGIES = 13
"""Ways of choosing that were compared when the choice was made; the datasheet has their table."""
SEED = 0

FOLDER = folder_of(catalog.TINYMNIST)
BLOCK = ("<!-- measured: worth -->", "<!-- /measured -->")


@dataclass(frozen=True)
class Agreement:
    """How far the pipeline chooses what is frozen.

    Attributes
    ----------
    n_shared, n_train
        Images of the train split that both chose, and all of it.
    n_by_chance
        How many a choice by chance would share on average.
    rank_correlation
        Of the two difficulties of the candidates that are in TinyMNIST (Spearman's).
    """

    n_shared: int
    n_train: int
    n_by_chance: float
    rank_correlation: float


def pools(images: Array, labels: Array) -> tuple[Pool, Pool]:
    """The candidates and the images that judges are asked about, of MNIST's train split: those are not candidates."""
    numbers = np.arange(len(labels))
    place = np.empty(len(labels), np.int64)
    for digit in range(10):
        members = labels == digit
        place[members] = numbers[: members.sum()]
    first, others = (_pool(images[some], labels[some]) for some in (place < N_CANDIDATES, place >= N_CANDIDATES))
    of_each = [np.flatnonzero(others.label == digit)[:N_HELD_OUT] for digit in range(10)]
    return first, others.take(np.concatenate(of_each))


def frozen(pool: Pool, rows: list[Row]) -> Choice:
    """The choice that `selection.csv` states, as positions among the candidates; score and level where it has them."""
    place = {hexadecimal(digest): position for position, digest in enumerate(pool.digest)}
    train, test = (
        np.array([place[row.digest] for row in rows if row.split == split], np.int64) for split in ("train", "test")
    )
    score, level = np.full(len(pool), -1, np.int64), np.full(len(pool), -1, np.int64)
    for row in rows:
        score[place[row.digest]], level[place[row.digest]] = round(10_000 * row.score), row.difficulty
    return Choice(train, test, score, level, BOUNDS, {}, 0.0, (), {})


def of_the_pipeline(pool: Pool, choice: Choice) -> tuple[Array, Array]:
    """What the pipeline would choose for train among the same candidates, and its score of all candidates.

    The positions are those in ``pool``; images of the test split cannot be chosen.
    """
    is_free = np.ones(len(pool), dtype=bool)
    is_free[choice.test] = False
    free = np.flatnonzero(is_free)
    n_train = len(choice.train) // len(pool.classes)
    found = chosen(pool.take(free), Parameters(n_train, 0, None, SEED))
    score = np.full(len(pool), -1, np.int64)
    score[free] = found.score
    return free[found.train], score


def agreement(pool: Pool, choice: Choice, train: Array, score: Array) -> Agreement:
    """How far two choices agree."""
    n_free = len(pool) - len(choice.test)
    stored, ours = (np.argsort(np.argsort(one[choice.train], kind="stable")) for one in (choice.score, score))
    return Agreement(
        len(set(train.tolist()) & set(choice.train.tolist())),
        len(choice.train),
        len(train) * len(choice.train) / n_free,
        float(np.corrcoef(stored, ours)[0, 1]),
    )


def judged_alike(pool: Pool, train: Array, held_out: Pool, reference: Proof) -> Proof:
    """The proof of another choice, held against the same random subsets."""
    assert pool.images is not None  # noqa: S101 -- digits are images
    assert held_out.images is not None  # noqa: S101 -- as are these
    found = judges.accuracies_on_images(
        (pool.images[train], pool.label[train]), (held_out.images, held_out.label), SEED
    )
    return replace(
        reference, scores={name: Score(found[name], score.random) for name, score in reference.scores.items()}
    )


def text(agreed: Agreement, of_frozen: Proof, of_pipeline: Proof) -> str:
    """What was measured, as Markdown."""
    return "\n\n".join(
        [
            *datasheet.worth(of_frozen, f"It was picked among {N_STRATEGIES} ways of choosing; no judge took part."),
            f"The pipeline's own rule, asked to choose {agreed.n_train} train images among the same candidates without "
            f"the test split, takes {agreed.n_shared} of TinyMNIST's; {agreed.n_by_chance:.0f} would be shared by "
            f"chance. Its difficulty, from three other classifiers, has a rank correlation of "
            f"{agreed.rank_correlation:.2f} with the stored one. Its choice, against the same random subsets: "
            f"{_cells(of_pipeline)}; {of_pipeline.mean_deviations:+.1f} deviations on average.",
        ]
    )


def _cells(of_pipeline: Proof) -> str:
    return ", ".join(
        f"{name} {score.chosen:.1%} ({score.deviations:+.1f})" for name, score in of_pipeline.scores.items()
    )


def baselines(agreed: Agreement, of_frozen: Proof, of_pipeline: Proof) -> bytes:
    """The content of ``baselines.json``."""
    found = {
        **datasheet.baselines(of_frozen, N_STRATEGIES),
        "pipeline": {
            "n_shared": agreed.n_shared,
            "n_shared_by_chance": round(agreed.n_by_chance, 1),
            "rank_correlation_of_difficulty": round(agreed.rank_correlation, 4),
            "mean_deviations": round(of_pipeline.mean_deviations, 3),
            "better_than_chance": of_pipeline.is_better_than_chance,
            "judges": {name: round(score.chosen, 4) for name, score in of_pipeline.scores.items()},
        },
    }
    return (json.dumps(found, indent=1) + "\n").encode("utf-8")


def _pool(images: Array, labels: Array) -> Pool:
    digest = digests([bytes_of(image) for image in images])
    return pool_of([str(digit) for digit in range(10)], digest, labels, SEED, images)


def main() -> int:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description="What TinyMNIST is worth, by the pipeline's proof.")
    parser.add_argument("root", type=Path, help="a root in which MNIST lies")
    parser.add_argument("--write", action="store_true", help="write the datasheet's table and baselines.json")
    options = parser.parse_args()
    official = load("mnist", options.root)["train"]
    pool, held_out = pools(official["images"], official["labels"])
    choice = frozen(pool, read_selection(FOLDER))
    train, score = of_the_pipeline(pool, choice)
    agreed = agreement(pool, choice, train, score)
    print(agreed, flush=True)
    of_frozen = proof(pool, choice, held_out, Engine(), SEED, lambda n, total: print(f"{n} of {total}", flush=True))
    of_pipeline = judged_alike(pool, train, held_out, of_frozen)
    lines = text(agreed, of_frozen, of_pipeline)
    print(lines)
    if options.write:
        write_block(FOLDER / datasheet.FILE_NAME, BLOCK, lines)
        (FOLDER / BASELINES).write_bytes(baselines(agreed, of_frozen, of_pipeline))
    return 0


if __name__ == "__main__":
    sys.exit(main())
