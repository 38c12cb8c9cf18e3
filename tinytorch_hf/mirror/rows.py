"""Rows of files without facts, as `load_dataset` reads them: by the library's own rules, in bounds, nothing run.

What is looked at is the beginning of each split. Pages say how much that is, and why where it is nothing.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from tinytorch_hf.errors import CorruptFileError, UnknownNameError, printable
from tinytorch_hf.mirror import viewer
from tinytorch_hf.mirror.card_paths import check_paths
from tinytorch_hf.mirror.repositories import Repository

MOST_ROWS = 20_000
"""Rows of a split that are looked at."""

_MOST_BYTES = 32 << 20
# The library's readers that only read what they are given.
_READERS = ("parquet", "csv", "json", "text", "arrow", "imagefolder")
# A file of one JSON value is read as a whole.
_MOST_JSON_BYTES = 64 << 20
_LOOKED_AT = 200
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")

_Made = TypeVar("_Made")

ColumnKind = Literal["image", "class", "flag", "number", "text", "other"]

# What many ask for at once is read once; what is slow to read keeps none of the others waiting.
_locks: dict[Key, threading.RLock] = {}
_locks_lock = threading.Lock()
_few_at_once = threading.BoundedSemaphore(4)


@dataclass(frozen=True)
class Column:
    """A column: its name, what its values are, and the names of classes."""

    name: str
    kind: ColumnKind
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """The beginning of a split: its columns and rows, and whether these are all.

    ``table`` has all of them where they are in Parquet files, so that whoever turns the pages comes to the end.
    """

    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Any], ...]
    is_whole: bool
    table: viewer.Table | None = None

    @property
    def n_rows(self) -> int:
        """Rows that `at` knows."""
        return len(self.rows) if self.table is None else self.table.n_rows

    def at(self, first: int, length: int) -> list[Mapping[str, Any]]:
        """Up to so many rows from one on; raises as `viewer.Table.rows`."""
        found = list(self.rows[first : first + length])
        if self.table is not None and len(found) < length:
            found += self.table.rows(first + len(found), length - len(found))
        return found


class NoRowsError(CorruptFileError):
    """`load_dataset` reads nothing from these files, or nothing that is shown here; the message says why."""


def layout(repository: Repository) -> Mapping[str, tuple[str, ...]]:
    """The configurations of a repository's files with their splits, as `load_dataset` finds them.

    Raises
    ------
    NoRowsError
        It finds none.
    """
    key = Key(repository)
    with _reading(key):
        found = _layout(key)
    if isinstance(found, str):
        raise NoRowsError(found)
    return found


def part(repository: Repository, config: str, split: str) -> Part:
    """The beginning of a split.

    Raises
    ------
    UnknownNameError
        There is no such configuration or split.
    NoRowsError
        It cannot be read.
    """
    found = layout(repository)
    if config not in found:
        raise UnknownNameError("configuration named", config, found)
    if split not in found[config]:
        raise UnknownNameError("split named", split, found[config])
    key = Key(repository)
    with _reading(key):
        read = _part(key, config, split)
    if isinstance(read, str):
        raise NoRowsError(read)
    return read


def first(repository: Repository) -> tuple[str, str]:
    """The configuration and the split that are shown when none is chosen; raises as `layout`."""
    found = layout(repository)
    config = "default" if found.get("default") else next((name for name, splits in found.items() if splits), "")
    if not config:
        raise NoRowsError("load_dataset finds no split in these files")
    return config, found[config][0]


@contextlib.contextmanager
def _reading(key: Key) -> Iterator[None]:
    """Read a repository once at a time, and few at once: what takes long in one keeps no visitor of others waiting."""
    with _locks_lock:
        lock = _locks.setdefault(key, threading.RLock())
    with lock, _few_at_once:
        yield


def root_of(repository: Repository) -> Path:
    """The folder that a repository's files are in."""
    path, stored = next(iter(repository.main.files.items()))
    return stored.place.parents[path.count("/")]


