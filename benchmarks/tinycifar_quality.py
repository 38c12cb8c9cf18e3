"""What TinyCIFAR is worth, by the pipeline's proof, and what its files hold.

Run with scikit-learn installed, and with CIFAR-10 in a root: ``python -m benchmarks.tinycifar_quality ROOT`` prints,
``--write`` puts it into the datasheet and into ``baselines.json``.

The pipeline's judges, a small convolutional network among them, learn from the 2000 train images, and from as many that
are drawn by chance from the same candidates. They are asked about candidates that were held out, and then, once, what
they make of TinyCIFAR's test images.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from datasets.tinycifar import create_tinycifar as recipe

from docs.tools import tables
from docs.tools.blocks import write_block
from tinytorch_hf import load
from tinytorch_hf.acquire import selection
from tinytorch_hf.curation import datasheet, judges
from tinytorch_hf.curation.choosing import Choice
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.proof import Proof, proof
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.writing import BASELINES
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.formats.npz import read_npz

FOLDER = selection.folder_of(recipe.DATASET)
WORTH = ("<!-- measured: worth -->", "<!-- /measured -->")
STATISTICS = ("<!-- measured: statistics -->", "<!-- /measured -->")


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes
    ----------
    proof
        What the judges make of held-out candidates.
    on_test
        What they make of TinyCIFAR's test images, once they have learned from its train images.
    """

    proof: Proof
    on_test: Mapping[str, float]


def part_for_train(found: recipe.Candidates, choice: Choice) -> tuple[Pool, Choice]:
    """The candidates of the train split alone, and the choice among them."""
    pool = found.pool.take(np.arange(found.n_exam, len(found.pool)))
    return pool, replace(choice, train=choice.train - found.n_exam, test=np.zeros(0, np.int64))


def measured(found: recipe.Candidates, choice: Choice) -> Measured:
    """Let the judges learn."""
    pool, for_train = part_for_train(found, choice)
    seed = recipe.PARAMETERS.seed
    proven = proof(pool, for_train, found.held_out, Engine(), seed, lambda *done: print(*done, flush=True))
    train, test = (_samples(found.pool, positions) for positions in (choice.train, choice.test))
    return Measured(proven, judges.accuracies_on_images(train, test, seed))


def text(found: Measured, n_test: int) -> str:
    """What was measured, as Markdown."""
    cells = ", ".join(f"{name} {accuracy:.1%}" for name, accuracy in found.on_test.items())
    return "\n\n".join(
        [
            *datasheet.worth(found.proof),
            f"Of TinyCIFAR's own {n_test} test images the same judges tell rightly: {cells}.",
        ]
    )


def baselines(found: Measured) -> bytes:
    """The content of ``baselines.json``."""
    content = {
        **datasheet.baselines(found.proof),
        "on_test": {name: round(accuracy, 4) for name, accuracy in found.on_test.items()},
    }
    return (json.dumps(content, indent=1) + "\n").encode("utf-8")


def statistics(source: Mapping[str, Split]) -> str:
    """The datasheet's table of what the files hold."""
    files = selection.cut(recipe.DATASET, source)
    names = [split.name for split in recipe.DATASET.splits]
    return tables.statistics_of(
        {name: Split(name, read_npz(files[f"{name}.npz"], Path(f"{name}.npz"))) for name in names}
    )


def run(source: Mapping[str, Split], *, is_written: bool) -> None:
    """Measure, print, and write if asked."""
    found = recipe.candidates(source)
    choice = recipe.choose(found)
    result = measured(found, choice)
    table, lines = statistics(source), text(result, len(choice.test))
    print(f"{table}\n\n{lines}")
    if is_written:
        write_block(FOLDER / datasheet.FILE_NAME, STATISTICS, table)
        write_block(FOLDER / datasheet.FILE_NAME, WORTH, lines)
        (FOLDER / BASELINES).write_bytes(baselines(result))


def _samples(pool: Pool, positions: Array) -> tuple[Array, Array]:
    assert pool.images is not None  # noqa: S101 -- photographs are images
    return pool.images[positions], pool.label[positions]


def main() -> int:
    """Measure CIFAR-10's candidates."""
    parser = argparse.ArgumentParser(description="What TinyCIFAR is worth, by the pipeline's proof.")
    parser.add_argument("root", type=Path, help="a root in which CIFAR-10 lies")
    parser.add_argument("--write", action="store_true", help="write the datasheet's tables and baselines.json")
    options = parser.parse_args()
    run(load("cifar10", options.root), is_written=options.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
