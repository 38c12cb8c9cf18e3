"""Cut TinyCIFAR from CIFAR-10, byte for byte as everywhere, and check the result.

Run from anywhere: ``python3 datasets/tinycifar/create_tinycifar.py --source FOLDER``, with a root in which CIFAR-10
lies, as ``tinytorch-hf download cifar10 --root FOLDER`` or torchvision puts it there. Without ``--source`` it is the
cache. The files go to ``FOLDER/tinycifar``, or to another root with ``--root``.

Which images were chosen stands in ``selection.csv``, so that cutting depends on no library's arithmetic. The
candidates are the first 4000 images of CIFAR-10's first train batch and the first 761 of each other batch, the test
batch included. ``--reselect`` makes the choice again, with scikit-learn, and reports how far it agrees. Nothing is
written unless both files have the sizes and SHA-256 that the catalog states.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# The checkout this recipe stands in, and what recipes share, so that it also runs where nothing is installed.
sys.path += map(str, Path(__file__).resolve().parents[1:3])

from recipes import curate, descriptors, difficulty

from tinytorch_hf import catalog
from tinytorch_hf.acquire import provision, selection
from tinytorch_hf.data import loaders
from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

N_PER_BATCH = {"train": (4000, 761, 761, 761, 761), "test": (761,)}
BATCH = 10_000
N_PER_CLASS = {"train": 200, "test": 40}
# The thirds of all candidates by score. By the bounds of TinyMNIST two thirds of the photographs would be hard.
BOUNDS = (0.49, 0.76)
MIN_COSINE = 0.55
SEED = 42


@dataclass(frozen=True)
class Candidates:
    """Images (N, 3, 32, 32) uint8 that may be chosen, with labels, and their split and position in CIFAR-10.

    Those of the test split come first, so that of two look-alikes the test split keeps its image.
    """

    images: Array
    labels: Array
    source_index: Array
    is_test: Array


def candidate_indices(split: str) -> Array:
    """Positions in a split of CIFAR-10 of the images that may be chosen."""
    return np.concatenate([BATCH * batch + np.arange(n) for batch, n in enumerate(N_PER_BATCH[split])])


def candidates(source: Mapping[str, Split]) -> Candidates:
    """The candidates, from CIFAR-10's "test" and "train"."""
    indices = {split: candidate_indices(split) for split in ("test", "train")}
    return Candidates(
        images=np.concatenate([source[split]["images"][chosen] for split, chosen in indices.items()]),
        labels=np.concatenate([source[split]["labels"][chosen] for split, chosen in indices.items()]),
        source_index=np.concatenate(list(indices.values())),
        is_test=np.arange(sum(map(len, indices.values()))) < len(indices["test"]),
    )


def features(images: Array) -> Array:
    """What the classifiers judge by, and the choice is made by: edges and colours, (N, 537) float32."""
    return np.hstack([descriptors.edge_directions(images), 2 * descriptors.colours(images)])


def look_alikes(images: Array, min_cosine: float = MIN_COSINE) -> Array:
    """Which images look like one that stands before them."""
    seen, mirrored = (descriptors.edge_directions(view, joined=True) for view in (images, images[..., ::-1]))
    return curate.repeats(seen, mirrored, min_cosine)


def difficulty_scores(pool: Candidates) -> Array:
    """Score in [0, 1] of each candidate, from classifiers that never saw it."""
    return difficulty.instance_hardness(difficulty.out_of_fold_probabilities(features(pool.images), pool.labels))


def by_lot(labels: Array, n_per_class: int, eligible: Array, seed: int = SEED) -> Array:
    """Positions of so many images of each class, drawn at random."""
    # RandomState's stream is frozen for all releases (NEP 19); default_rng's is not.
    luck = np.random.RandomState(seed).random_sample(len(labels))

    def draw(members: Array) -> Array:
        return np.argsort(luck[members], kind="stable")[:n_per_class]

    return curate.per_class(labels, draw, eligible)


def choose_train(pool: Candidates, eligible: Array) -> Array:
    """Positions of the train split: of each class, images whose mean is that of the class at every step."""
    described = features(pool.images)

    def choose(members: Array) -> Array:
        return curate.herding(described[members], N_PER_CLASS["train"])

    return curate.per_class(pool.labels, choose, eligible)


def select(pool: Candidates) -> list[selection.Row]:
    """Make the choice anew: the rows of ``selection.csv``, in the order of the files."""
    score = difficulty_scores(pool)
    levels = difficulty.levels(score, BOUNDS)
    unlike = ~look_alikes(pool.images)
    chosen = {
        "train": choose_train(pool, unlike & ~pool.is_test),
        # An exam that was chosen flatters.
        "test": by_lot(pool.labels, N_PER_CLASS["test"], unlike & pool.is_test),
    }
    rng = np.random.RandomState(SEED)
    rows = []
    for split, positions in chosen.items():
        for position in positions[rng.permutation(len(positions))]:
            values = (split, pool.source_index[position], pool.labels[position], levels[position])
            rows.append(dict(zip(selection.FIELDS, (*map(str, values), f"{score[position]:.4f}"), strict=True)))
    return rows


def overlap(old: list[selection.Row], new: list[selection.Row]) -> tuple[list[str], bool]:
    """Lines that say how far two selections agree, and whether they share nine images of ten in each split."""
    lines, agree = [], True
    for split in N_PER_CLASS:
        scores = [
            {row["source_index"]: float(row["score"]) for row in rows if row["split"] == split} for rows in (old, new)
        ]
        shared = scores[0].keys() & scores[1].keys()
        agree = agree and len(shared) >= 0.9 * len(scores[0])
        shift = max((abs(scores[0][index] - scores[1][index]) for index in shared), default=0.0)
        lines.append(
            f"{split:<5} {len(shared)} of {len(scores[0])} images are in both selections; "
            f"their scores differ by at most {shift:.4f}"
        )
    return lines, agree


def main(arguments: list[str] | None = None) -> int:
    """Cut, check against the catalog, write, and say what was written."""
    parser = argparse.ArgumentParser(description="Cut TinyCIFAR from CIFAR-10 and check it.")
    parser.add_argument("--source", help="a root in which CIFAR-10 lies (default: the cache)")
    parser.add_argument("--root", help="where `tinycifar` is to be (default: the source)")
    parser.add_argument("--reselect", action="store_true", help="choose again and report the overlap; writes nothing")
    options = parser.parse_args(arguments)
    dataset = catalog.TINYCIFAR
    try:
        if options.reselect:
            lines, agree = overlap(
                selection.read_selection(dataset), select(candidates(loaders.load("cifar10", options.source)))
            )
            print("\n".join(lines))
            return 0 if agree else 1
        provision.cut(dataset, options.source, options.root or options.source)
        for file in dataset.files:
            print(f"{file.name:<9} {file.size_bytes:>7} bytes  sha256 {file.sha256}")
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
