"""Which Parquet files of a repository are which split of which configuration, as `load_dataset` finds them.

The rules are Hugging Face's: what the card says under ``configs``, else what the files' names say,
https://huggingface.co/docs/hub/datasets-data-files-configuration
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Mapping
from typing import Any

DEFAULT_CONFIG = "default"

Layout = Mapping[str, Mapping[str, tuple[str, ...]]]

_MAX_CONFIGS = 1000
_MAX_PATTERNS = 1000
_MAX_PATTERN_LENGTH = 500
_SUFFIX = ".parquet"
_KEYWORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
# Words stand alone: what is beside them is no letter.
_BESIDE = "[-._ 0-9]"
_IN_FOLDERS = ("**/{}/**", f"**/{{}}{_BESIDE}*/**", f"**/*{_BESIDE}{{}}/**", f"**/*{_BESIDE}{{}}{_BESIDE}*/**")
_IN_NAMES = (f"**/{{}}{_BESIDE}*", f"**/*{_BESIDE}{{}}{_BESIDE}*")
_SHARD = re.compile(r"data/(?P<split>[^/]*)-[0-9]{5}-of-[0-9]{5}[^/]*\.[^/]*")
_SPLIT_NAME = re.compile(r"\w+(\.\w+)*")


def layout(paths: Collection[str], card: Mapping[str, Any]) -> Layout:
    """Paths by configuration and split; empty where there is no Parquet file.

    Parameters
    ----------
    paths
        Every file of the repository.
    card
        The metadata of its card.
    """
    tables = sorted(path for path in paths if path.endswith(_SUFFIX) and not _is_hidden(path))
    configured = card.get("configs")
    if not isinstance(configured, list) or not configured:
        found = _by_names(tables)
        return {DEFAULT_CONFIG: found} if found else {}
    result: dict[str, dict[str, tuple[str, ...]]] = {}
    for config in configured[:_MAX_CONFIGS]:
        if isinstance(config, dict) and isinstance(config.get("config_name"), str):
            found = _configured(tables, config)
            if found:
                result[config["config_name"]] = found
    return result


def default_config(found: Layout, card: Mapping[str, Any]) -> str:
    """The configuration that is loaded where none is named; "" where there is none, or several without a first."""
    configured = card.get("configs")
    marked = [
        config.get("config_name")
        for config in (configured if isinstance(configured, list) else ())
        if isinstance(config, dict) and config.get("default") and config.get("config_name") in found
    ]
    if len(marked) == 1:
        return str(marked[0])
    return DEFAULT_CONFIG if DEFAULT_CONFIG in found else next(iter(found)) if len(found) == 1 else ""


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "__")) for part in path.split("/"))


def _configured(tables: list[str], config: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Splits of a configuration of the card."""
    folder = config.get("data_dir")
    base = f"{folder.strip('/')}/" if isinstance(folder, str) and folder.strip("/.") else ""
    inside = [path.removeprefix(base) for path in tables if path.startswith(base)]
    patterns = _patterns(config.get("data_files"))
    found = _by_names(inside) if patterns is None else _by_patterns(inside, patterns)
    return {split: tuple(base + path for path in chosen) for split, chosen in found.items()}


def _patterns(data_files: Any) -> dict[str, list[str]] | None:
    """Patterns by split; None where the files' names have to say it."""
    if isinstance(data_files, str):
        return {"train": [data_files]}
    if isinstance(data_files, dict):
        return {str(split): _texts(paths) for split, paths in data_files.items()}
    if not isinstance(data_files, list) or not data_files:
        return None
    if any(isinstance(one, dict) for one in data_files):
        return {
            str(one["split"]): _texts(one.get("path")) for one in data_files if isinstance(one, dict) and "split" in one
        }
    return {"train": _texts(data_files)}


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _by_patterns(tables: list[str], patterns: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    result = {}
    for split, texts in patterns.items():
        # What fits two patterns is loaded twice.
        matching = [path for text in texts[:_MAX_PATTERNS] for path in _matching(tables, text)]
        if matching:
            result[split] = tuple(matching)
    return result


def _matching(tables: list[str], pattern: str) -> list[str]:
    if len(pattern) > _MAX_PATTERN_LENGTH:
        return []
    wanted = _segments(pattern)
    return [path for path in tables if _matches(wanted, path.split("/"))]


def _segments(pattern: str) -> list[re.Pattern[str] | None]:
    """A pattern's folders and file; None for any number of folders."""
    parts = [part for part in pattern.removeprefix("./").split("/") if part not in ("", ".")]
    segments = [None if part == "**" else re.compile(fnmatch.translate(part)) for part in parts]
    # "**" at the end is every file below.
    return [*segments, re.compile(".*")] if segments and segments[-1] is None else segments


def _matches(wanted: list[re.Pattern[str] | None], parts: list[str]) -> bool:
    """Whether a path's parts fit, each row of places at once, so that many ``**`` cost no more than few."""
    places = {0}
    for segment in wanted:
        if segment is None:
            places = set(range(min(places), len(parts) + 1)) if places else places
        else:
            places = {place + 1 for place in places if place < len(parts) and segment.fullmatch(parts[place])}
    return len(parts) in places


def _by_names(tables: list[str]) -> dict[str, tuple[str, ...]]:
    """Splits by what the paths say: shards in ``data``, words in the folders, in the names, or else one."""
    shards: dict[str, list[str]] = {}
    for path in tables:
        shard = _SHARD.fullmatch(path)
        if shard:
            shards.setdefault(shard["split"], []).append(path)
    if not all(_SPLIT_NAME.fullmatch(split) for split in shards):
        # The library refuses to load them.
        return {}
    if shards:
        order = [split for split in _KEYWORDS if split in shards]
        return {split: tuple(shards[split]) for split in [*order, *sorted(set(shards) - set(order))]}
    for family in (_IN_FOLDERS, _IN_NAMES):
        patterns = {split: [p.format(word) for word in words for p in family] for split, words in _KEYWORDS.items()}
        found = _by_patterns(tables, patterns)
        if found:
            return found
    return {"train": tuple(tables)} if tables else {}