class Key:
    """A repository as what is kept of it is found by: its name, its content, and where it is."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._told = (repository.id, repository.main.commit, root_of(repository) if repository.main.files else None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other._told == self._told

    def __hash__(self) -> int:
        return hash(self._told)


@functools.lru_cache(maxsize=256)
def _layout(key: Key) -> Mapping[str, tuple[str, ...]] | str:
    """Configurations with their splits, or why there are none."""
    return _or_why(lambda: dict(_found(key.repository)), key.repository)


@functools.lru_cache(maxsize=8)
def _part(key: Key, config: str, split: str) -> Part | str:
    return _or_why(lambda: _read(key.repository, config, split), key.repository)


def _or_why(make: Callable[[], _Made], repository: Repository) -> _Made | str:
    if not repository.main.files:
        return "there is no file"
    try:
        return make()
    except ImportError as error:
        return f"the library {error.name or 'datasets'} is not installed where the mirror runs"
    except NoRowsError as error:
        return str(error)
    except Exception as error:
        # Whatever a library makes of whatever somebody put there. Students need not know where it is.
        first = next(iter(str(error).splitlines()), "")[:500].replace(str(root_of(repository)), repository.id)
        return printable(f"{type(error).__name__}: {first}")


def _found(repository: Repository) -> Iterator[tuple[str, tuple[str, ...]]]:
    import datasets

    folder = root_of(repository)
    check_paths(folder, NoRowsError)
    try:
        names = datasets.get_dataset_config_names(str(folder), **_no_code())
    except FileNotFoundError:
        raise NoRowsError("load_dataset finds no data in these files that it knows; they are served as files") from None
    for name in names:
        yield name, tuple(map(str, _builder(repository, name).config.data_files))


def _no_code() -> dict[str, bool]:
    """Releases before 4 would run a script of the folder's, or ask at the terminal whether they may."""
    import datasets

    return {"trust_remote_code": False} if int(datasets.__version__.partition(".")[0]) < 4 else {}


def _builder(repository: Repository, config: str) -> Any:
    """The library's reader for a configuration, which reads nothing but served files."""
    import datasets

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        builder = datasets.load_dataset_builder(str(root_of(repository)), config, cache_dir=cache, **_no_code())
    reader = type(builder).__module__.rpartition(".")[2]
    if reader not in _READERS:
        raise NoRowsError(f"load_dataset reads it as {reader}, of which no samples are shown here")
    sizes = {str(stored.place): stored.size_bytes for stored in repository.main.files.values()}
    for paths in builder.config.data_files.values():
        for path in map(str, paths):
            if path not in sizes:
                name = path.replace(str(root_of(repository)), repository.id)
                raise NoRowsError(f"load_dataset would read {name}, which is not served")
            if path.endswith(".json") and sizes[path] > _MOST_JSON_BYTES:
                raise NoRowsError(f"{Path(path).name} is too large to be shown; as JSON lines it could be")
    return builder


def _read(repository: Repository, config: str, split: str) -> Part:
    streamed = _builder(repository, config).as_streaming_dataset(split=split)
    features = dict(streamed.features or {})
    for name, feature in features.items():
        if getattr(feature, "decode", False):
            streamed = streamed.cast_column(name, type(feature)(decode=False))
    rows: list[Mapping[str, Any]] = []
    n_bytes, is_whole = 0, True
    for row in streamed:
        n_bytes += _weight(row)
        if len(rows) >= MOST_ROWS or (n_bytes > _MOST_BYTES and rows):
            is_whole = False
            break
        rows.append(row)
    names = dict.fromkeys([*features, *(name for row in rows[:_LOOKED_AT] for name in row)])
    columns = tuple(_column(name, features.get(name), rows) for name in names)
    return Part(columns, tuple(rows), is_whole, None if is_whole else _table(repository, config, split))


def _table(repository: Repository, config: str, split: str) -> viewer.Table | None:
    """All rows of a split, where they are in Parquet files and the names say so."""
    if split not in viewer.splits(repository.main).get(config, {}):
        return None
    return viewer.table(repository.main, config, split)


def _weight(value: Any) -> int:
    """About how many bytes a value takes in memory."""
    if isinstance(value, (str, bytes)):
        return 50 + len(value)
    if isinstance(value, Mapping):
        return 60 + sum(map(_weight, value.values()))
    return 60 + sum(map(_weight, value)) if isinstance(value, (list, tuple)) else 30


def _column(name: str, feature: Any, rows: list[Mapping[str, Any]]) -> Column:
    kind = type(feature).__name__
    if kind == "ClassLabel":
        return Column(name, "class", tuple(map(str, feature.names)))
    if kind == "Image":
        return Column(name, "image")
    known = [row[name] for row in rows[:_LOOKED_AT] if row.get(name) is not None]
    return Column(name, _kind_of(known))


def _kind_of(values: list[Any]) -> ColumnKind:
    if not values:
        return "other"
    if all(isinstance(value, bool) for value in values):
        return "flag"
    if all(isinstance(value, (int, float)) for value in values):
        return "number"
    if all(isinstance(value, str) for value in values):
        return "text"
    return "image" if all(_is_picture(value) for value in values) else "other"


def _is_picture(value: Any) -> bool:
    if isinstance(value, Mapping) and set(value) <= {"bytes", "path"}:
        value = value.get("bytes")
    return isinstance(value, bytes) and value.startswith(_PICTURES)
