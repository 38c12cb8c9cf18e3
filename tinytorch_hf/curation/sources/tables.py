"""Tables that Hugging Face's `datasets` streams: Parquet, CSV, JSON lines, WebDataset tars, and datasets of the Hub.

A file is a shard. Rows come as Arrow tables, so that pixels that are stored as numbers never become Python objects.
"""

from __future__ import annotations

import contextlib
import hashlib
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Kind, Piece
from tinytorch_hf.curation.sources.hashing import sha256_of
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, MissingExtraError
from tinytorch_hf.formats.arrays import Array

BUILDERS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".json": "json",
    ".tar": "webdataset",
}
"""The library's builder for each kind of file."""


@dataclass(frozen=True)
class Tables:
    """Files with rows.

    Attributes
    ----------
    name, kind
        As of every source.
    files
        Paths or addresses, by the shard's name.
    column, label
        The columns of the sample and of its label.
    hashes
        SHA-256 of files that are not here, where it is known.
    """

    name: str
    kind: Kind
    files: dict[str, str]
    column: str
    label: str
    hashes: dict[str, str] = field(default_factory=dict)

    def shards(self) -> Sequence[str]:
        """As of every source."""
        return sorted(self.files)

    def sha256(self, shard: str) -> str:
        """As of every source."""
        if shard in self.hashes:
            return self.hashes[shard]
        path = Path(self.files[shard])
        if path.is_file():
            return sha256_of(path)
        from fsspec import open as opened  # type: ignore[import-untyped]

        digest = hashlib.sha256()
        with opened(self.files[shard], "rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        return [Piece(shard)]

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        place = 0
        for table, names in _tables(self.files[piece.shard], n_rows):
            columns = table.column_names
            for column in (self.column, self.label):
                if column not in columns:
                    raise InvalidArgumentError(
                        f"{self.name}, {piece.shard} has no column {column}; it has {', '.join(columns)}. Name them with "
                        "--image or --text, and --label."
                    )
            here = np.arange(place, place + table.num_rows)
            place += table.num_rows
            wanted = np.ones(len(here), bool) if rows is None else np.isin(here, rows)
            if wanted.any():
                some = table if wanted.all() else table.filter(wanted)
                labels = _labels(some.column(self.label), names.get(self.label))
                yield Batch(_samples(some.column(self.column)), labels, here[wanted])


def first_columns(address: str) -> dict[str, Any]:
    """The columns of a file with their first values, by which they can be told."""
    for table, _ in _tables(address, 1):
        return {name: table.column(name)[0].as_py() for name in table.column_names}
    return {}


def _tables(address: str, n_rows: int) -> Iterator[tuple[Any, dict[str, Sequence[str]]]]:
    """Arrow tables of at most so many rows, and the names that whole numbers stand for, by column."""
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", "hf", error) from error
    suffix = Path(address.partition("?")[0]).suffix.lower()
    if suffix == ".tar":
        _check_tar(Path(address))
    options = {"sep": "\t"} if suffix == ".tsv" else {}
    try:
        stream = datasets.load_dataset(BUILDERS[suffix], data_files=[address], split="train", streaming=True, **options)
        features = stream.features or stream._resolve_features().features or {}
        for name, feature in features.items():
            if isinstance(feature, datasets.Image):
                stream = stream.cast_column(name, datasets.Image(decode=False))
        names = {n: f.names for n, f in features.items() if isinstance(f, datasets.ClassLabel)}
        for table in stream.with_format("arrow").iter(batch_size=n_rows):
            yield table, names
    except (InvalidArgumentError, CorruptFileError):
        raise
    except StopIteration:
        return
    except Exception as error:
        # The library and the parsers below it raise whatever they stumble over.
        text = " ".join(str(error).split())[:200]
        raise CorruptFileError(f"{address} cannot be read: {type(error).__name__}: {text}") from error


def _check_tar(path: Path) -> None:
    """Refuse an archive whose members climb out of the folder that they would be unpacked in."""
    with contextlib.suppress(FileNotFoundError), tarfile.open(path) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if member.name.startswith("/") or ".." in parts or member.issym() or member.islnk():
                raise CorruptFileError(
                    f"{path}: the member {member.name[:100]!r} leads out of its folder. Do not trust this file."
                )


def _labels(column: Any, names: Sequence[str] | None) -> list[str | None]:
    values = column.to_pylist()
    if names is not None:
        return [None if value is None or not 0 <= value < len(names) else names[value] for value in values]
    return [None if value is None or value != value else str(value) for value in values]


def _samples(column: Any) -> Any:
    """Samples of an Arrow column: texts, bytes of image files, or numbers as arrays."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    kind = array.type
    if pa.types.is_struct(kind):
        return [_bytes_of(value) for value in array.to_pylist()]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _numbers(array)
    return array.to_pylist()


def _bytes_of(value: Any) -> Any:
    """The bytes of an image as the library keeps it: with them, or where they are."""
    if not isinstance(value, dict):
        return value
    if value.get("bytes") is not None:
        return value["bytes"]
    path = value.get("path")
    return Path(path).read_bytes() if path and Path(path).is_file() else None


def _numbers(array: Any) -> Any:
    """Nested lists of equal lengths as one array; a flat list of a square number of values is a square image."""
    import pyarrow as pa

    shape, inner = [len(array)], array
    while not isinstance(inner, (pa.NumericArray, pa.BooleanArray)):
        flat = inner.flatten()
        if len(inner) and len(flat) % len(inner):
            return [np.array(value) for value in array.to_pylist()]
        shape.append(len(flat) // max(len(inner), 1))
        inner = flat
    if inner.null_count or not len(array):
        return [np.array(value, dtype=float) for value in array.to_pylist()]
    values = inner.to_numpy(zero_copy_only=False).reshape(shape)
    side = round(float(np.sqrt(shape[-1])))
    if len(shape) == 2 and side * side == shape[-1]:
        values = values.reshape(-1, side, side)
    return values if values.dtype == np.uint8 else _as_levels(values)


def _as_levels(values: Array) -> Array:
    """Whole numbers up to 255 as bytes: JSON and CSV know no types."""
    if np.issubdtype(values.dtype, np.integer) and values.size and values.min() >= 0 and values.max() <= 255:
        return values.astype(np.uint8)
    return values
