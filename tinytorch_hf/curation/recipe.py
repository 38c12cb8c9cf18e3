"""What a set was made of and how: enough to make it again, byte for byte, and to see that the source has changed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tinytorch_hf.curation.canonical import LARGEST, SMALLEST
from tinytorch_hf.curation.lots import hexadecimal
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.errors import CorruptFileError, MissingFileError

RECIPE, SELECTION, PLACES = "recipe.json", "selection.csv", "places.csv"
"""The files: how, which samples, and where these lie in the source."""

SCHEMA = 1
# What a recipe may say of a set.
_FACTS = {"name", "title", "summary", "source", "source_url", "citation", "license", "license_note", "classes"}
SELECTION_FIELDS = ("digest", "label", "split", "difficulty", "score")
PLACES_FIELDS = ("digest", "shard", "row")


@dataclass(frozen=True)
class Recipe:
    """How a set was made.

    Attributes
    ----------
    source, kind
        What it was cut from, as it was given, and what its samples are.
    shards
        SHA-256 of everything in each shard, by its name.
    size
        Rows and columns of images; 0 for texts.
    columns
        The names of the source's columns: "image" or "text", and "label".
    parameters
        What the choice was made with: n_train, n_test, min_cosine, seed, n_candidates.
    facts
        What `tinytorch_hf.write_dataset` is told beside the columns.
    files
        SHA-256 of each data file that comes out.
    versions
        Of this package and of the libraries that took part, for who wants to know; nothing hangs on them.
    """

    source: str
    kind: Kind
    shards: Mapping[str, str]
    size: int
    columns: Mapping[str, str]
    parameters: Mapping[str, float]
    facts: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    def as_bytes(self) -> bytes:
        """The content of ``recipe.json``."""
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode("utf-8")


@dataclass(frozen=True)
class Row:
    """One sample of a set: what stands for its content, its class and split, and how hard it is."""

    digest: str
    label: str
    split: str
    difficulty: int
    score: float


def rows_of(pool: Pool, positions: Sequence[int], split: str, level: Any, score: Any) -> list[Row]:
    """The rows of some candidates, in the order of the files."""
    return [
        Row(
            hexadecimal(pool.digest[one]),
            pool.classes[pool.label[one]],
            split,
            int(level[one]),
            int(score[one]) / 10_000,
        )
        for one in positions
    ]


def selection_bytes(rows: Sequence[Row]) -> bytes:
    """The content of ``selection.csv``."""
    values = [(row.digest, row.label, row.split, row.difficulty, f"{row.score:.4f}") for row in rows]
    return _csv(SELECTION_FIELDS, values)


def places_bytes(places: Sequence[tuple[str, str, int]]) -> bytes:
    """The content of ``places.csv``: digest, shard and row of each sample, in the order of the files."""
    return _csv(PLACES_FIELDS, places)


def read_recipe(folder: Path) -> Recipe:
    """The recipe in a folder.

    Raises
    ------
    MissingFileError, CorruptFileError
        There is none, or it is damaged or of another release.
    """
    path = folder / RECIPE
    try:
        values = json.loads(_read(path).decode("utf-8"))
        recipe = Recipe(**values)
    except (ValueError, TypeError, RecursionError) as error:
        raise CorruptFileError(f"{path} is no recipe of this release: {error}. Make the set anew.") from None
    if recipe.schema != SCHEMA:
        raise CorruptFileError(f"{path} has the schema {recipe.schema}; this release reads {SCHEMA}.")
    wrong = _wrong_field(recipe)
    if wrong:
        raise CorruptFileError(f"{path} was changed: {wrong} is not what a recipe has there. Get it again.")
    return recipe


def _wrong_field(recipe: Recipe) -> str:
    """The first field of a recipe that cannot be so; "" where there is none. A recipe may come from anybody."""
    facts = recipe.facts
    sizes = range(SMALLEST, LARGEST + 1) if recipe.kind == "images" else (0,)
    holds = {
        "source": isinstance(recipe.source, str),
        "kind": recipe.kind in ("images", "texts"),
        "shards": _of_texts(recipe.shards) and len(recipe.shards) > 0,
        "size": type(recipe.size) is int and recipe.size in sizes,
        "columns": _of_texts(recipe.columns),
        "parameters": isinstance(recipe.parameters, dict),
        "facts": isinstance(facts, dict) and {"name", "classes"} <= set(facts) <= _FACTS,
        "files": _of_texts(recipe.files) and len(recipe.files) > 0,
    }
    wrong = next((name for name, is_so in holds.items() if not is_so), "")
    if wrong:
        return wrong
    classes = facts["classes"]
    is_list = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    return "" if is_list and _of_texts({**facts, "classes": ""}) else "facts"


def _of_texts(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def read_selection(folder: Path) -> list[Row]:
    """The rows of ``selection.csv``.

    Raises
    ------
    MissingFileError, CorruptFileError
        There is none, or it is damaged.
    """
    path = folder / SELECTION
    try:
        return [
            Row(one["digest"], one["label"], one["split"], int(one["difficulty"]), float(one["score"]))
            for one in _rows(path, SELECTION_FIELDS)
        ]
    except ValueError as error:
        raise CorruptFileError(f"{path} is damaged: {error}.") from None


def read_places(folder: Path) -> list[tuple[str, str, int]]:
    """The rows of ``places.csv``, as `places_bytes` takes them.

    Raises
    ------
    MissingFileError, CorruptFileError
        There is none, or it is damaged.
    """
    path = folder / PLACES
    try:
        return [(one["digest"], one["shard"], int(one["row"])) for one in _rows(path, PLACES_FIELDS)]
    except ValueError as error:
        raise CorruptFileError(f"{path} is damaged: {error}.") from None


def _csv(fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8", "surrogatepass")


def _rows(path: Path, fields: Sequence[str]) -> list[dict[str, str]]:
    text = _read(path).decode("utf-8", "surrogatepass")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    if any(tuple(row) != tuple(fields) or None in row.values() for row in rows):
        raise CorruptFileError(f"{path} does not have the columns {', '.join(fields)}.")
    return rows


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"{path} is not there. Give the folder that `tinytorch-hf tinify` made.") from None
