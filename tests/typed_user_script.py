"""A program as users write it: type checkers must find nothing in it but what the comments at its end expect."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import tinytorch_hf
from tinytorch_hf import Split, load
from tinytorch_hf.catalog import DatasetInfo


def in_numpy(folder: Path) -> None:
    """Built-in datasets and one of the user's own, in every form that the types know."""
    splits = load("tinydigits")
    train: Split = load("tinydigits", "train")
    images, few = train["images"], train[:100]
    names: list[str] = [name for name, column in train.items() if len(column) == len(images)]
    X_train, y_train, *_ = tinytorch_hf.load_tinydigits()
    mine: DatasetInfo = tinytorch_hf.write_dataset(
        folder,
        {"train": dict(few)},
        name="a_hundred",
        summary="The first hundred digits.",
        license="CC-BY-4.0",
        source="TinyDigits",
        classes=[str(digit) for digit in range(10)],
    )
    again = load(tinytorch_hf.register(folder), "train", root=None, download=False)
    same = np.array_equal(again["images"], load(folder)["train"]["images"])
    print(len(splits["test"]), *names, X_train.shape, y_train.dtype, same, tinytorch_hf.fingerprint(mine)[:8])


def in_torch() -> None:
    """Classes and the DataLoader."""
    from tinytorch_hf import DataLoader, TinyDigits, TinyTalks, stratified_split

    digits = TinyDigits(train=True, transform=None, download=False)
    pairs = TinyTalks(split="val", block_size=32)
    training, _ = stratified_split(digits, [0.8, 0.2], seed=0)
    print(len(DataLoader(training, batch_size=32, shuffle=True)), len(pairs), digits.classes)


def beside_pytorch() -> None:
    """One seed gives a comparison, several a sweep."""
    one = tinytorch_hf.compare_training("xor", "tinytorch_hf.reference", epochs=1)
    several = tinytorch_hf.compare_training("xor", "tinytorch_hf.reference", epochs=1, seeds=[0, 1], workers=1)
    print(one.agree, one.accuracies, several.paired and several.paired.p, [run.seed for run in several.runs])


if TYPE_CHECKING:
    load("tinydigit")  # type: ignore[call-overload]
    load("tinydigits", 3)  # type: ignore[call-overload]
    nothing = load("tinydigits", "train")["images"].nothing  # type: ignore[attr-defined]
    column = load("tinydigits", "train").values()["images"]  # type: ignore[index]
    tinytorch_hf.fingerprint("tinydigit")  # type: ignore[arg-type]
    tinytorch_hf.register(3)  # type: ignore[arg-type]
    tinytorch_hf.compare_training("xor", workers=2)  # type: ignore[call-overload]

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        in_numpy(Path(place) / "a_hundred")
    in_torch()
    beside_pytorch()
