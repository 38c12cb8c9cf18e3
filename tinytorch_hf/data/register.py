"""The open catalogue: datasets of the user's own, from a folder or from facts, on every road from then on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION, KINDS, Column, DataFile, DatasetInfo, Folder, SplitInfo, kind_of
from tinytorch_hf.catalog.description import DTYPES, description_of, read_description, title_of
from tinytorch_hf.data.content_hash import fingerprint
from tinytorch_hf.errors import CorruptFileError, DescriptionError, InvalidArgumentError, MissingFileError, StorageError
from tinytorch_hf.files import decode, folders, store
from tinytorch_hf.files.splits import Split, check_columns, check_values, dtype_name
from tinytorch_hf.formats.arrays import Array


def register(dataset: str | os.PathLike[str] | DatasetInfo) -> DatasetInfo:
    """Make a dataset of your own known by its name, so that every function, class and command takes it.

    Parameters
    ----------
    dataset
        The path of a folder with ``dataset.json``, of which every file is read and checked; or facts made in code.

    Returns
    -------
    DatasetInfo
        The facts, with the fingerprint of what the files hold. It may stand wherever a dataset is asked for.

    Raises
    ------
    DescriptionError
        ``dataset.json`` is missing or bad, or does not fit the files: the message names the field and what to write.
    InvalidArgumentError
        A built-in dataset, or another one that was registered, has this name.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is damaged, or cannot be read.
    """
    if isinstance(dataset, DatasetInfo):
        return catalog.add(dataset)
    facts = read_description(folders.expanded(Path(dataset)))
    if facts.name in catalog.built_in_names():
        raise DescriptionError(_path(facts), "name", f"{facts.name} is a built-in dataset. Write another name.")
    splits = {split.name: _split(facts, number, split) for number, split in enumerate(facts.splits)}
    found = fingerprint(splits)
    if facts.fingerprint not in ("", found):
        raise DescriptionError(_path(facts), "fingerprint", f'the files hold other content. Write "{found}".')
    return catalog.add(replace(facts, fingerprint=found))


def _path(dataset: DatasetInfo) -> Path:
    return folders.folder(dataset) / DESCRIPTION


def _split(dataset: DatasetInfo, number: int, split: SplitInfo) -> Split:
    """One split, checked field by field against what describes it."""
    folder, where = folders.folder(dataset), f"splits[{number}]"
    contents = {
        folder / file.name: _content(dataset, file, f"{where}.files[{at}]") for at, file in enumerate(split.files)
    }
    arrays = decode.read(dataset, split.name, contents)
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    first = next(iter(contents)).name
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DescriptionError(_path(dataset), where, f"columns of {first} have different lengths: {shown}.")
    for at, column in enumerate(dataset.columns):
        if column.name not in arrays:
            raise DescriptionError(
                _path(dataset), f"columns[{at}].name", f"{first} has no {column.name}, but {', '.join(arrays)}."
            )
        array = arrays[column.name]
        if dtype_name(array) != column.dtype:
            problem = f'{column.name} in {first} is {dtype_name(array)}. Write "{dtype_name(array)}".'
            raise DescriptionError(_path(dataset), f"columns[{at}].dtype", problem)
        if array.shape[1:] != column.shape:
            problem = f"a sample of {column.name} in {first} has the shape {list(array.shape[1:])}. Write that."
            raise DescriptionError(_path(dataset), f"columns[{at}].shape", problem)
    for name in arrays:
        if name not in (column.name for column in dataset.columns):
            problem = f"{first} has a column {name}, which is not described. Add it, or take it out of the file."
            raise DescriptionError(_path(dataset), "columns", problem)
    n_samples = next(iter(lengths.values()))
    if n_samples != split.n_samples:
        raise DescriptionError(_path(dataset), f"{where}.n_samples", f"{first} has {n_samples} samples. Write that.")
    check_columns(dataset, split, arrays, folder / first)
    check_values(dataset, arrays, folder / first)
    return Split(split.name, {column.name: arrays[column.name] for column in dataset.columns})


def _content(dataset: DatasetInfo, file: DataFile, field: str) -> bytes:
    path = folders.folder(dataset) / file.name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"{path} is missing, which {_path(dataset)}, {field}.name, names.") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data.startswith(store.GIT_LFS_POINTER_START):
        store.check(data, file, path, "Get the file itself with `git lfs pull`.")
    if len(data) != file.size_bytes:
        problem = f"{file.name} has {len(data)} bytes. Write {len(data)}, or put the file back that is meant."
        raise DescriptionError(_path(dataset), f"{field}.size_bytes", problem)
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        problem = f'{file.name} has another SHA-256. Write "{found}", or put the file back that is meant.'
        raise DescriptionError(_path(dataset), f"{field}.sha256", problem)
    return data


def write_dataset(
    folder: str | os.PathLike[str],
    splits: Mapping[str, Mapping[str, Array]],
    *,
    name: str,
    summary: str,
    license: str,
    source: str,
    classes: Sequence[str] = (),
    version: str = "1.0.0",
    title: str = "",
    license_note: str = "",
    source_url: str = "",
    citation: str = "",
    descriptions: Mapping[str, str] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    namespace: str = "local",
) -> DatasetInfo:
    """Write a folder that `register` takes: a file for each split, and ``dataset.json``.

    Parameters
    ----------
    folder
        Where; it is made if it is not there. A dataset that is there already is not overwritten.
    splits
        For each split its columns: arrays of equal length. Which kind of dataset it is follows from the names of the
        columns: ``images`` and ``labels``; ``question`` and ``answer``; ``text``; or those of TinyPy. Images become an
        npz archive, texts a JSON object a line.
    name, summary, license, source, classes, version, title, license_note, source_url, citation, namespace
        What the page "Add a dataset" says of the fields of these names.
    descriptions
        What each column means, by its name.
    names
        For a column of whole numbers from 0 on: what they stand for.

    Returns
    -------
    DatasetInfo
        The facts, registered.

    Raises
    ------
    InvalidArgumentError
        The columns are those of no kind, differ between splits, or have a dtype that a dataset cannot have.
    StorageError
        There is a dataset in the folder already, or the files cannot be written.
    """
    folder = folders.expanded(Path(folder)).absolute()
    if (folder / DESCRIPTION).exists():
        raise StorageError(f"{folder / DESCRIPTION} is there already. Remove it, or choose another folder.")
    arrays = {split: {key: np.asarray(value) for key, value in columns.items()} for split, columns in splits.items()}
    described = _columns_of(arrays, descriptions or {}, names or {})
    kind = kind_of(column.name for column in described)
    decoder, suffix = ("npz", "npz") if kind == "images" else ("json_lines", "jsonl")
    infos, numbers = [], []
    for split, columns in arrays.items():
        file_name = f"{split}.{suffix}"
        data = _encoded(decoder, {column.name: columns[column.name] for column in described})
        store.write(folder / file_name, data)
        file = DataFile(file_name, len(data), hashlib.sha256(data).hexdigest())
        infos.append(SplitInfo(split, len(next(iter(columns.values()))), (file,)))
        first = next((columns[column.name] for column in described if column.dtype not in ("str", "bool")), None)
        numbers += [first.min(), first.max()] if first is not None else []
    facts = DatasetInfo(
        name=name,
        title=title or title_of(name),
        summary=summary,
        version=version,
        kind=kind,
        decoder=decoder,
        provider=Folder(str(folder)),
        splits=tuple(infos),
        columns=described,
        value_range=(float(min(numbers, default=0)), float(max(numbers, default=0))),
        classes=tuple(classes),
        license=license,
        license_note=license_note,
        source=source,
        source_url=source_url,
        citation=citation,
        namespace=namespace,
    )
    if kind == "images":
        facts = replace(facts, value_range=(0.0, 255.0 if described[0].dtype == "uint8" else 1.0))
    store.write(folder / DESCRIPTION, description_of(facts).encode("utf-8"))
    try:
        return register(folder)
    except (DescriptionError, CorruptFileError, InvalidArgumentError):
        (folder / DESCRIPTION).unlink()
        raise


def _columns_of(
    splits: Mapping[str, Mapping[str, Array]], descriptions: Mapping[str, str], names: Mapping[str, Sequence[str]]
) -> tuple[Column, ...]:
    if not splits:
        raise InvalidArgumentError('Give at least one split, such as {"train": {"images": ..., "labels": ...}}.')
    first = next(iter(splits.values()))
    try:
        required = [name for name, _dtype in KINDS[kind_of(first)].required]
    except ValueError as error:
        raise InvalidArgumentError(
            f"The columns {', '.join(first)} are those of no kind of dataset: {error}."
        ) from None
    for split, columns in splits.items():
        Split(split, columns)  # refuses columns of different lengths
        for name, array in columns.items():
            if dtype_name(array) not in DTYPES:
                raise InvalidArgumentError(
                    f"{name} of {split} is {array.dtype}; a column is one of {', '.join(DTYPES)}."
                )
            if name not in first or (dtype_name(array), array.shape[1:]) != (
                dtype_name(first[name]),
                first[name].shape[1:],
            ):
                raise InvalidArgumentError(f"{name} of {split} differs from the first split's in dtype or shape.")
        if len(columns) != len(first):
            raise InvalidArgumentError(f"The split {split} has other columns than the first one.")
    order = [*required, *(name for name in first if name not in required)]
    return tuple(
        Column(
            name,
            dtype_name(first[name]),
            first[name].shape[1:],
            descriptions.get(name, ""),
            tuple(names.get(name, ())),
        )
        for name in order
    )


def _encoded(decoder: str, columns: Mapping[str, Array]) -> bytes:
    if decoder == "npz":
        from tinytorch_hf.formats.npz import write_npz

        return write_npz(columns)
    from tinytorch_hf.formats.json_lines import write_columns

    return write_columns(columns)
