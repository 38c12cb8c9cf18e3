"""What is said of an epoch: whole, in order or shuffled, images and labels together.

The samples carry numbers of their own, by which each is known wherever it comes.
"""

from __future__ import annotations

import math

import numpy as np

from tinytorch_hf.judging.case import Claim, Inputs, Results

COLUMNS = ("images", "labels", "numbers")


class Epoch:
    """What one pass over a loader gave.

    Parameters
    ----------
    name
        What it is called among the results.
    values
        The samples that were put in.
    results
        What came back.

    Attributes
    ----------
    name
        What it is called.
    numbers
        The samples' numbers, in the order in which they came.
    sizes
        The sizes of the batches.
    """

    def __init__(self, name: str, values: Inputs, results: Results) -> None:
        self.name = name
        self.values = values
        self._results = results
        self.numbers = np.ravel(results[f"{name}: numbers"]).astype(np.float64)
        self.sizes = [int(size) for size in np.ravel(results[f"{name}: sizes"])]
        self.n_tensors = int(results[f"{name}: parts that are tensors"])

    @property
    def n_samples(self) -> int:
        """How many samples were put in."""
        return len(self.values["numbers"])

    @property
    def n_came(self) -> int:
        """How many different ones of them came."""
        return len(set(self.numbers.tolist()) & set(self.values["numbers"].tolist()))

    def agrees(self, column: str) -> bool:
        """Whether a column holds what belongs to the numbers that came, in whatever shape."""
        places = {number: place for place, number in enumerate(self.values["numbers"].tolist())}
        chosen = [places[number] for number in self.numbers.tolist() if number in places]
        found = self._results[f"{self.name}: {column}"]
        return len(chosen) == len(self.numbers) and np.array_equal(
            np.ravel(found), np.ravel(self.values[column][chosen])
        )

    def shape(self, column: str) -> tuple[int, ...]:
        """The shape of a column over the whole pass."""
        shape: tuple[int, ...] = self._results[f"{self.name}: {column}"].shape
        return shape


def whole(epoch: Epoch, batch: int, after: Epoch | None = None) -> list[Claim]:
    """That every sample comes once, in batches of the size that was asked for.

    Parameters
    ----------
    epoch
        What came.
    batch
        The size that was asked for.
    after
        The epoch before it, where this is not the first one.
    """
    n, came = epoch.n_samples, epoch.n_came
    every = f"{epoch.name}: every sample comes once"
    seen = f"{came} of {n} came" + (f", {len(epoch.numbers)} in all" if len(epoch.numbers) != came else "")
    if came < n or len(epoch.numbers) != n:
        return [Claim(every, False, _lost(epoch, batch, after), seen=seen)]
    expected = [min(batch, n - start) for start in range(0, n, batch)]
    seen = f"its batches have the sizes {_short(epoch.sizes)} instead of {_short(expected)}"
    return [
        Claim(every, True),
        Claim(f"{epoch.name}: batches have {batch} samples", epoch.sizes == expected, "LOADER-BATCH-SIZE", seen=seen),
    ]


def _lost(epoch: Epoch, batch: int, after: Epoch | None) -> str:
    """The code of what loses samples."""
    if after is not None and len(after.numbers) and not len(epoch.numbers):
        return "LOADER-ONE-PASS"
    n_whole = epoch.n_samples // batch * batch
    only_last = len(epoch.numbers) == epoch.n_came == n_whole < epoch.n_samples
    return "LOADER-LAST-BATCH" if only_last and set(epoch.sizes) <= {batch} else "LOADER-SAMPLES"


def _short(sizes: list[int]) -> str:
    shown = ", ".join(map(str, sizes if len(sizes) <= 4 else [*sizes[:2], "...", sizes[-1]]))
    return f"[{shown}]"


def in_order(first: Epoch, second: Epoch) -> list[Claim]:
    """That samples come in the dataset's order where nothing is to be shuffled."""
    holds = np.array_equal(first.numbers, first.values["numbers"][: len(first.numbers)])
    # An order that is another one each time was shuffled; one that is the same each time is another mistake.
    code = "" if np.array_equal(first.numbers, second.numbers) else "LOADER-SHUFFLES-ALWAYS"
    return [Claim("without shuffle samples come in the dataset's order", holds, code)]


def shuffled(epoch: Epoch) -> list[Claim]:
    """That samples come in another order than the dataset's."""
    kept = np.array_equal(epoch.numbers, epoch.values["numbers"][: len(epoch.numbers)])
    return [
        Claim("with shuffle=True samples come in another order than the dataset's", not kept, "LOADER-NOT-SHUFFLED")
    ]


def together(epoch: Epoch) -> list[Claim]:
    """That every image and every label is that of its number; nothing is said where the numbers are others."""
    if not set(epoch.numbers.tolist()) <= set(epoch.values["numbers"].tolist()):
        return []
    claims = []
    for column in ("images", "labels"):
        agrees = epoch.agrees(column)
        claims.append(Claim(f"{epoch.name}: {column} stay with their samples", agrees, "LOADER-LABELS"))
        if agrees:
            shape, right = epoch.shape(column), (len(epoch.numbers), *epoch.values[column].shape[1:])
            what = f"{epoch.name}: {column} are stacked along a first axis"
            claims.append(Claim(what, shape == right, "OTHER-SHAPE", seen=f"they are {shape} instead of {right}"))
    return claims


def batches_hold(epoch: Epoch) -> list[Claim]:
    """That batches are made of tensors."""
    n_parts = len(epoch.sizes) * len(COLUMNS)
    seen = f"{n_parts - epoch.n_tensors} of {n_parts} parts are none"
    return [Claim("batches hold tensors", epoch.n_tensors == n_parts, "LOADER-NO-TENSORS", seen=seen)]


def length(epoch: Epoch, found: int) -> list[Claim]:
    """That len() is the number of batches; a loader without one may be right, but PyTorch's has it."""
    if found == -1:
        return [Claim("the loader has no len()", False, is_note=True)]
    n_batches = len(epoch.sizes)
    # Where batches are missing, len() may be right all the same.
    holds = found == n_batches or (epoch.n_came < epoch.n_samples and found == _n_right(epoch))
    return [Claim("len() is the number of batches", holds, "LOADER-LENGTH", seen=f"{found} instead of {n_batches}")]


def _n_right(epoch: Epoch) -> int:
    return math.ceil(epoch.n_samples / max(epoch.sizes, default=1))
