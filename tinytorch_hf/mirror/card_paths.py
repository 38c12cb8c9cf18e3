"""Where the card of a folder sends `load_dataset`: nowhere but into the folder, or it is not followed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The library reads the second, too, where it is.
_CARDS = ("README.md", ".huggingface.yaml")
_MOST_BYTES = 1 << 20
_MOST_VALUES = 10_000


def check_paths(folder: Path, error: type[Exception]) -> None:
    """Look at every path and pattern of the configurations in a folder's card.

    Raises ``error`` where one leads out of the folder or to another machine, or where the card is no card; the message
    quotes it.
    """
    import yaml

    for name in _CARDS:
        card = folder / name
        if not card.is_file():
            continue
        if card.stat().st_size > _MOST_BYTES:
            raise error(f"{name} is too large for a card")
        text = card.read_text(encoding="utf-8", errors="replace")
        if name.endswith(".md"):
            start, fence, rest = text.partition("---\n")
            text = rest.partition("\n---")[0] if fence and not start.strip("\ufeff \n") else ""
        try:
            values = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError, ValueError) as problem:
            where = next(iter(str(problem).splitlines()), "")
            raise error(f"the YAML at the beginning of {name} cannot be read: {where}") from problem
        configs = values.get("configs") if isinstance(values, dict) else None
        configs = configs if isinstance(configs, list) else []
        named = [[one.get("data_files"), one.get("data_dir")] for one in configs if isinstance(one, dict)]
        for n_seen, path in enumerate(_texts(named)):
            if n_seen > _MOST_VALUES:
                raise error(f"the configurations in {name} are too many")
            if _leads_out(path):
                raise error(f"{name} names {path[:200]}, which is not in the folder")


def _texts(value: Any) -> Iterator[str]:
    """Every text in lists and mappings, and "" for whatever else there is: parts that hold themselves never end."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one if isinstance(one, str) else ""
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one


def _leads_out(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return "://" in path or "::" in path or ".." in parts or path.startswith(("/", "~", "\\")) or path[1:2] == ":"
