"""What a set was made of and how: enough to make it again, byte for byte, and to see that the source has changed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tinytorch_hf.acquire.selection import PLACES, PLACES_FIELDS, SELECTION, SELECTION_FIELDS, Place, Row, read
from tinytorch_hf.curation.canonical import LARGEST, SMALLEST
from tinytorch_hf.curation.lots import hexadecimal
from tinytorch_hf.curation.pool import Pool
from tinytorch_hf.curation.source import Kind
from tinytorch_hf.errors import CorruptFileError, printable
from tinytorch_hf.formats.strict_json import JsonError, parse_json

__all__ = ["PLACES", "RECIPE", "SELECTION", "Place", "Recipe", "Row"]

RECIPE = "recipe.json"
"""The file that says how; `SELECTION` says which samples, `PLACES` where these lie in the source."""

SCHEMA = 1
KERNEL_HERDING = "kernel herding in quotas of difficulty"
"""The rule by which `choosing.chosen` chooses."""

# What a recipe may say of a set.
_FACTS = {"name", "title", "summary", "source", "source_url", "citation", "license", "license_note", "classes"}


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
        What `tinytorch_hf.write_dataset` is told beside the columns; the name alone of a dataset that the catalogue
        has.
    files
        SHA-256 of each data file that comes out.
    versions
        Of this package and of the libraries that took part, for who wants to know; nothing hangs on them.
    rule
        By which rule the samples were chosen.
    has_source_index
        Whether the files have the column ``source_index``, each sample's row in its shard.
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
    rule: str = KERNEL_HERDING
    has_source_index: bool = False
    schema: int = SCHEMA

    def as_bytes(self) -> bytes:
        """The content of ``recipe.json``."""
        return (json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n").encode("utf-8")


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


def places_bytes(places: Sequence[Place]) -> bytes:
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
        recipe = Recipe(**parse_json(read(path)))
    except (JsonError, TypeError) as error:
        problem = printable(error.whole if isinstance(error, JsonError) else str(error)[:200])
        raise CorruptFileError(f"{path} is no recipe of this release: {problem}. Make the set anew.") from None
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
        "facts": isinstance(facts, dict) and (set(facts) == {"name"} or {"name", "classes"} <= set(facts) <= _FACTS),
        "files": _of_texts(recipe.files) and len(recipe.files) > 0,
        "rule": isinstance(recipe.rule, str),
        "has_source_index": isinstance(recipe.has_source_index, bool),
    }
    wrong = next((name for name, is_so in holds.items() if not is_so), "")
    if wrong:
        return wrong
    classes = facts.get("classes", [])
    is_list = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    return "" if is_list and _of_texts({**facts, "classes": ""}) else "facts"


def _of_texts(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _csv(fields: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8", "surrogatepass")
