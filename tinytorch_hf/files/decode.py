"""What a split's files hold, whatever their format: bytes to NumPy, admitting nothing but arrays and texts.

Each format has a module of its own, which is imported when a file needs it: who loads TinyDigits does not wait for
zip archives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.errors import CorruptFileError
from tinytorch_hf.formats.arrays import Array
from tinytorch_hf.shown import printable

Arrays = Mapping[str, Array]
Contents = Mapping[Path, bytes]


def read(dataset: DatasetInfo, split_name: str, contents: Contents, decoder: str = "") -> Arrays:
    """The arrays in a split's files.

    Parameters
    ----------
    dataset
        Facts of the dataset.
    split_name
        A split's name; "" for whatever the files hold, where one file holds every split.
    contents
        What each of the split's files holds, in the catalog's order, by where it came from.
    decoder
        A name from `DECODERS`; by default the dataset's.

    Raises
    ------
    CorruptFileError
        A file cannot be read, or holds something else than arrays or texts.
    """
    return DECODERS[decoder or dataset.decoder](contents, dataset, split_name)


def _pickle(contents: Contents, _dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.formats.pickles import read_pickle

    return _together([read_pickle(data, path) for path, data in contents.items()], contents)


def _npz(contents: Contents, _dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.formats.npz import read_npz

    return _together([read_npz(data, path) for path, data in contents.items()], contents)


def _together(parts: Sequence[Arrays], contents: Iterable[Path]) -> Arrays:
    """The samples of several files, one file after the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    for path, part in zip(contents, parts, strict=True):
        if list(part) != list(first) or any(_of_a_sample(part[name]) != _of_a_sample(first[name]) for name in first):
            raise CorruptFileError(f"{path} has other columns than {next(iter(contents))}, which comes before it.")
        single = [name for name, array in part.items() if not array.ndim]
        if single:
            raise CorruptFileError(f"{path} holds {printable(single[0])}, which is one value and not a column.")
    return {name: np.concatenate([part[name] for part in parts]) for name in first}


def _of_a_sample(array: Array) -> tuple[object, ...]:
    """What must be the same in every file: the shape of a sample and the dtype; texts may be of any length."""
    return (array.shape[1:], "str" if array.dtype.kind == "U" else array.dtype)


def _question_answer_lines(contents: Contents, _dataset: DatasetInfo, split_name: str) -> Arrays:
    from tinytorch_hf.files import talks

    # A file holds every split: each line says which it belongs to.
    pairs = [pair for path, data in contents.items() for pair in talks.parse_jsonl(data, path)]
    return talks.columns(talks.in_split(pairs, split_name) if split_name else pairs)


def _question_answer_text(contents: Contents, dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.files import talks
    from tinytorch_hf.formats.texts import text_column

    first = next(iter(contents))
    turns = [turn for path, data in contents.items() for turn in talks.parse_text(data, path)]
    arrays: dict[str, Array] = {
        "question": text_column([turn.question for turn in turns], first),
        "answer": text_column([turn.answer for turn in turns], first),
    }
    if any(column.name == "turn" for column in dataset.columns):
        arrays["turn"] = np.array([turn.turn for turn in turns], np.int64)
    elif any(turn.turn for turn in turns):
        raise CorruptFileError(
            f"{first} has dialogues: a question follows an answer without a blank line between. Put a blank line "
            "there, or state a column `turn`, int64, among the dataset's columns."
        )
    return arrays


def _function_lines(contents: Contents, _dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.files import python_functions

    return python_functions.columns([f for path, data in contents.items() for f in python_functions.parse(data, path)])


def _json_lines(contents: Contents, dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.formats.json_lines import read_columns

    dtypes = {column.name: column.dtype for column in dataset.columns}
    return _together([read_columns(data, path, dtypes) for path, data in contents.items()], contents)


def _text(contents: Contents, _dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.formats.texts import read_text, text_column

    return {"text": text_column([read_text(data, path) for path, data in contents.items()], next(iter(contents)))}


def _idx(contents: Contents, dataset: DatasetInfo, _split_name: str) -> Arrays:
    from tinytorch_hf.formats.idx import read_idx

    if len(contents) != len(dataset.columns):
        names = ", ".join(column.name for column in dataset.columns)
        raise CorruptFileError(
            f"{next(iter(contents))} is one of {len(contents)} files, but IDX has a file for each column: {names}."
        )
    arrays = {}
    for column, (path, data) in zip(dataset.columns, contents.items(), strict=True):
        array = read_idx(data, path)
        # What bytes do not become without loss stays bytes, and is found to be none of the stated dtype.
        is_exact = np.can_cast(np.uint8, column.dtype)
        arrays[column.name] = array.astype(column.dtype, copy=False) if is_exact else array
    return arrays


def _cifar_batches(contents: Contents, dataset: DatasetInfo, split_name: str) -> Arrays:
    from tinytorch_hf.formats.cifar import read_cifar_batch

    # All pixels are held once: a batch is put in its place before the next one is read.
    n_samples = dataset.split(split_name).n_samples
    if n_samples * 3 * 32 * 32 > sum(map(len, contents.values())):
        # No memory is taken for what cannot be there; a file that is no batch at all is named first.
        for path, data in contents.items():
            read_cifar_batch(data, path)
        raise _other_number(contents, n_samples, split_name)
    images = np.empty((n_samples, 3, 32, 32), np.uint8)
    labels = np.empty(n_samples, np.int64)
    end = 0
    for path, data in contents.items():
        batch_images, batch_labels = read_cifar_batch(data, path)
        start, end = end, end + len(batch_labels)
        if end > n_samples:
            break
        images[start:end], labels[start:end] = batch_images, batch_labels
    if end != n_samples:
        raise _other_number(contents, n_samples, split_name)
    return {"images": images, "labels": labels}


def _other_number(contents: Contents, n_samples: int, split_name: str) -> CorruptFileError:
    return CorruptFileError(
        f"{next(iter(contents)).parent} does not hold the {n_samples} images of the {split_name} split."
    )


DECODERS: dict[str, Callable[[Contents, DatasetInfo, str], Arrays]] = {
    "pickle": _pickle,
    "npz": _npz,
    "idx": _idx,
    "cifar_batches": _cifar_batches,
    "json_lines": _json_lines,
    "text": _text,
    "question_answer_lines": _question_answer_lines,
    "question_answer_text": _question_answer_text,
    "function_lines": _function_lines,
}
"""How files become columns, by the names that `tinytorch_hf.catalog.DECODERS` explains."""
