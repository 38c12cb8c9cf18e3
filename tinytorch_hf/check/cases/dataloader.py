"""Datasets and loaders: no sample lost, none twice, every image with its label.

What comes back is what the batches hold; all that is said of it is said by `statements`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tinytorch_hf.check.cases.loader_statements import (
    COLUMNS,
    Epoch,
    batches_hold,
    in_order,
    length,
    shuffled,
    together,
    whole,
)
from tinytorch_hf.check.inputs import digits
from tinytorch_hf.judging.case import Case, Claim, Draw, Inputs, Results
from tinytorch_hf.student.view import DiffersError, Student

Run = Callable[[Student, Inputs], Results]

# Not a multiple of the batch size; and numbers that need more than a byte.
N_SAMPLES, BATCH = 300, 32


def _samples(n: int) -> Callable[[Draw], Inputs]:
    """Images of digits, their labels, and a number for each; how many go into a batch."""

    def inputs(draw: Draw) -> Inputs:
        pixels, labels = digits(draw, draw.size(n))
        numbers = np.arange(len(pixels), dtype=np.float32)
        return {"images": pixels.reshape(-1, 8, 8), "labels": labels, "numbers": numbers, "batch": draw.size(BATCH)}

    return inputs


def _dataset(student: Student, values: Inputs) -> Any:
    return student.part("TensorDataset")(*(student.tensor(values[column].copy()) for column in COLUMNS))


def _loader(student: Student, values: Inputs, batch: int, **arguments: Any) -> Any:
    return student.part("DataLoader")(_dataset(student, values), batch_size=batch, **arguments)


def _epoch(student: Student, loader: Iterable[Any], name: str) -> Results:
    """What one pass gives, under the names that `Epoch` reads."""
    batches = []
    n_tensors = 0
    for batch in loader:
        if not isinstance(batch, tuple | list) or len(batch) != len(COLUMNS):
            raise DiffersError(f"a batch of a dataset of three tensors is not a tuple of three, but a {_kind(batch)}")
        n_tensors += sum(student.is_tensor(part) for part in batch)
        batches.append([student.array(part) for part in batch])
    results: Results = {
        f"{name}: sizes": np.array([len(np.atleast_1d(batch[-1])) for batch in batches], dtype=np.int64),
        f"{name}: parts that are tensors": n_tensors,
    }
    for index, column in enumerate(COLUMNS):
        parts = [np.atleast_1d(batch[index]) for batch in batches]
        results[f"{name}: {column}"] = np.concatenate(parts) if parts else np.zeros(0)
    return results


def _kind(batch: Any) -> str:
    return f"{type(batch).__name__} of {len(batch)}" if isinstance(batch, tuple | list) else type(batch).__name__


def _length(loader: Any) -> int:
    """What len() says; -1 where there is none."""
    return len(loader) if hasattr(loader, "__len__") else -1


def _tensor_dataset(student: Student, values: Inputs) -> Results:
    dataset = _dataset(student, values)
    results: Results = {"len()": len(dataset)}
    # Without labels, as for a language model or what is to be predicted.
    alone = student.part("TensorDataset")(student.tensor(values["numbers"].copy()))
    results |= {"len() of one tensor": len(alone), "a sample of one tensor": _alone(student, alone[5])}
    for place in _places(values):
        for column, part in zip(COLUMNS, dataset[place], strict=True):
            results[f"{column} of sample {place}"] = student.array(part)
    return results


def _alone(student: Student, sample: Any) -> Any:
    """The value of a sample that has one part: a tuple of one tensor."""
    if not isinstance(sample, tuple | list) or len(sample) != 1:
        raise DiffersError(f"a sample of a dataset of one tensor is not a tuple of one, but a {_kind(sample)}")
    return student.array(sample[0])


def _places(values: Inputs) -> Sequence[int]:
    """The first, one inside, and the last."""
    return 0, 5, len(values["numbers"]) - 1


def _dataset_claims(values: Inputs, results: Results) -> list[Claim]:
    n = len(values["numbers"])
    claims = [Claim("len() is the number of samples", results["len()"] == n, seen=f"{results['len()']} of {n}")]
    for place in _places(values):
        wrong = [
            column
            for column in COLUMNS
            if not np.array_equal(np.ravel(results[f"{column} of sample {place}"]), np.ravel(values[column][place]))
        ]
        seen = f"another one stands in its {' and '.join(wrong)}" if wrong else ""
        claims.append(Claim(f"sample {place} is that of the tensors", not wrong, "DATASET-INDEX", seen=seen))
    seen = f"{results['len() of one tensor']} of {n}"
    of_one = np.array_equal(np.ravel(results["a sample of one tensor"]), values["numbers"][5:6])
    return [
        *claims,
        Claim("len() is the number of samples of a single tensor", results["len() of one tensor"] == n, seen=seen),
        Claim("a sample of a single tensor is that of the tensor", of_one, "DATASET-INDEX"),
    ]


def _two_passes(student: Student, values: Inputs, shuffle: bool) -> Results:
    loader = _loader(student, values, values["batch"], shuffle=shuffle)
    first, second = (_epoch(student, loader, name) for name in ("first epoch", "second epoch"))
    return {**first, **second, "len()": _length(loader)}


def _in_order(student: Student, values: Inputs) -> Results:
    return _two_passes(student, values, shuffle=False)


def _in_order_claims(values: Inputs, results: Results) -> list[Claim]:
    first, second = Epoch("first epoch", values, results), Epoch("second epoch", values, results)
    return [
        *whole(first, values["batch"]),
        *in_order(first, second),
        *together(first),
        *batches_hold(first),
        *length(first, results["len()"]),
    ]


def _second_pass_claims(values: Inputs, results: Results) -> list[Claim]:
    """That another pass gives everything once more, in the same order."""
    first, second = Epoch("first epoch", values, results), Epoch("second epoch", values, results)
    same = np.array_equal(first.numbers, second.numbers)
    return [
        *whole(second, values["batch"], after=first),
        Claim("without shuffle the second epoch has the order of the first", same, "LOADER-SHUFFLES-ALWAYS"),
    ]


def _shuffled(student: Student, values: Inputs) -> Results:
    return _two_passes(student, values, shuffle=True)


def _shuffled_claims(values: Inputs, results: Results) -> list[Claim]:
    first = Epoch("first epoch", values, results)
    return [*whole(first, values["batch"]), *shuffled(first), *together(first)]


def _reshuffled_claims(values: Inputs, results: Results) -> list[Claim]:
    """That another pass gives everything once more, in another order."""
    first, second = Epoch("first epoch", values, results), Epoch("second epoch", values, results)
    other = not np.array_equal(first.numbers, second.numbers)
    return [
        *whole(second, values["batch"], after=first),
        Claim("the second epoch has another order than the first", other, "LOADER-ORDER-REPEATS"),
        *together(second),
    ]


def _leaves_dataset(student: Student, values: Inputs) -> Results:
    """The dataset before and after it was shuffled, sample by sample."""
    dataset = _dataset(student, values)
    results = _samples_of(student, dataset, "before")
    for _ in student.part("DataLoader")(dataset, batch_size=values["batch"], shuffle=True):
        pass
    return {**results, **_samples_of(student, dataset, "afterwards")}


def _samples_of(student: Student, dataset: Any, when: str) -> Results:
    samples = [[student.array(part) for part in dataset[place]] for place in range(len(dataset))]
    return {
        f"{column} {when}": np.stack([np.asarray(sample[index]) for sample in samples]).copy()
        for index, column in enumerate(COLUMNS)
    }


def _leaves_dataset_claims(_: Inputs, results: Results) -> list[Claim]:
    same = all(np.array_equal(results[f"{column} before"], results[f"{column} afterwards"]) for column in COLUMNS)
    return [Claim("the loader leaves the dataset as it is", same, "LOADER-CHANGES-DATASET")]


def _anew(student: Student, values: Inputs) -> Results:
    """A pass after one that was broken off at its first batch, as to look at the data; and one that was not."""
    usual = _epoch(student, _loader(student, values, values["batch"]), "usual epoch")
    loader = _loader(student, values, values["batch"])
    for _ in loader:
        break
    return {**usual, **_epoch(student, loader, "epoch")}


def _anew_claims(values: Inputs, results: Results) -> list[Claim]:
    usual, epoch = Epoch("usual epoch", values, results), Epoch("epoch", values, results)
    anew = np.array_equal(epoch.numbers, usual.numbers)
    seen = f"{epoch.n_came} of {epoch.n_samples} samples come then"
    sentence = "after an interrupted pass, the next one starts from the beginning"
    return [Claim(sentence, anew, "LOADER-GOES-ON", seen=seen)]


class _OwnDataset:
    """What a user writes where samples are made when they are asked for; it has nothing but what a dataset has to."""

    def __init__(self, student: Student, values: Inputs) -> None:
        self._student, self._values = student, values

    def __len__(self) -> int:
        return len(self._values["numbers"])

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return tuple(self._student.tensor(np.array(self._values[column][index])) for column in COLUMNS)


def _of_own_dataset(student: Student, values: Inputs) -> Results:
    loader = student.part("DataLoader")(_OwnDataset(student, values), batch_size=values["batch"], shuffle=False)
    return _epoch(student, loader, "epoch")


def _of_own_dataset_claims(values: Inputs, results: Results) -> list[Claim]:
    epoch = Epoch("epoch", values, results)
    return [*whole(epoch, values["batch"]), *together(epoch)]


# Of a few samples: one by one, two even halves, and more in a batch than there are.
def _batch_sizes(n: int) -> Mapping[str, int]:
    return {"batches of one": 1, "two even batches": n // 2, "a batch larger than the dataset": n + 3}


def _sizes(student: Student, values: Inputs) -> Results:
    results: Results = {}
    for name, batch in _batch_sizes(len(values["numbers"])).items():
        loader = _loader(student, values, batch)
        results.update({**_epoch(student, loader, name), f"{name}: len()": _length(loader)})
    return results


def _sizes_claims(values: Inputs, results: Results) -> list[Claim]:
    claims = []
    for name, batch in _batch_sizes(len(values["numbers"])).items():
        epoch = Epoch(name, values, results)
        claims += [*whole(epoch, batch), *together(epoch), *length(epoch, results[f"{name}: len()"])]
    return claims


_NEEDS = {"tensor-dataset": ("Tensor", "TensorDataset"), "loader-own-dataset": ("Tensor", "DataLoader")}


def _case(name: str, run: Run, claims: Callable[[Inputs, Results], Sequence[Claim]], n: int = N_SAMPLES) -> Case:
    return Case(
        name,
        "dataloader",
        _NEEDS.get(name, ("Tensor", "TensorDataset", "DataLoader")),
        _samples(n),
        run,
        lambda *_: {},
        claims=claims,
    )


CASES = (
    _case("tensor-dataset", _tensor_dataset, _dataset_claims, n=11),
    _case("loader-in-order", _in_order, _in_order_claims),
    _case("loader-second-pass", _in_order, _second_pass_claims),
    _case("loader-broken-off", _anew, _anew_claims, n=71),
    _case("loader-batch-sizes", _sizes, _sizes_claims, n=6),
    _case("loader-own-dataset", _of_own_dataset, _of_own_dataset_claims, n=71),
    _case("loader-shuffled", _shuffled, _shuffled_claims),
    _case("loader-reshuffles", _shuffled, _reshuffled_claims),
    _case("loader-leaves-dataset", _leaves_dataset, _leaves_dataset_claims, n=71),
)
