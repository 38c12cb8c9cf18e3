"""Tables as text: CSV as PyArrow streams it, JSON lines as Hugging Face's `datasets` does; a file is a shard."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinytorch_hf.curation.batch import Batch
from tinytorch_hf.curation.source import Piece
from tinytorch_hf.curation.sources.columns import Roles
from tinytorch_hf.curation.sources.file_source import FileSource
from tinytorch_hf.curation.sources.files import Files, words_of
from tinytorch_hf.curation.sources.parquet import batch_of
from tinytorch_hf.errors import CorruptFileError, MissingExtraError, TinyTorchHFError
from tinytorch_hf.formats.arrays import Array

CSV = {".csv": ",", ".tsv": "\t"}
JSON = (".jsonl", ".ndjson", ".json")

_BLOCK_BYTES = 1 << 22
# How Arrow names rows: in CSV from 1, with the head; in JSON from 0, and of a part of the file alone.
_ROW = re.compile(r"Row #(\d+): | in row \d+")
_JSON_LOGGER = "datasets.packaged_modules.json.json"


@dataclass(frozen=True)
class Tables(FileSource):
    """CSV files and JSON lines.

    Attributes
    ----------
    name, files, roles
        As of every source of files.
    classes
        What the labels' numbers stand for, where that is known from elsewhere than the files.
    """

    classes: Sequence[str] | None = None

    def batches(self, piece: Piece, rows: Array | None, n_rows: int) -> Iterator[Batch]:
        """As of every source."""
        place = 0
        for table in tables(self.files, piece.shard, n_rows, self.roles):
            pixels = self.files.wanted(piece.shard, table.column_names, self.roles)
            try:
                batch = batch_of(table, self.roles, pixels, self.classes, place, rows)
            except ValueError as error:
                raise CorruptFileError(f"{self.files.place(piece.shard)}: {error}.") from error
            place += table.num_rows
            if batch is not None:
                yield batch
            if rows is not None and place > rows[-1]:
                return


def schema_of(files: Files, shard: str) -> Any:
    """The Arrow schema of a file's first rows; of an empty file that of no columns."""
    import pyarrow

    for table in tables(files, shard, 1, None):
        schema = table.schema
        if suffix_of(files.place(shard)) in JSON:
            return schema
        # What is not UTF-8 is a text that cannot be read, and no image.
        words = [one.with_type(pyarrow.string()) if pyarrow.types.is_binary(one.type) else one for one in schema]
        return pyarrow.schema(words)
    return pyarrow.schema([])


def tables(files: Files, shard: str, n_rows: int, roles: Roles | None) -> Iterator[Any]:
    """The rows of a file as Arrow tables of at most so many.

    Parameters
    ----------
    files, shard
        Which file.
    n_rows
        Rows of a table.
    roles
        The columns that are needed; None for all.

    Raises
    ------
    CorruptFileError
        The file breaks the rules of its format: the message names the row where that is known.
    MissingExtraError
        A library is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("pyarrow", "hf", error) from error
    suffix = suffix_of(files.place(shard))
    if _is_empty(files, shard):
        return
    try:
        found = _json(files, shard, n_rows) if suffix in JSON else _csv(files, shard, CSV[suffix], roles)
        for table in found:
            # Names that are no text cannot be asked for.
            _ = table.schema.names
            for start in range(0, table.num_rows, n_rows):
                yield table.slice(start, n_rows)
    except (TinyTorchHFError, ImportError):
        raise
    except (pyarrow.ArrowException, ValueError, OSError, KeyError, RuntimeError) as error:
        words = words_of(error.__cause__ or error)
        row = _bad_line(files, shard) if suffix in JSON else _bad_row(words)
        place = files.place(shard) if row is None else f"{files.place(shard)}, row {row}"
        raise CorruptFileError(f"{place}: it cannot be read: {_ROW.sub('', words).rstrip('.')}.") from error


def suffix_of(address: str) -> str:
    """How the name of a file ends, in small letters."""
    name = address.rpartition("/")[2].partition("?")[0].lower()
    return name[name.rfind(".") :] if "." in name else ""


def _csv(files: Files, shard: str, separator: str, roles: Roles | None) -> Iterator[Any]:
    import pyarrow
    from pyarrow import csv

    # Words stay as they are written: no shard may take "01" for a number that another one takes for a text.
    words = {} if roles is None else {roles.label: pyarrow.string()}
    if roles is not None and roles.kind == "texts":
        words[roles.sample] = pyarrow.string()
    with files.stream(shard) as stream:
        reader = csv.open_csv(
            stream,
            csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            csv.ConvertOptions(column_types=words, strings_can_be_null=False),
        )
        for batch in reader:
            yield pyarrow.Table.from_batches([batch])


def _json(files: Files, shard: str, n_rows: int) -> Iterator[Any]:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", "hf", error) from error
    # What the library logs of a bad file is said again, and better, by an error.
    logger = logging.getLogger(_JSON_LOGGER)
    was_disabled, logger.disabled = logger.disabled, True
    try:
        stream = datasets.load_dataset("json", data_files=[files.place(shard)], split="train", streaming=True)
        yield from stream.with_format("arrow").iter(batch_size=n_rows)
    finally:
        logger.disabled = was_disabled


def _is_empty(files: Files, shard: str) -> bool:
    """Whether a file holds nothing but spaces."""
    with files.stream(shard) as stream:
        while piece := stream.read(1 << 12):
            if piece.strip():
                return False
    return True


def _bad_line(files: Files, shard: str) -> int | None:
    """The first line that is no JSON object, or one that nobody can read in one way only; from 1."""
    with files.stream(shard) as stream:
        for number, line in enumerate(stream, 1):
            try:
                if line.strip() and not isinstance(json.loads(line, object_pairs_hook=_once), dict):
                    return number
            except (ValueError, RecursionError):
                return number
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; ValueError if a field is there twice, or a text has half of a surrogate pair."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is there twice")
    for value in found.values():
        if isinstance(value, str):
            value.encode("utf-8")
    return found


def _bad_row(words: str) -> int | None:
    """The row below the head that Arrow complains of, from 1."""
    match = _ROW.search(words)
    return None if match is None or match[1] is None else max(int(match[1]) - 1, 1)
