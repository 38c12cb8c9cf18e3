"""Make the files of a set again from its recipe and the source, byte for byte; nothing is chosen or learned."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION, DatasetInfo
from tinytorch_hf.curation import content, recipe
from tinytorch_hf.curation.lots import digests, hexadecimal
from tinytorch_hf.curation.mapping import Reading, bytes_of
from tinytorch_hf.curation.recipe import Recipe, Row
from tinytorch_hf.curation.reducing import Engine, samples_at
from tinytorch_hf.curation.source import Source
from tinytorch_hf.data.register import register
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError, StorageError
from tinytorch_hf.files import store

_ANY_SIZE = 32
_MOST_ROWS = 1 << 62


def rebuilt(folder: Path, source: Source) -> DatasetInfo:
    """Put the content of a set into its folder, which so far holds the recipe alone.

    Parameters
    ----------
    folder
        Where ``recipe.json``, ``selection.csv`` and ``places.csv`` are.
    source
        What the set was cut from.

    Returns
    -------
    DatasetInfo
        The set's facts, registered.

    Raises
    ------
    MissingFileError, CorruptFileError
        The recipe is not there or damaged; or the source is another one than that of the recipe: the message names the
        shard or the row.
    StorageError
        The content is there already, or cannot be written; nothing half-written stays.
    """
    made_of = recipe.read_recipe(folder)
    if (folder / DESCRIPTION).exists():
        raise StorageError(f"{folder} holds the content already.")
    check_source(made_of, source)
    rows, places = recipe.read_selection(folder), recipe.read_places(folder)
    if [row.digest for row in rows] != [digest for digest, _, _ in places]:
        raise CorruptFileError(f"{folder / recipe.SELECTION} and {recipe.PLACES} do not name the same samples.")
    _check_rows(folder, made_of, rows, places)
    samples = _samples(made_of, source, places)
    temporary = folder.with_name(f"{folder.name}{store.PARTIAL_SUFFIX}")
    written: list[Path] = []
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        found = content.written(temporary, made_of.kind, rows, samples, made_of.facts)
        catalog.forget(found.name)
        hashes = {file.name: file.sha256 for file in found.files}
        for name in sorted({*hashes, *made_of.files}):
            if made_of.files.get(name) != hashes.get(name):
                raise CorruptFileError(
                    f"{name} does not become what the recipe in {folder} states. The selection was changed."
                )
        # What says that all is there comes last.
        for name in [*(file.name for file in found.files), DESCRIPTION]:
            written.append(folder / name)
            (temporary / name).replace(folder / name)
        return register(folder)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_rows(folder: Path, made_of: Recipe, rows: Sequence[Row], places: Sequence[tuple[str, str, int]]) -> None:
    """Refuse rows that no recipe chooses: they may come from anybody, and a place could lie outside the source."""
    for number, row in enumerate(rows, 1):
        if row.split not in content.SPLITS or row.label not in made_of.facts["classes"]:
            raise CorruptFileError(
                f"{folder / recipe.SELECTION}, row {number}: there is no class {row.label} or no split {row.split}."
            )
    for number, (_, shard, row_there) in enumerate(places, 1):
        if shard not in made_of.shards or not 0 <= row_there < _MOST_ROWS:
            raise CorruptFileError(
                f"{folder / recipe.PLACES}, row {number}: the recipe has no row {row_there + 1} of a shard {shard}."
            )


def check_source(made_of: Recipe, source: Source) -> None:
    """Raise CorruptFileError unless a source holds what it held when the recipe was written."""
    if source.kind != made_of.kind:
        raise InvalidArgumentError(f"{source.name} holds {source.kind}; the set was made of {made_of.kind}.")
    present = set(source.shards())
    for shard, expected in made_of.shards.items():
        if shard not in present:
            raise CorruptFileError(f"{source.name} has no {shard}, of which the set was made. Give the same source.")
        found = source.sha256(shard)
        if found != expected:
            raise CorruptFileError(
                f"{source.name}, {shard} is not what the set was made of: its SHA-256 is {found}, not {expected}. Get "
                "the source as it was then."
            )


def _samples(made_of: Recipe, source: Source, places: Sequence[tuple[str, str, int]]) -> Mapping[str, Any]:
    """The samples by their digest, each checked against it."""
    reading = Reading(source, made_of.size or _ANY_SIZE)
    samples = samples_at(reading, [(shard, row) for _, shard, row in places], Engine(n_workers=1))
    found: dict[str, Any] = {}
    for (digest, shard, row), sample in zip(places, samples, strict=True):
        if sample is not None and hexadecimal(digests([bytes_of(sample)])[0]) != digest:
            raise CorruptFileError(
                f"{source.name}, {shard}, row {row + 1} is another sample than the one that was chosen."
            )
        if sample is not None:
            found[digest] = sample
    missing = [digest for digest, _, _ in places if digest not in found]
    if missing:
        raise CorruptFileError(f"{source.name} lacks {len(missing)} of the samples that were chosen.")
    return found
