"""Which look-alikes are found: pairs that people judged, and how many others there are, from one cosine on or another.

``python -m benchmarks.tinify_proof.look_alikes --judged PAIRS NPZ`` measures; PAIRS is ciFAIR's table of CIFAR-10, NPZ
has arrays such as ``b2_first761`` and ``test_first761``, the first images of each batch. ``--planted NAME=SOURCE``
plants copies into a source. ``--write`` keeps what was found.

References
----------
B. Barz, J. Denzler (2020), Do We Train on Test Data? Purging CIFAR of Near-Duplicates, Journal of Imaging 6(6),
https://doi.org/10.3390/jimaging6060041
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.tinify_proof import planted, record
from benchmarks.tinify_proof.measure import candidates
from tinytorch_hf.curation import features
from tinytorch_hf.curation.near import Pair, look_alikes_of_images
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.files import store
from tinytorch_hf.formats.arrays import Array

COSINES = (0.9, 0.91, 0.92, 0.925, 0.93, 0.95, 0.98, 0.995)
_BATCH = 10_000
_TRAIN = re.compile(r"b([1-5])_first\d+")
_TEST = re.compile(r"test_first\d+")

Place = tuple[str, int]


def images_of(arrays: Mapping[str, Array]) -> tuple[list[Place], Array]:
    """Where in CIFAR-10 each image is, ("train", 10000) for example, and the images."""
    places: list[Place] = []
    parts = []
    for name in sorted(arrays):
        train = _TRAIN.fullmatch(name)
        if train is None and not _TEST.fullmatch(name):
            continue
        parts.append(arrays[name])
        first = _BATCH * (int(train[1]) - 1) if train else 0
        places += [("train" if train else "test", first + row) for row in range(len(parts[-1]))]
    return places, np.concatenate(parts)


def judged_pairs(table: Path, places: Sequence[Place]) -> set[tuple[Place, Place]]:
    """The pairs that people judged to be duplicates, of images that are there."""
    there = set(places)
    with table.open(encoding="utf-8", newline="") as stream:
        pairs = [(("test", int(row["TestID"])), ("train", int(row["TrainID"]))) for row in csv.DictReader(stream)]
    return {(test, train) for test, train in pairs if {test, train} <= there}


def found_pairs(places: Sequence[Place], images: Array, min_cosine: float) -> dict[tuple[Place, Place], Pair]:
    """The look-alikes that `tinify` finds, by their places, test first."""
    mirrored = features.of_images(images[..., ::-1])
    found = look_alikes_of_images(images, features.of_images(images), mirrored, min_cosine)
    named = {}
    for one in found:
        first, second = sorted((places[one.first], places[one.second]))
        named[first, second] = one
    return named


def measured(table: Path, arrays: Mapping[str, Array], cosines: Sequence[float] = COSINES) -> dict[str, Any]:
    """How many of the judged pairs are found, and how many pairs at all, from each cosine on."""
    places, images = images_of(arrays)
    judged = judged_pairs(table, places)
    found = found_pairs(places, images, min(cosines))
    rows = []
    for cosine in cosines:
        pairs = {key for key, one in found.items() if one.cosine >= cosine}
        across = {(first, second) for first, second in pairs if first[0] != second[0]}
        rows.append(
            {
                "cosine": cosine,
                "pairs": len(pairs),
                "test_and_train": len(across),
                "judged": len(across & judged),
                "mirrored": sum(found[pair].is_mirrored for pair in pairs),
            }
        )
    return {"n_images": len(images), "n_judged": len(judged), "from": rows}


def main() -> None:
    """Measure, print, and keep what was found if asked."""
    parser = argparse.ArgumentParser(description="Measure which look-alikes `tinify` finds.")
    parser.add_argument("--judged", type=Path, nargs=2, metavar=("PAIRS", "NPZ"), help="ciFAIR's table, and images")
    parser.add_argument("--planted", nargs="+", default=[], metavar="NAME=SOURCE", help="where copies are planted")
    parser.add_argument("--root", type=Path, help="where the files of a dataset of this package are")
    parser.add_argument("--write", action="store_true", help="keep what was found, and put it into the page")
    options = parser.parse_args()
    found = record.look_alikes()
    if options.judged:
        with np.load(options.judged[1]) as archive:
            found["judged"] = measured(options.judged[0], {name: archive[name] for name in archive.files})
    for given in options.planted:
        name, _, source = given.partition("=")
        pool, _ = candidates(source, Wish(n_train=10), options.root, Engine(1))
        found.setdefault("planted", {})[name] = planted.measured(pool)
    print(json.dumps(found, indent=1))
    if options.write:
        store.write(record.LOOK_ALIKES, (json.dumps(found, indent=1) + "\n").encode("utf-8"))
        record.write_page()


if __name__ == "__main__":
    main()
