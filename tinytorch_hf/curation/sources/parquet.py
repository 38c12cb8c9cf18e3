"""Parquet files, each a shard, read a row group at a time and from it a batch at a time, here or on a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.sources import columns, values
from tinytorch_hf.curation.sources.columns import Roles
from tinytorch_hf.curation.sources.file_source import FileSource
from tinytorch_hf.curation.sources.files import Files, words_of
from tinytorch_hf.errors import CorruptFileError, MissingExtraError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

_PIECE = 20_000
# Of a row group, which may hold a million images, so much is in memory at once.
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class ParquetFiles(FileSource):
    """Parquet files.

    Attributes
    ----------
    name, files, roles
        As of every source of files.
    classes
        What the labels' numbers stand for, where that is known from elsewhere than the files.
    """

    classes: Sequence[str] | None = None

    def n_rows(self, shard: str) -> int | None:
        """As of every source."""
        return sum(self._groups(shard))

    def pieces(self, shard: str) -> Sequence[Piece]:
        """As of every source."""
        pieces, start, stop = [], 0, 0
        for n in self._groups(shard):
            stop += n
            if stop - start >= _PIECE:
                pieces.append(Piece(shard, start, stop))
                start = stop
        return [*pieces, Piece(shard, start, stop)] if stop > start else pieces

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        with opened(self.files, piece.shard) as file:
            schema = file.schema_arrow
            pixels = self.files.wanted(piece.shard, schema.names, self.roles)
            names = self.classes or columns.names_of_classes(schema).get(self.roles.label)
            start = 0
            for number, n in enumerate(_sizes(file)):
                wanted = rows is None or ((rows >= start) & (rows < start + n)).any()
                is_inside = piece.start <= start and (piece.stop is None or start < piece.stop)
                if wanted and is_inside:
                    yield from self._group(file, (piece.shard, number, start), pixels, names, rows, n_rows)
                start += n

    def _group(
        self,
        file: Any,
        group: tuple[str, int, int],
        pixels: Sequence[str],
        names: Sequence[str] | None,
        rows: Array | None,
        n_rows: int,
    ) -> Iterator[Batch]:
        import pyarrow

        shard, number, place = group
        needed = [*pixels, self.roles.label]
        try:
            for found in file.iter_batches(n_rows, [number], needed, use_threads=False):
                table = pyarrow.Table.from_batches([found])
                batch = batch_of(table, self.roles, pixels, names, place, rows)
                place += table.num_rows
                if batch is not None:
                    yield batch
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise CorruptFileError(f"{self.files.place(shard)}, near row {place + 1}: {words_of(error)}.") from error

    def _groups(self, shard: str) -> list[int]:
        with opened(self.files, shard) as file:
            return _sizes(file)


def batch_of(
    table: Any, roles: Roles, pixels: Sequence[str], names: Sequence[str] | None, place: int, rows: Array | None
) -> Batch | None:
    """The rows of an Arrow table, or those that are wanted, as a batch; None where none is.

    Parameters
    ----------
    table
        Rows of a shard.
    roles, pixels
        Which columns: that of the label, and those of the sample.
    names
        What the labels' numbers stand for.
    place
        Of the first row, in the shard.
    rows
        The places of the rows that are wanted, ascending; None for all.
    """
    here = np.arange(place, place + table.num_rows)
    if rows is not None:
        first, last = np.searchsorted(rows, (place, place + table.num_rows))
        if first == last:
            return None
        if last - first < table.num_rows:
            here = rows[first:last]
            table = table.take(values.indices(here - place))
    labels = values.labels(table.column(roles.label), names)
    return Batch(values.samples([table.column(name) for name in pixels]), labels, here)


def opened(files: Files, shard: str) -> Any:
    """A Parquet file, open.

    Raises
    ------
    CorruptFileError
        It is none.
    MissingExtraError
        pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "hf", error) from error
    try:
        path = files.path(shard)
        # Arrow opens no path that UTF-8 cannot write; Python does.
        is_text = path is not None and not any("\ud800" <= one <= "\udfff" for one in str(path))
        source = str(path) if is_text else files.stream(shard)
        return pyarrow.parquet.ParquetFile(source, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    except TinyTorchHFError:
        raise
    # A name of a column that is no text is a ValueError.
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise CorruptFileError(
            f"{files.place(shard)} is no Parquet file that can be read: {words_of(error)}."
        ) from error


def schema_of(files: Files, shard: str) -> Any:
    """The Arrow schema of a Parquet file."""
    with opened(files, shard) as file:
        return file.schema_arrow


def _sizes(file: Any) -> list[int]:
    return [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
