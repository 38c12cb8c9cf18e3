"""A dataset's fingerprint: one hash of its content, the same through every adapter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from tinytorch_hf import catalog
from tinytorch_hf.catalog import Dataset, DatasetInfo
from tinytorch_hf.data.loaders import load_split
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.arrays import Array


def fingerprint(data: Dataset | Mapping[str, Split]) -> str:
    """Content hash of a dataset, equal for every adapter that serves it without loss.

    Parameters
    ----------
    data
        A dataset, as for `tinytorch_hf.load`, or its splits as that function gives them.

    Returns
    -------
    str
        SHA-256 in hex over, for each split and each column in order: a line ``split/column dtype shape``
        and the values' bytes, little-endian in C order. It speaks of content, never of files. A column of
        texts has the dtype ``str``; each text is its length as 8 bytes, little-endian, and its UTF-8 bytes.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError
        When a name was given and its dataset cannot be loaded.
    """
    splits = data if isinstance(data, Mapping) else _loaded(catalog.info(data))
    digest = hashlib.sha256()
    for split in splits.values():
        for name, column in split.columns.items():
            dtype, values = _canonical(column)
            digest.update(f"{split.name}/{name} {dtype} {column.shape}\n".encode())
            digest.update(values)
    return digest.hexdigest()


def fingerprints(name: Dataset | str, splits: Mapping[str, Split]) -> tuple[str, str]:
    """Fingerprint of what an adapter serves, and what it should be.

    An adapter need not serve every column: the second is the catalog's fingerprint where it does and the catalog
    has one, and otherwise that of the same columns as NumPy loads them.

    Raises
    ------
    UnknownNameError, MissingFileError, CorruptFileError
        The dataset cannot be loaded.
    """
    served = tuple(next(iter(splits.values())).columns)
    dataset = catalog.info(name)
    if dataset.fingerprint and served == tuple(column.name for column in dataset.columns):
        return fingerprint(splits), dataset.fingerprint
    expected = {
        split.name: Split(split.name, {column: split[column] for column in served})
        for split in _loaded(dataset).values()
    }
    return fingerprint(splits), fingerprint(expected)


def _loaded(dataset: DatasetInfo) -> dict[str, Split]:
    # Not `load`, whose messages advise an argument that the functions above do not have.
    return {split.name: load_split(dataset, split.name) for split in dataset.splits}


def _canonical(column: Array) -> tuple[str, bytes]:
    """Name of a column's dtype and its values as bytes, the same on every machine."""
    if column.dtype.kind == "U":
        texts = [str(text).encode("utf-8") for text in column.ravel()]
        return "str", b"".join(len(text).to_bytes(8, "little") + text for text in texts)
    little_endian = np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))
    return little_endian.dtype.str, little_endian.tobytes()
