"""Whether TinyCIFAR teaches more than as many random images, and whether a small network learns from it at all.

Run with torch and scikit-learn installed, and with CIFAR-10 in a root:
``python -m benchmarks.tinycifar_quality ROOT`` prints the tables, ``--write`` puts them into the datasheet.

Ways of choosing are compared among the candidates of the train split: a third of them is the exam and cannot
be chosen, 200 of each class are chosen from the rest, and each third is the exam once. Three models learn: a small
convolutional network from pixels, logistic regression and the nearest neighbour from edges and colours.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from datasets.tinycifar import create_tinycifar as recipe
from recipes import curate

from docs.tools import tables
from docs.tools.blocks import write_block
from tinytorch_hf import catalog, load
from tinytorch_hf.acquire import selection
from tinytorch_hf.data.loaders import unit_range
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.npz import read_npz

MODELS = ("small CNN", "logistic regression", "1-NN")
N_FOLDS = 3
N_LOTS = 6
N_EPOCHS = 12
N_SEEDS = 5
DATASHEET = Path(__file__).resolve().parents[1] / "datasets" / "tinycifar" / "DATASHEET.md"
QUALITY = ("<!-- measured: quality -->", "<!-- /measured -->")
STATISTICS = ("<!-- measured: statistics -->", "<!-- /measured -->")

# Images (N, 3, 32, 32) uint8, their features (N, F), and labels (N,).
Samples = tuple[Array, Array, Array]


def cnn_accuracy(train: Samples, exam: Samples, seed: int = 0) -> float:
    """Accuracy of two convolutions of 16 and 32 channels, each followed by pooling, and one linear layer."""
    import torch
    from torch import nn

    def tensors(samples: Samples) -> tuple[Any, Any]:
        return torch.from_numpy(unit_range(samples[0])) - 0.5, torch.from_numpy(samples[2])

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(
            *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(32 * 8 * 8, 10)),
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=0.002, weight_decay=1e-3)
        images, labels = tensors(train)
        for _ in range(N_EPOCHS):
            for rows in torch.randperm(len(labels)).split(64):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(images[rows]), labels[rows]).backward()
                optimizer.step()
    images, labels = tensors(exam)
    with torch.no_grad():
        return float((model(images).argmax(dim=1) == labels).float().mean())


def accuracies(train: Samples, exam: Samples, seed: int = 0) -> Array:
    """Accuracy in percent of each model."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        others = [
            model.fit(*train[1:]).score(*exam[1:])
            for model in (LogisticRegression(C=0.1, max_iter=200), KNeighborsClassifier(1))
        ]
    return 100 * np.array([cnn_accuracy(train, exam, seed), *others])


class Pool:
    """The candidates of the train split, with what strategies look at."""

    def __init__(self, candidates: recipe.Candidates) -> None:
        train = ~candidates.is_test
        self.labels = candidates.labels[train]
        self.images = candidates.images[train]
        self.features = recipe.features(self.images)
        self.score = recipe.difficulty_scores(candidates)[train]
        self.eligible = ~recipe.look_alikes(candidates.images)[train]
        # The same share of each class in every fold.
        order = np.lexsort((np.random.RandomState(recipe.SEED).random_sample(len(self.labels)), self.labels))
        self.fold = np.empty(len(order), dtype=np.int64)
        self.fold[order] = np.arange(len(order)) % N_FOLDS

    def samples(self, positions: Array) -> Samples:
        """Images, features and labels at these positions."""
        return self.images[positions], self.features[positions], self.labels[positions]


Strategy = Callable[[Pool, Array], Array]


def strategies() -> dict[str, Strategy]:
    """Every way of choosing that was tried: takes the pool and the positions of one class, returns some of them."""
    n = recipe.N_PER_CLASS["train"]

    return {
        "the easiest": lambda pool, members: np.argsort(pool.score[members], kind="stable")[:n],
        "the hardest": lambda pool, members: np.argsort(-pool.score[members], kind="stable")[:n],
        "k-center": lambda pool, members: curate.k_center(pool.features[members], n),
        "facility location": lambda pool, members: curate.facility_location(pool.features[members], n),
        "herding (published)": lambda pool, members: curate.herding(pool.features[members], n),
        "kernel herding": lambda pool, members: curate.kernel_herding(
            curate.gaussian_kernel(pool.features[members]), n
        ),
        "kernel herding, on pixels": lambda pool, members: curate.kernel_herding(
            curate.gaussian_kernel(pool.images[members]), n
        ),
    }


