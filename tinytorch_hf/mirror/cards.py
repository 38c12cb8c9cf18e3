"""What a dataset's card says to programs: the YAML at the top of README.md, and the tags that the Hub makes of it.

Cards of an instructor's own folder are foreign text: they are read within bounds, and what is no card says nothing.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tinytorch_hf.hub.contents import Snapshot, StoredFile
from tinytorch_hf.mirror.answers import open_unchanged

FILE_NAME = "README.md"

_MAX_BYTES = 1 << 20
# Counted after aliases are written out, so that a few lines cannot stand for a million values.
_MAX_VALUES = 200_000
_MAX_DEPTH = 40
_MAX_BITS = 128
_MAX_DESCRIPTION = 200

# Fields whose values become tags "field:value".
_TAGGED = (
    *("task_categories", "task_ids", "annotations_creators", "language_creators", "multilinguality"),
    *("source_datasets", "language", "license", "size_categories"),
)
_FORMATS = {
    **{".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "json", ".txt": "text"},
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"), "imagefolder"),
}
_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf)/([0-9]{4}\.[0-9]{4,5})", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Card:
    """A card: its metadata as JSON values, and the text behind it; each is one of its own."""

    data: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    @property
    def description(self) -> str:
        """The first words of the text, headings left out."""
        lines = (line.strip() for line in self.text.splitlines())
        prose = " ".join(line for line in lines if line and not line.startswith(("#", "<", "!", "|", "```")))
        return prose if len(prose) <= _MAX_DESCRIPTION else prose[: _MAX_DESCRIPTION - 1].rstrip() + "\u2026"


_NONE = Card()


def of(snapshot: Snapshot) -> Card:
    """The card of a repository; one that says nothing where there is none, or it cannot be read."""
    stored = snapshot.files.get(FILE_NAME)
    if stored is None:
        return _NONE
    try:
        return _read(stored)
    except OSError:
        return _NONE


@functools.lru_cache(maxsize=1024)
def _read(stored: StoredFile) -> Card:
    """A card's content; OSError when it is not what it was, which is not kept, as it may come back."""
    stream = open_unchanged(stored)
    if stream is None:
        raise OSError("the card changed")
    with stream:
        text = stream.read(_MAX_BYTES).decode("utf-8", "replace")
    return parse(text)


def parse(text: str) -> Card:
    """The metadata between two lines of three hyphens, and what follows; a header that is no YAML says nothing."""
    lines = text.removeprefix("\ufeff").lstrip().splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return Card({}, text)
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), len(lines))
    try:
        data = as_json(yaml.load("".join(lines[1:end]), _Loader))  # noqa: S506 -- makes plain values only
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        data = None
    return Card(data if isinstance(data, dict) else {}, "".join(lines[end + 1 :]))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values as the Hub's reader has them: dates stay text, "no" is a language, numbers have an end."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's own way

    def flatten_mapping(self, node: Any) -> None:
        """Leave merge keys alone: chains of them grow without bound."""


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]{1,30}", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), [c.replace("\0", "") for c in _first]
    )


def as_json(value: Any) -> Any:
    """A foreign value as JSON has it; ValueError where there are too many, or one inside another without end."""
    return _as_json(value, [_MAX_VALUES])


def _as_json(value: Any, left: list[int], depth: int = 0) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > _MAX_DEPTH:
        raise ValueError("more than a card holds")
    if isinstance(value, dict):
        return {str(key)[:1000]: _as_json(one, left, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_as_json(one, left, depth + 1) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise ValueError("a number that nobody can write")
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def tags(card: Card, paths: Collection[str]) -> list[str]:
    """What a dataset is found by, as the Hub makes it of the card and of the files' names."""
    return list(dict.fromkeys(_tags(card, paths)))


def _tags(card: Card, paths: Collection[str]) -> Iterator[str]:
    for name in _TAGGED:
        yield from (f"{name}:{value}" for value in _texts(card.data.get(name)))
    yield from _texts(card.data.get("tags"))
    endings = {path[path.rfind(".") :].lower() for path in paths if "." in path and path != FILE_NAME}
    # Pictures beside tables are of the card.
    found = sorted({_FORMATS[ending] for ending in endings if ending in _FORMATS})
    yield from (f"format:{one}" for one in found if one not in ("imagefolder", "text") or len(found) == 1)
    yield from (f"arxiv:{number}" for number in _ARXIV.findall(card.text))


def _texts(value: Any) -> list[str]:
    """A field that may hold one value or a list of them."""
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values if isinstance(one, (str, int)) and not isinstance(one, bool) and one != ""]
