"""Does TinyCIFAR teach more than as many random images, and does a small network learn from it at all?

Run with torch and scikit-learn installed, and with CIFAR-10 in a root:
``python -m benchmarks.tinycifar_quality ROOT`` prints the tables, ``--write`` puts them into the datasheet.

Ways of choosing are compared among the candidates of the train split: a third of them is the exam and can't be
chosen, 200 of each class are chosen from the rest, and each third is the exam once. Three models learn: a small
convolutional network from pixels, logistic regression and the nearest neighbour from edges and colours.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from datasets.tinycifar import create_tinycifar as recipe

from tinytorch_hf import catalog, curate, difficulty
from tinytorch_hf.hub.blocks import write_block
from tinytorch_hf.loaders import load, unit_range

Array = np.ndarray[Any, Any]

MODELS = ("small CNN", "logistic regression", "1-NN")
N_FOLDS = 3
N_LOTS = 6
N_EPOCHS = 12
N_SEEDS = 5
DATASHEET = Path(__file__).resolve().parents[1] / "datasets" / "tinycifar" / "DATASHEET.md"
BLOCK = ("<!-- measured: quality -->", "<!-- /measured -->")

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

    def herded(sharpness: float) -> Strategy:
        return lambda pool, members: curate.kernel_herding(
            curate.gaussian_kernel(pool.features[members], sharpness), n
        )

    def in_thirds(pool: Pool, members: Array) -> Array:
        """As many of each level as the class has, in proportion."""
        levels = difficulty.levels(pool.score[members], recipe.BOUNDS)
        counts = np.bincount(levels, minlength=3)
        quotas = np.floor(n * counts / counts.sum()).astype(int)
        quotas[0] += n - quotas.sum()
        quotas = np.array(curate.feasible_quotas(levels, quotas.tolist()))
        similarity = curate.gaussian_kernel(pool.features[members], 4.0)
        return curate.kernel_herding(similarity, n, levels, quotas.tolist())

    return {
        "the easiest": lambda pool, members: np.argsort(pool.score[members], kind="stable")[:n],
        "the hardest": lambda pool, members: np.argsort(-pool.score[members], kind="stable")[:n],
        "k-center": lambda pool, members: curate.k_center(pool.features[members], n),
        "facility location": lambda pool, members: curate.facility_location(pool.features[members], n),
        "herding": lambda pool, members: curate.herding(pool.features[members], n),
        "kernel herding": herded(4.0),
        "kernel herding, on pixels": lambda pool, members: curate.kernel_herding(
            curate.gaussian_kernel(pool.images[members]), n
        ),
        "kernel herding in quotas": in_thirds,
    }


def compare_strategies(pool: Pool) -> list[str]:
    """Table of every strategy's mean accuracy over the folds, and its distance from random choices."""

    def measured(choose: Callable[[Array], Array], fold: int, seed: int) -> Array:
        chosen = curate.per_class(pool.labels, choose, pool.eligible & (pool.fold != fold))
        return accuracies(pool.samples(chosen), pool.samples(np.flatnonzero(pool.fold == fold)), seed)

    n = recipe.N_PER_CLASS["train"]
    lots = np.array(
        [
            [measured(lambda members, rng=np.random.RandomState(lot): rng.permutation(len(members))[:n], fold, lot)  # type: ignore[misc]
             for fold in range(N_FOLDS)]
            for lot in range(N_LOTS)
        ]
    )
    mean, spread = lots.mean(axis=(0, 1)), lots.mean(axis=1).std(axis=0, ddof=1)
    rows = [_row("by lot", [f"{m:.2f} ± {s:.2f}" for m, s in zip(mean, spread, strict=True)])]
    print(rows[0], flush=True)
    for name, strategy in strategies().items():
        choices = [
            np.mean([measured(lambda members: strategy(pool, members), fold, seed) for fold in range(N_FOLDS)], axis=0)  # noqa: B023
            for seed in range(1)
        ]
        found = np.mean(choices, axis=0)
        rows.append(_row(name, [f"{f:.2f} ({(f - m) / s:+.1f})" for f, m, s in zip(found, mean, spread, strict=True)]))
        print(rows[-1], flush=True)
    return [_row("strategy", list(MODELS)), _row("---", ["---:"] * len(MODELS)), *rows]


def _row(first: str, cells: list[str]) -> str:
    return f"| {' | '.join([first, *cells])} |"