def compare_strategies(pool: Pool) -> list[str]:
    """Table of every strategy's mean accuracy over the folds, and its distance from choices by lot."""
    lots = np.stack([_over_folds(pool, by_lot(lot), lot) for lot in range(N_LOTS)])
    mean, spread = lots.mean(axis=0), lots.std(axis=0, ddof=1)
    rows = [_row("by lot", [f"{m:.1f} ± {s:.1f}" for m, s in zip(mean, spread, strict=True)])]
    print(rows[0], flush=True)
    for name, strategy in strategies().items():
        found = _over_folds(pool, strategy, seed=0)
        rows.append(_row(name, [f"{f:.1f} ({(f - m) / s:+.1f})" for f, m, s in zip(found, mean, spread, strict=True)]))
        print(rows[-1], flush=True)
    return [_row("strategy", list(MODELS)), _row("---", ["---:"] * len(MODELS)), *rows]


def _over_folds(pool: Pool, strategy: Strategy, seed: int) -> Array:
    """Mean accuracy of each model over the folds, each of which is the exam once."""
    total = np.zeros(len(MODELS))
    for fold in range(N_FOLDS):
        chosen = curate.per_class(pool.labels, partial(strategy, pool), pool.eligible & (pool.fold != fold))
        total += accuracies(pool.samples(chosen), pool.samples(np.flatnonzero(pool.fold == fold)), seed)
    return total / N_FOLDS


def by_lot(seed: int) -> Strategy:
    """A balanced choice that is left to chance."""
    rng = np.random.RandomState(seed)
    return lambda _pool, members: rng.permutation(len(members))[: recipe.N_PER_CLASS["train"]]


def learn_tinycifar(pool: Pool, splits: dict[str, Split]) -> list[str]:
    """Table of what the models learn from TinyCIFAR's train split and from as many images by lot, asked its test."""
    train, test = ((s["images"], recipe.features(s["images"]), s["labels"]) for s in splits.values())
    subsets = [
        pool.samples(curate.per_class(pool.labels, partial(by_lot(lot), pool), pool.eligible)) for lot in range(N_LOTS)
    ]
    learned = np.stack([accuracies(train, test, seed) for seed in range(N_SEEDS)])
    lots = np.stack([accuracies(subset, test, lot) for lot, subset in enumerate(subsets)])
    rows = [_row("model", ["TinyCIFAR", "by lot", "chance"]), _row("---", ["---:"] * 3)]
    for column, model in enumerate(MODELS):
        spread = f" ± {learned[:, column].std(ddof=1):.1f}" if column == 0 else ""
        lot = f"{lots[:, column].mean():.1f} ± {lots[:, column].std(ddof=1):.1f}"
        rows.append(_row(model, [f"{learned[:, column].mean():.1f}{spread}", lot, "10.0"]))
    return rows


def _row(first: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"


def report(source: Mapping[str, Split], splits: dict[str, Split]) -> str:
    """What CIFAR-10's candidates and TinyCIFAR's splits teach, as Markdown."""
    candidates = recipe.candidates(source)
    pool = Pool(candidates)
    look_alike = recipe.look_alikes(candidates.images)
    n_train, n_test = ((look_alike & of_split).sum() for of_split in (~candidates.is_test, candidates.is_test))
    learned = learn_tinycifar(pool, splits)
    print("\n".join(learned), flush=True)
    lines = [
        f"Accuracy in percent on TinyCIFAR's 400 test images, after learning from its 2000 train images and from "
        f"{N_LOTS} choices by lot of the same candidates, as many and as balanced. The CNN has two convolutions, of 16 "
        f"and 32 channels, and one linear layer; it learns for {N_EPOCHS} epochs, from {N_SEEDS} initialisations. The "
        "others learn from edges and colours.",
        "",
        *learned,
        "",
        "Ways to choose 200 images of each class, compared on candidates that could not be chosen: a third, each third "
        f"once. In brackets the gain in standard deviations of {N_LOTS} choices by lot. As look-alikes, {n_train} "
        f"train candidates and {n_test} test candidates were left out.",
        "",
        *compare_strategies(pool),
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Compare TinyCIFAR with random choices among its candidates.")
    parser.add_argument("root", type=Path, help="a root in which CIFAR-10 lies")
    parser.add_argument("--write", action="store_true", help="put the tables into TinyCIFAR's datasheet")
    options = parser.parse_args()
    source = load("cifar10", options.root)
    files = selection.cut(catalog.TINYCIFAR, source)
    splits = {split: Split(split, read_npz(files[f"{split}.npz"], Path(f"{split}.npz"))) for split in source}
    statistics, text = tables.statistics_of(splits), report(source, splits)
    print(f"{statistics}\n\n{text}")
    if options.write:
        write_block(DATASHEET, STATISTICS, statistics)
        write_block(DATASHEET, QUALITY, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
