"""The open catalogue: datasets of the user's own, from a folder or from facts, with every interface from then on."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION, KINDS, Column, DataFile, DatasetInfo, Folder, SplitInfo, kind_of
from tinytorch_hf.catalog.description import checked, description_of, parse_description
from tinytorch_hf.catalog.fields import DTYPES, MOST_NUMBER
from tinytorch_hf.catalog.kinds import Kind
from tinytorch_hf.data.content_hash import fingerprint
from tinytorch_hf.data.folder_check import FolderCheck
from tinytorch_hf.errors import DescriptionError, InvalidArgumentError, StorageError, TinyTorchHFError
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import Split, dtype_name, problem_of_values
from tinytorch_hf.formats.arrays import Array


def register(dataset: str | os.PathLike[str] | DatasetInfo) -> DatasetInfo:
    """Make a dataset of your own known by its name, so that every function, class and command takes it.

    Parameters
    ----------
    dataset
        The path of a folder with ``dataset.json``; or facts made in code, whose files are in a `Folder`, or
        `Downloaded` when they are asked for. Every file in a folder is read and checked.

    Returns
    -------
    DatasetInfo
        The facts, with the fingerprint of what the files hold. It may stand wherever a dataset is asked for.

    Raises
    ------
    DescriptionError
        ``dataset.json`` is missing or bad, or does not fit the files: the message names the field and what to write.
    InvalidArgumentError
        It is no path; or a built-in dataset, or another one that was registered, has this name.
    MissingFileError, CorruptFileError, StorageError
        A file is not there, is a Git-LFS pointer, or cannot be read.
    """
    if isinstance(dataset, DatasetInfo):
        facts, source = checked(dataset), f"The facts of {dataset.name}"
    else:
        facts = catalog.info(folders.expanded(os.fspath(dataset) if isinstance(dataset, os.PathLike) else dataset))
        source = str(folders.folder(facts) / DESCRIPTION)
    if not isinstance(facts.provider, Folder):
        return catalog.add(facts)
    return catalog.add(replace(facts, fingerprint=FolderCheck(facts, source).fingerprint()))


_EXAMPLE = 'Give each split its columns by name, such as {"train": {"images": images, "labels": labels}}.'


def write_dataset(
    folder: str | os.PathLike[str],
    splits: Mapping[str, Mapping[str, Any]],
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
    creator: str = "",
    pixel_steps: int = 0,
    descriptions: Mapping[str, str] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    namespace: str = "local",
    published: str = "",
    languages: Sequence[str] = (),
    keywords: Sequence[str] = (),
) -> DatasetInfo:
    """Write a folder that `register` takes: a file for each split, and ``dataset.json``.

    Nothing is written unless all of it is right.

    Parameters
    ----------
    folder
        Where; it is made if it is not there. Files that are there already are not overwritten.
    splits
        For each split its columns: arrays of equal length. Which kind of dataset it is follows from the names of the
        columns: ``images`` and ``labels``; ``question`` and ``answer``; ``text``; or ``signature``, ``docstring``,
        ``body`` and ``n_lines``. Images become an npz archive, texts a JSON object a line.
    name, summary, license, source, classes, version, title, license_note, source_url, citation, creator,
    pixel_steps, namespace, published, languages, keywords
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
        The columns are those of no kind, differ between splits, or have a dtype that a dataset cannot have; or a
        built-in dataset, or another one that was registered, has this name.
    DescriptionError
        What is to be written into ``dataset.json`` breaks a rule: the message names the field and what to write.
    StorageError
        A file is there already, or cannot be written.
    """
    folder = folders.expanded(os.fspath(folder) if isinstance(folder, os.PathLike) else folder).absolute()
    if not isinstance(splits, Mapping) or not all(isinstance(columns, Mapping) for columns in splits.values()):
        raise InvalidArgumentError(f"The splits are not columns by name. {_EXAMPLE}")
    arrays = {
        split: {key: _array(f"{key} of {split}", value) for key, value in columns.items()}
        for split, columns in splits.items()
    }
    columns = _columns_of(arrays, descriptions or {}, names or {})
    kind = kind_of(column.name for column in columns)
    decoder, suffix = _form_of(kind)
    files = {split: _encoded(decoder, [(one.name, arrays[split][one.name]) for one in columns]) for split in arrays}
    facts = DatasetInfo(
        name=name,
        title=title,
        summary=summary,
        version=version,
        kind=kind,
        decoder=decoder,
        provider=Folder(str(folder)),
        splits=tuple(
            SplitInfo(
                split,
                len(arrays[split][columns[0].name]),
                (DataFile(f"{split}.{suffix}", len(data), hashlib.sha256(data).hexdigest()),),
            )
            for split, data in files.items()
        ),
        columns=columns,
        value_range=_value_range(columns, arrays),
        classes=tuple(classes),
        license=license,
        license_note=license_note,
        source=source,
        source_url=source_url,
        citation=citation,
        creator=creator,
        pixel_steps=pixel_steps,
        namespace=namespace,
        published=published,
        languages=tuple(languages),
        keywords=tuple(keywords),
    )
    try:
        given = description_of(facts).encode("utf-8", "surrogatepass")
    except TypeError as error:
        raise InvalidArgumentError(f"An argument is not of the type that the documentation states: {error}.") from None
    facts = parse_description(given, folder / DESCRIPTION)
    for split, values in arrays.items():
        problem = problem_of_values(facts, values)
        if problem:
            raise DescriptionError(folder / DESCRIPTION, problem[0], f"in {split} {problem[1]}")
    ordered = {split: Split(split, {one.name: arrays[split][one.name] for one in columns}) for split in arrays}
    description = description_of(replace(facts, fingerprint=fingerprint(ordered)))
    contents = {folder / f"{split}.{suffix}": data for split, data in files.items()}
    return _write({**contents, folder / DESCRIPTION: description.encode("utf-8")}, folder)


def _write(contents: Mapping[Path, bytes], folder: Path) -> DatasetInfo:
    """Write files and register their folder; where that is refused, none of them stays."""
    present = [path for path in contents if os.path.lexists(path)]
    if present:
        raise StorageError(f"{present[0]} is there already. Remove it, or choose another folder.")
    written = []
    try:
        for path, data in contents.items():
            store.write(path, data)
            written.append(path)
        return register(folder)
    except TinyTorchHFError:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _array(what: str, values: Any) -> Array:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InvalidArgumentError(f"{what} is not an array: {error}.") from None


def _columns_of(
    splits: Mapping[str, Mapping[str, Array]], descriptions: Mapping[str, str], names: Mapping[str, Sequence[str]]
) -> tuple[Column, ...]:
    """The columns of splits, those that the kind requires first; refused if they are of no kind, or differ."""
    if not splits:
        raise InvalidArgumentError(f"There is no split. {_EXAMPLE}")
    first = next(iter(splits.values()))
    try:
        dtypes = dict(KINDS[kind_of(first)].required)
    except ValueError as error:
        known = "; ".join(", ".join(name for name, _dtype in facts.required) for facts in KINDS.values())
        raise InvalidArgumentError(f"{error}. Those of a kind are: {known}.") from None
    for split, columns in splits.items():
        Split(split, columns)  # refuses columns of different lengths
        if set(columns) != set(first):
            raise InvalidArgumentError(f"The split {split} has other columns than the first one.")
        for name, array in columns.items():
            if dtype_name(array) not in DTYPES:
                raise InvalidArgumentError(
                    f"{name} of {split} is {array.dtype}; a column is one of {', '.join(DTYPES)}."
                )
            if dtypes.get(name) and dtype_name(array) != dtypes[name]:
                raise InvalidArgumentError(_other_dtype(f"{name} of {split}", array, dtypes[name]))
            if (dtype_name(array), array.shape[1:]) != (dtype_name(first[name]), first[name].shape[1:]):
                raise InvalidArgumentError(f"{name} of {split} differs from the first split's in dtype or shape.")
    for name in (*descriptions, *names):
        if name not in first:
            raise InvalidArgumentError(f"There is no column {name} to describe. The columns are {', '.join(first)}.")
    return tuple(
        Column(
            name,
            dtype_name(first[name]),
            first[name].shape[1:],
            descriptions.get(name, ""),
            tuple(names.get(name, ())),
        )
        for name in (*dtypes, *(name for name in first if name not in dtypes))
    )


def _other_dtype(what: str, array: Array, dtype: str) -> str:
    """What to write, where a kind needs a column in another dtype."""
    if dtype == "int64" and dtype_name(array) == "str":
        return (
            f"{what} are texts, not {dtype}. Number them: classes, labels = numpy.unique(texts, return_inverse=True)."
        )
    advice = f'Write .astype("{dtype}") behind the array.' if dtype != "str" else "Give texts."
    return f"{what} is {array.dtype}, not {dtype}. {advice}"


def _value_range(columns: Sequence[Column], splits: Mapping[str, Mapping[str, Array]]) -> tuple[float, float]:
    """The range of the images' dtype; for texts that of the first column of numbers, if it has one to state."""
    if columns[0].name == KINDS["images"].required[0][0]:
        return 0.0, 255.0 if columns[0].dtype == "uint8" else 1.0
    first = next((column.name for column in columns if column.dtype not in ("str", "bool")), "")
    values = [split[first] for split in splits.values() if first and len(split[first])]
    low = float(min((array.min() for array in values), default=0))
    high = float(max((array.max() for array in values), default=0))
    return (low, high) if math.isfinite(high - low) and max(-low, high) <= MOST_NUMBER else (0.0, 0.0)


def file_of(split: str, columns: Mapping[str, Array]) -> tuple[str, bytes]:
    """The name and the content of a split's file, as `write_dataset` writes it.

    Parameters
    ----------
    split
        Its name.
    columns
        Its columns, those first that its kind of dataset must have.
    """
    decoder, suffix = _form_of(kind_of(columns))
    return f"{split}.{suffix}", _encoded(decoder, list(columns.items()))


def _form_of(kind: Kind) -> tuple[str, str]:
    """How a new file of a kind of dataset is written, and what its name ends in."""
    return ("npz", "npz") if KINDS[kind].decoders[0] == "npz" else ("json_lines", "jsonl")


def _encoded(decoder: str, columns: Sequence[tuple[str, Array]]) -> bytes:
    if decoder == "npz":
        from tinytorch_hf.formats.npz import write_npz

        return write_npz(dict(columns))
    from tinytorch_hf.formats.json_lines import write_columns

    return write_columns(dict(columns))
