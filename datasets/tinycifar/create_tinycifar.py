"""Cut TinyCIFAR from CIFAR-10, byte for byte as everywhere, and check the result; or choose it again.

Run from anywhere: ``python3 datasets/tinycifar/create_tinycifar.py --source FOLDER``, with a root in which CIFAR-10
lies, as ``tinytorch-hf download cifar10 --root FOLDER`` or torchvision puts it there. Without ``--source`` it is the
cache. The files go to ``FOLDER/tinycifar``, or to another root with ``--root``. Nothing is written unless both files
have the sizes and SHA-256 that the catalog states.

Which images were chosen stands in ``selection.csv``, by their content; where they lie in CIFAR-10, in ``places.csv``.
Both are a product of the pipeline behind ``tinytorch-hf tinify``, which counts in whole numbers: ``--reselect`` chooses
again from the same candidates, and has to come to the same files, whatever the machine and the libraries. Candidates
are the first 4000 images of CIFAR-10's first train batch and the first 761 of each other batch; the test split is drawn
from those of the test batch, the train split chosen from the others, of which a fifth is held out for judges.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

# The checkout this recipe stands in, so that it also runs where nothing is installed.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from tinytorch_hf import _version, catalog
from tinytorch_hf.acquire import provision
from tinytorch_hf.acquire.selection import PLACES, SELECTION, Place, Row, folder_of
from tinytorch_hf.curation import recipe
from tinytorch_hf.curation.choosing import Choice, Parameters, chosen
from tinytorch_hf.curation.lots import digests, hexadecimal
from tinytorch_hf.curation.mapping import bytes_of
from tinytorch_hf.curation.planning import N_HELD_OUT
from tinytorch_hf.curation.pool import Pool, pool_of
from tinytorch_hf.curation.proof import divided
from tinytorch_hf.curation.sources.catalogued import hash_of
from tinytorch_hf.data import loaders
from tinytorch_hf.errors import CorruptFileError, TinyTorchHFError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array

DATASET = catalog.TINYCIFAR
BATCH = 10_000
N_PER_BATCH: Mapping[str, tuple[int, ...]] = {"train": (4000, 761, 761, 761, 761), "test": (761,)}
# From this cosine on people judged pairs of CIFAR-10's images to be one photograph.
PARAMETERS = Parameters(n_train=200, n_test=40, min_cosine=0.92, seed=0)


@dataclass(frozen=True)
class Candidates:
    """What may be chosen, and what judges are asked about.

    Attributes
    ----------
    pool
        The candidates; those of the test split stand first.
    n_exam
        How many of them are of the test split.
    held_out
        Images of the train split that nothing is chosen from.
    places
        Where each lies in CIFAR-10, by its digest; of equal images the first.
    shards
        A hash of the candidates of each split.
    """

    pool: Pool
    n_exam: int
    held_out: Pool
    places: Mapping[str, Place]
    shards: Mapping[str, str]


def candidate_indices(split: str) -> Array:
    """Positions in a split of CIFAR-10 of the images that may be chosen."""
    return np.concatenate([BATCH * batch + np.arange(n) for batch, n in enumerate(N_PER_BATCH[split])])


def candidates(source: Mapping[str, Split]) -> Candidates:
    """The candidates, from CIFAR-10's "test" and "train"."""
    parts: dict[str, Pool] = {}
    places: dict[str, Place] = {}
    shards = {}
    for split in ("test", "train"):
        rows = candidate_indices(split)
        images, labels = (np.ascontiguousarray(source[split][name][rows]) for name in ("images", "labels"))
        digest = digests([bytes_of(image) for image in images])
        for one, row in zip(digest, rows.tolist(), strict=True):
            name = hexadecimal(one)
            places.setdefault(name, Place(name, split, row))
        parts[split] = pool_of(DATASET.classes, digest, labels, PARAMETERS.seed, images)
        shards[split] = hash_of([images, labels])
    train, held_out = divided(parts["train"], len(parts["train"]), N_HELD_OUT)
    exam = parts["test"]
    assert exam.images is not None  # noqa: S101 -- photographs are images
    assert train.images is not None  # noqa: S101 -- as are these
    pool = Pool(
        exam.classes,
        np.concatenate([exam.digest, train.digest]),
        np.concatenate([exam.label, train.label]),
        np.concatenate([exam.images, train.images]),
    )
    return Candidates(pool, len(exam), held_out, places, shards)


def choose(found: Candidates) -> Choice:
    """The choice, by the pipeline."""
    return chosen(found.pool, PARAMETERS, found.n_exam)


def files(found: Candidates, choice: Choice) -> dict[str, bytes]:
    """The content of ``selection.csv``, ``places.csv`` and ``recipe.json``."""
    rows: list[Row] = []
    for split in DATASET.splits:
        rows += recipe.rows_of(found.pool, getattr(choice, split.name).tolist(), split.name, choice.level, choice.score)
    made_of = recipe.Recipe(
        source=catalog.origin(DATASET).name,
        kind="images",
        shards=dict(sorted(found.shards.items())),
        size=found.held_out.images.shape[-1] if found.held_out.images is not None else 0,
        columns={"image": "images", "label": "labels"},
        parameters={
            **asdict(PARAMETERS),
            **{"n_candidates": len(found.pool), "n_exam": found.n_exam, "n_held_out": len(found.held_out)},
        },
        facts={"name": DATASET.name},
        files={file.name: file.sha256 for file in DATASET.files},
        versions={"tinytorch-hf": _version.__version__},
        has_source_index=True,
    )
    return {
        SELECTION: recipe.selection_bytes(rows),
        PLACES: recipe.places_bytes([found.places[row.digest] for row in rows]),
        recipe.RECIPE: made_of.as_bytes(),
    }


def reselected(source: Mapping[str, Split]) -> str:
    """Choose again, and say that it is the same.

    Raises
    ------
    CorruptFileError
        The candidates are others than those of the recipe, or the choice is another one.
    """
    folder = folder_of(DATASET)
    found, stated = candidates(source), recipe.read_recipe(folder)
    for split, expected in stated.shards.items():
        if found.shards[split] != expected:
            raise CorruptFileError(
                f"The candidates in CIFAR-10's {split} split are not what TinyCIFAR was chosen from: their SHA-256 is "
                f"{found.shards[split]}, not {expected}."
            )
    anew = files(found, choose(found))
    for name in (SELECTION, PLACES):
        if anew[name] != (folder / name).read_bytes():
            raise CorruptFileError(f"The choice differs from {folder / name}.")
    n_rows = sum(split.n_samples for split in DATASET.splits)
    return f"{n_rows} images chosen again of {len(found.pool)} candidates: {SELECTION} and {PLACES} are the same"


def main(arguments: list[str] | None = None) -> int:
    """Cut, check against the catalog, write, and say what was written."""
    parser = argparse.ArgumentParser(description="Cut TinyCIFAR from CIFAR-10 and check it.")
    parser.add_argument("--source", help="a root in which CIFAR-10 lies (default: the cache)")
    parser.add_argument("--root", help="where `tinycifar` is to be (default: the source)")
    parser.add_argument("--reselect", action="store_true", help="choose again, and compare; writes nothing")
    options = parser.parse_args(arguments)
    try:
        if options.reselect:
            print(reselected(loaders.load(catalog.origin(DATASET), options.source)))
            return 0
        provision.cut(DATASET, options.source, options.root or options.source)
    except TinyTorchHFError as error:
        print(error, file=sys.stderr)
        return 1
    for file in DATASET.files:
        print(f"{file.name:<9} {file.size_bytes:>7} bytes  sha256 {file.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
