"""Make the files of a set again from its recipe and the source, byte for byte; nothing is chosen or learned."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.acquire.selection import PLACES, SELECTION, Place, Row, read_places, read_selection
from tinytorch_hf.catalog import DESCRIPTION, CutFrom, DatasetInfo
from tinytorch_hf.curation import content
from tinytorch_hf.curation.lots import digests, hexadecimal
from tinytorch_hf.curation.mapping import Reading, bytes_of
from tinytorch_hf.curation.recipe import Recipe, read_recipe
from tinytorch_hf.curation.reducing import Engine, samples_at
from tinytorch_hf.curation.replacing import replaced
from tinytorch_hf.curation.source import Source
from tinytorch_hf.data.register import file_of, register
from tinytorch_hf.errors import CorruptFileError, InvalidArgumentError

_ANY_SIZE = 32
_MOST_ROWS = 1 << 62


def rebuilt(folder: Path, source: Source) -> DatasetInfo:
    """Put the content of a set into its folder, which holds at least the recipe.

    Files that are good already are left alone, others of their names are replaced; if anything fails, all is as before.

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
    InvalidArgumentError
        The set is one that is cut when it is asked for.
    StorageError
        The content cannot be written.
    """
    made_of = read_recipe(folder)
    # Before anything is read: whether it may lie here at all.
    _of_the_catalogue(made_of)
    check_source(made_of, source)
    places = read_places(folder)
    _check_places(folder, made_of, places)
    return rebuilt_from(folder, _samples(made_of, source, places))


def rebuilt_from(folder: Path, samples: Mapping[str, Any]) -> DatasetInfo:
    """The same from the samples themselves, whoever has them.

    Parameters
    ----------
    folder
        As for `rebuilt`.
    samples
        Each chosen sample by its digest: images as `canonical.image` makes them, or texts.
    """
    made_of = read_recipe(folder)
    rows, places = read_selection(folder), read_places(folder)
    if [row.digest for row in rows] != [place.digest for place in places]:
        raise CorruptFileError(f"{folder / SELECTION} and {PLACES} do not name the same samples.")
    known = _of_the_catalogue(made_of)
    classes = made_of.facts["classes"] if known is None else known.classes
    _check_rows(folder, classes, rows)
    _check_places(folder, made_of, places)
    n_missing = sum(row.digest not in samples for row in rows)
    if n_missing:
        raise CorruptFileError(f"{n_missing} of the samples that were chosen are lacking. Give the same source.")
    index = {place.digest: place.row for place in places} if made_of.has_source_index else None
    splits = content.columns(made_of.kind, rows, samples, classes, index)
    files = dict(file_of(split, columns) for split, columns in splits.items())
    for name in sorted({*files, *made_of.files}):
        if name not in files or hashlib.sha256(files[name]).hexdigest() != made_of.files.get(name):
            raise CorruptFileError(
                f"{name} does not become what the recipe in {folder} states. The selection was changed."
            )
    contents = {folder / name: data for name, data in files.items()}
    if known is None and not (folder / DESCRIPTION).exists():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere:
            written = content.written(Path(elsewhere) / folder.name, made_of.kind, rows, samples, made_of.facts)
            catalog.forget(written.name)
            # What says that all is there comes last.
            contents[folder / DESCRIPTION] = (Path(elsewhere) / folder.name / DESCRIPTION).read_bytes()
    with replaced(contents):
        return register(folder) if known is None else known


def _of_the_catalogue(made_of: Recipe) -> DatasetInfo | None:
    """The facts of a set that the catalogue has itself; None for the user's own, whose facts the recipe states."""
    if set(made_of.facts) != {"name"}:
        return None
    dataset = catalog.info(made_of.facts["name"])
    if isinstance(dataset.provider, CutFrom):
        raise InvalidArgumentError(
            f"{dataset.title} is cut from {catalog.origin(dataset).title} when it is asked for; it does not lie by "
            f"its recipe. Type `tinytorch-hf download {dataset.name}`."
        )
    return dataset


def _check_rows(folder: Path, classes: Sequence[str], rows: Sequence[Row]) -> None:
    """Refuse rows that no recipe chooses: they may come from anybody."""
    for number, row in enumerate(rows, 1):
        if row.split not in content.SPLITS or row.label not in classes:
            raise CorruptFileError(
                f"{folder / SELECTION}, row {number}: there is no class {row.label} or no split {row.split}."
            )


def _check_places(folder: Path, made_of: Recipe, places: Sequence[Place]) -> None:
    """Refuse places that lie outside the source."""
    for number, (_, shard, row) in enumerate(places, 1):
        if shard not in made_of.shards or not 0 <= row < _MOST_ROWS:
            raise CorruptFileError(
                f"{folder / PLACES}, row {number}: the recipe has no row {row + 1} of a shard {shard}."
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


def _samples(made_of: Recipe, source: Source, places: Sequence[Place]) -> Mapping[str, Any]:
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
