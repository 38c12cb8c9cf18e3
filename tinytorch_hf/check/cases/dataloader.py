"""Datasets and loaders: no sample lost, none twice, every image with its label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinytorch_hf.check.inputs import digits
from tinytorch_hf.judging.case import Case, Draw, Inputs, Results
from tinytorch_hf.judging.judge import Judge
from tinytorch_hf.student.view import DiffersError, Student

# Not a multiple of the batch size; and numbers that need more than a byte.
N_SAMPLES, BATCH = 300, 32


def _inputs(draw: Draw) -> Inputs:
    pixels, labels = digits(draw, N_SAMPLES)
    numbers = np.arange(N_SAMPLES, dtype=np.float32)
    return {"images": pixels.reshape(-1, 8, 8), "labels": labels, "numbers": numbers}


def _dataset(student: Student, values: Inputs) -> Any:
    return student.part("TensorDataset")(*(student.tensor(values[name]) for name in ("images", "labels", "numbers")))


def _batches(student: Student, values: Inputs, shuffle: bool) -> list[tuple[Any, ...]]:
    """Images, labels and the samples' numbers of each batch, as arrays."""
    loader = student.part("DataLoader")(_dataset(student, values), batch_size=BATCH, shuffle=shuffle)
    return _arrays(student, loader)


def _arrays(student: Student, loader: Any) -> list[tuple[Any, ...]]:
    batches = []
    for batch in loader:
        if not isinstance(batch, tuple | list) or len(batch) != 3:
            raise DiffersError(f"a batch of a dataset of three tensors is not a tuple of three, but a {_kind(batch)}")
        batches.append(tuple(student.array(part) for part in batch))
    return batches


def _kind(batch: Any) -> str:
    return f"{type(batch).__name__} of {len(batch)}" if isinstance(batch, tuple | list) else type(batch).__name__


def _joined(batches: list[tuple[Any, ...]], column: int) -> Any:
    parts = [batch[column] for batch in batches]
    return np.concatenate(parts) if parts else np.zeros(0)


def _sizes(batches: list[tuple[Any, ...]]) -> Any:
    return np.array([len(batch[0]) for batch in batches], dtype=np.int64)


_SIZES = np.array([BATCH] * (N_SAMPLES // BATCH) + [N_SAMPLES % BATCH], dtype=np.int64)


def _tensor_dataset(student: Student, values: Inputs) -> Results:
    dataset = _dataset(student, values)
    image, label, number = dataset[5]
    return {
        "len()": len(dataset),
        "image of sample 5": student.array(image),
        "label of sample 5": student.array(label).reshape(()),
        "number of sample 5": student.array(number).reshape(()),
    }


def _in_order(student: Student, values: Inputs) -> Results:
    batches = _batches(student, values, shuffle=False)
    loader = student.part("DataLoader")(_dataset(student, values), batch_size=BATCH)
    return {
        "sizes of the batches": _sizes(batches),
        "images": _joined(batches, 0),
        "labels": _joined(batches, 1),
        "a batch holds tensors": all(student.is_tensor(part) for part in next(iter(loader))),
    }


def _shuffled(student: Student, values: Inputs) -> Results:
    batches = _batches(student, values, shuffle=True)
    numbers = _joined(batches, 2)
    known = {float(number): index for index, number in enumerate(values["numbers"])}
    places = [known.get(float(number), -1) for number in numbers]
    return {
        "sizes of the batches": _sizes(batches),
        "numbers of the samples, sorted": np.sort(numbers),
        "the order is another": not np.array_equal(numbers, values["numbers"][: len(numbers)]),
        "every image is that of its number": np.array_equal(_joined(batches, 0), values["images"][places]),
        "every label is that of its number": np.array_equal(_joined(batches, 1), values["labels"][places]),
    }


def _two_passes(shuffle: bool) -> Callable[[Student, Inputs], Results]:
    def run(student: Student, values: Inputs) -> Results:
        loader = student.part("DataLoader")(_dataset(student, values), batch_size=BATCH, shuffle=shuffle)
        first, second = (_joined(_arrays(student, loader), 2) for _ in range(2))
        results: Results = {"numbers in a second pass, sorted": np.sort(second)}
        if shuffle:
            results["the second pass has another order"] = not np.array_equal(first, second)
        else:
            results["the second pass has the same order"] = np.array_equal(first, second)
        return results

    return run


def _case(name: str, needs: tuple[str, ...], run: Any, right: Any) -> Case:
    return Case(name, "dataloader", ("Tensor", *needs), _inputs, run, right)


def _numbers_expected(_: Judge, values: Inputs) -> Results:
    return {"numbers in a second pass, sorted": values["numbers"].astype(np.float64)}


_LOADER = ("TensorDataset", "DataLoader")

CASES = (
    _case(
        "tensor-dataset",
        ("TensorDataset",),
        _tensor_dataset,
        lambda _, v: {
            "len()": N_SAMPLES,
            "image of sample 5": v["images"][5].astype(np.float64),
            "label of sample 5": v["labels"][5].astype(np.float64),
            "number of sample 5": v["numbers"][5].astype(np.float64),
        },
    ),
    _case(
        "loader-in-order",
        _LOADER,
        _in_order,
        lambda _, v: {
            "sizes of the batches": _SIZES,
            "images": v["images"].astype(np.float64),
            "labels": v["labels"].astype(np.float64),
        },
    ),
    _case(
        "loader-shuffled",
        _LOADER,
        _shuffled,
        lambda _, v: {
            "sizes of the batches": _SIZES,
            "numbers of the samples, sorted": v["numbers"].astype(np.float64),
        },
    ),
    _case("loader-second-pass", _LOADER, _two_passes(shuffle=False), _numbers_expected),
    _case("loader-reshuffles", _LOADER, _two_passes(shuffle=True), _numbers_expected),
)
