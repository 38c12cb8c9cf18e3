"""Rows of what is served, read from its Parquet files: `splits` says what there is, `Table.rows` reads a part of it.

It works for every repository with Parquet files, whoever wrote them. Files are foreign: nothing but Parquet's own
reader looks into them, a part at a time.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.errors import CorruptFileError, StorageError, UnknownNameError
from tinytorch_hf.hub.contents import Snapshot, StoredFile, content_hash
from tinytorch_hf.mirror import cards, features
from tinytorch_hf.mirror.answers import open_unchanged
from tinytorch_hf.mirror.layout import Layout, layout

# A group of rows is read as a whole, and a small file can say that it unpacks to any size.
_MAX_GROUP_BYTES = 1 << 29
_MAX_ROWS_BYTES = 1 << 28
_ROWS_AT_ONCE = 100


@dataclass(frozen=True)
class Table:
    """A split of a configuration.

    Attributes
    ----------
    config, split
        Which one.
    paths
        Its files in the repository, in the order of their rows.
    features
        Columns by name, in Hugging Face's JSON: ``{"dtype": "int64", "_type": "Value"}``.
    n_rows
        Rows of all files.
    n_bytes, n_bytes_in_memory
        Bytes of the files, and of what they unpack to.
    """

    config: str
    split: str
    paths: tuple[str, ...]
    features: Mapping[str, features.Feature]
    n_rows: int
    n_bytes: int
    n_bytes_in_memory: int
    _files: tuple[StoredFile, ...]

    def rows(self, offset: int, length: int) -> list[dict[str, Any]]:
        """Rows as dictionaries of Python's values, an image as ``{"bytes": ..., "path": ...}``.

        Parameters
        ----------
        offset
            The first row, from 0; there need not be one.
        length
            How many at most.

        Raises
        ------
        CorruptFileError
            A file is no Parquet file, is damaged, or holds groups of rows beyond every measure.
        StorageError
            A file changed after the mirror was started.
        """
        result: list[dict[str, Any]] = []
        start = 0
        for path, stored in zip(self.paths, self._files, strict=True):
            n_rows = _footer(stored, path).n_rows
            first = max(0, offset - start)
            if first < n_rows and len(result) < length:
                result += _read(stored, path, first, length - len(result))
            start += n_rows
        return result


def splits(snapshot: Snapshot) -> Layout:
    """Files by configuration and split, by their names alone; empty where nothing is Parquet."""
    return _layout(snapshot.commit, tuple(snapshot.files), cards.of(snapshot))


def converted(snapshot: Snapshot) -> Snapshot:
    """The branch ``refs/convert/parquet`` that the Hub makes: a folder for each configuration and split."""
    files = {
        f"{config}/{split}/{number:04}.parquet": snapshot.files[path]
        for config, found in splits(snapshot).items()
        for split, paths in found.items()
        for number, path in enumerate(paths)
    }
    return Snapshot(content_hash(files), files)


def tables(snapshot: Snapshot, config: str) -> list[Table]:
    """Every split of a configuration.

    Raises
    ------
    UnknownNameError
        There is no such configuration.
    CorruptFileError, StorageError
        As `Table.rows`.
    """
    found = splits(snapshot)
    if config not in found:
        raise UnknownNameError("configuration", config, found)
    return [table(snapshot, config, split) for split in found[config]]


def table(snapshot: Snapshot, config: str, split: str) -> Table:
    """One split.

    Raises
    ------
    UnknownNameError
        There is no such configuration, or it has no such split.
    CorruptFileError, StorageError
        As `Table.rows`.
    """
    found = splits(snapshot)
    if config not in found:
        raise UnknownNameError("configuration", config, found)
    if split not in found[config]:
        raise UnknownNameError("split", split, found[config])
    paths = found[config][split]
    files = tuple(snapshot.files[path] for path in paths)
    footers = [_footer(stored, path) for stored, path in zip(files, paths, strict=True)]
    of_card = features.of_config(cards.of(snapshot).data, config)
    return Table(
        config,
        split,
        paths,
        features.features(footers[0].schema, of_card),
        sum(footer.n_rows for footer in footers),
        sum(file.size_bytes for file in files),
        sum(footer.n_bytes_in_memory for footer in footers),
        files,
    )


@functools.lru_cache(maxsize=256)
def _layout(_commit: str, paths: tuple[str, ...], card: cards.Card) -> Layout:
    return layout(paths, card.data)


@dataclass(frozen=True)
class _Footer:
    """What stands at the end of a Parquet file."""

    schema: Any
    n_rows: int
    n_bytes_in_memory: int


@functools.lru_cache(maxsize=1024)
def _footer(stored: StoredFile, path: str) -> _Footer:
    with _opened(stored, path) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        n_bytes = sum(group.total_byte_size for group in groups)
        return _Footer(file.schema_arrow, file.metadata.num_rows, n_bytes)


def _read(stored: StoredFile, path: str, first: int, length: int) -> list[dict[str, Any]]:
    """Up to ``length`` rows of a file, from row ``first`` on."""
    result: list[dict[str, Any]] = []
    start = n_bytes = 0
    with _opened(stored, path) as file:
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            stop = start + group.num_rows
            if stop > first and len(result) < length:
                if group.total_byte_size > _MAX_GROUP_BYTES:
                    raise CorruptFileError(
                        f"{path} has {group.total_byte_size} bytes in one group of rows; the mirror shows rows of "
                        f"groups of up to {_MAX_GROUP_BYTES}. Write it with smaller groups (row_group_size=1000)."
                    )
                for batch in file.iter_batches(_rows_at_once(group), [number], use_threads=False):
                    skipped = max(0, first - start)
                    if skipped < batch.num_rows:
                        wanted = batch.slice(skipped, length - len(result))
                        n_bytes += wanted.nbytes
                        if n_bytes > _MAX_ROWS_BYTES:
                            raise CorruptFileError(
                                f"These rows of {path} have more than {_MAX_ROWS_BYTES} bytes. Ask for fewer at once."
                            )
                        result += wanted.to_pylist()
                    start += batch.num_rows
                    if len(result) >= length:
                        break
            start = stop
    return result


def _rows_at_once(group: Any) -> int:
    """How many rows are unpacked together: where a column has a dictionary, each may be as long as the whole of it."""
    columns = [group.column(number) for number in range(group.num_columns)]
    longest = max((one.total_uncompressed_size for one in columns if one.has_dictionary_page), default=0)
    return max(1, min(_ROWS_AT_ONCE, _MAX_ROWS_BYTES // max(1, longest)))


@contextlib.contextmanager
def _opened(stored: StoredFile, path: str) -> Iterator[Any]:
    """A file, open for Parquet's reader, whose errors become ours."""
    import pyarrow
    import pyarrow.parquet

    stream = open_unchanged(stored)
    if stream is None:
        raise StorageError(f"{path} changed after the mirror was started. Ask for the mirror to be started again.")
    with stream:
        try:
            with pyarrow.parquet.ParquetFile(stream) as file:
                yield file
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            if isinstance(error, CorruptFileError):
                raise
            first_line = str(error).partition("\n")[0][:300]
            raise CorruptFileError(
                f"{path} is no Parquet file that can be read: {first_line}. Write it again."
            ) from error
