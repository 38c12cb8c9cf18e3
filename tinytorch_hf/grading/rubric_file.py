"""A rubric in a file, TOML or JSON, read strictly: what does not hold is refused by file, field and what to write."""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tinytorch_hf.errors import InvalidArgumentError, MissingExtraError, RubricError, StorageError
from tinytorch_hf.files.opening import open_file
from tinytorch_hf.formats.strict_json import JsonError, parse_json
from tinytorch_hf.grading.rubric import Item, Rubric, Seeds, known_names, members
from tinytorch_hf.student.limits import Limits

MOST_BYTES = 2**20
"""Size of a rubric that is still believed."""

_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]{0,3})\s*")
_LONGEST_TITLE = 200
_MOST_SEEDS = 20
_LARGEST_SEED = 2**63 - 1
_LONGEST_SECONDS = 86_400.0

Read = Callable[[Any], Any]


def read_rubric(path: Path | str) -> Rubric:
    """The rubric in a file; its name ends in ``.toml`` or ``.json``.

    Raises
    ------
    RubricError
        There is no such file, it is neither TOML nor JSON, or a field is unknown, missing or out of range: the message
        names the file, the field and what to write.
    MissingExtraError
        It is TOML, and this Python is older than 3.11 and has no tomli.
    StorageError
        It cannot be read.
    """
    path = Path(path)
    if path.suffix not in (".toml", ".json"):
        raise RubricError(path, "", "a rubric is TOML or JSON. Give a file whose name ends in .toml or .json.")
    try:
        with open_file(path) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        problem = "there is no such file. Give the rubric's file, or none, for equal points for each module."
        raise RubricError(path, "", problem) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > MOST_BYTES:
        raise RubricError(path, "", f"it has over {MOST_BYTES} bytes, which no rubric has.")
    return parse_rubric(data, path)


def parse_rubric(data: bytes, path: Path | str) -> Rubric:
    """The rubric in the content of a file.

    Raises
    ------
    RubricError, MissingExtraError
        As for `read_rubric`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RubricError(path, "", f"byte {error.start + 1} is not UTF-8. Save it as UTF-8.") from None
    values = _json(text, path) if Path(path).suffix == ".json" else _toml(text, path)
    return _Reader(path).rubric(values)


def _json(text: str, path: Path | str) -> Any:
    try:
        # Whoever looks at the fields says which of them is no number.
        return parse_json(text, with_infinity=True, long_number=float)
    except JsonError as error:
        raise RubricError(path, error.field, f"{error}.") from None


def _toml(text: str, path: Path | str) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib
        except ImportError as error:
            raise MissingExtraError("tomli", "grade", error) from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RubricError(path, "", f"it is not TOML: {error}.") from None


class _Reader:
    """Reads the values of one file; what is wrong is said of that file."""

    def __init__(self, path: Path | str) -> None:
        self._path = path

    def rubric(self, values: Any) -> Rubric:
        given = self._table(
            values,
            "",
            title=self._title,
            required=lambda value: self._names(value, "required"),
            allowed_imports=self._imports,
            credit_consequences=lambda value: self._truth(value, "credit_consequences"),
            item=self._items,
            limits=self._limits,
            seeds=self._seeds,
        )
        rubric = Rubric(**{"items" if name == "item" else name: value for name, value in given.items()})
        self._check_points(rubric)
        return rubric

    def _refuse(self, field: str, problem: str) -> NoReturn:
        raise RubricError(self._path, field, problem)

    def _table(self, values: Any, where: str, **fields: Read) -> dict[str, Any]:
        """The fields that are there, each as it is read."""
        if not isinstance(values, dict):
            self._refuse(where, f"{_shown(values)} stands there. Write a table, with some of {', '.join(fields)}.")
        for name in values:
            if name not in fields:
                close = difflib.get_close_matches(str(name), fields, n=1)
                hint = f"Did you mean {close[0]}? " if close else ""
                place = f"{where}.{name}" if where else name
                self._refuse(place, f"there is no such field. {hint}Known: {', '.join(fields)}.")
        return {name: fields[name](value) for name, value in values.items()}

    def _title(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TITLE or not value.isprintable():
            self._refuse("title", f"{_shown(value)} stands there. Write a line of at most {_LONGEST_TITLE} letters.")
        return value

    def _items(self, value: Any) -> tuple[Item, ...]:
        if not isinstance(value, list) or not value:
            self._refuse("item", "there are none. Write at least one [[item]] with name and points.")
        items = tuple(self._item(entry, f"item[{number}]") for number, entry in enumerate(value))
        names = [item.name for item in items]
        for number, name in enumerate(names):
            if name in names[:number]:
                self._refuse(f"item[{number}].name", f"{name!r} has an item already. Keep one of them.")
        for number, item in enumerate(items):
            if not members(item.name) - (set(names) - {item.name}):
                problem = f"every operation of {item.name} has an item of its own. Leave this one out."
                self._refuse(f"item[{number}]", problem)
        return items

    def _item(self, value: Any, where: str) -> Item:
        given = self._table(
            value,
            where,
            name=lambda name: self._name(name, f"{where}.name"),
            points=lambda points: self._number(points, f"{where}.points", 0.0, 1e9),
            hidden=lambda hidden: self._truth(hidden, f"{where}.hidden"),
        )
        for name, example in (("name", '"relu" or "losses"'), ("points", "10")):
            if name not in given:
                self._refuse(f"{where}.{name}", f"it is missing. Write one, such as {example}.")
        return Item(**given)

    def _name(self, value: Any, where: str) -> str:
        known = known_names()
        if not isinstance(value, str) or value not in known:
            close = difflib.get_close_matches(str(value).lower(), known, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            self._refuse(
                where,
                f"{_shown(value)} is no operation and no module. {hint}"
                f"Write one of {', '.join(known[:14])}, or an operation that `tinytorch-hf check` names.",
            )
        return value

    def _names(self, value: Any, where: str) -> tuple[str, ...]:
        return tuple(self._name(name, f"{where}[{number}]") for number, name in enumerate(self._list(value, where)))

    def _imports(self, value: Any) -> tuple[str, ...]:
        for number, name in enumerate(self._list(value, "allowed_imports")):
            if not isinstance(name, str) or not all(word.isidentifier() for word in name.split(".")):
                self._refuse(f"allowed_imports[{number}]", f"{_shown(name)} cannot be imported. Write such as scipy.")
        return tuple(value)

    def _limits(self, value: Any) -> Limits:
        def time(field: str, least: float) -> Read:
            return lambda seconds: self._number(seconds, f"limits.{field}", least, _LONGEST_SECONDS)

        given = self._table(
            value,
            "limits",
            operation_seconds=time("operation_seconds", 0.1),
            total_seconds=time("total_seconds", 1.0),
            memory=lambda size: self._size(size, "limits.memory", 512 << 20),
            file_size=lambda size: self._size(size, "limits.file_size", 0),
            processes=lambda count: self._whole(count, "limits.processes", 0, 10**6),
            open_files=lambda count: self._whole(count, "limits.open_files", 16, 10**6),
        )
        try:
            limits = Limits(**given)
        except InvalidArgumentError as error:
            self._refuse("limits", str(error))
        if limits.total_seconds < limits.operation_seconds:
            problem = f"it is below operation_seconds, {limits.operation_seconds:g}. Write as much or more."
            self._refuse("limits.total_seconds", problem)
        return limits

    def _seeds(self, value: Any) -> Seeds:
        given = self._table(value, "seeds", shown=lambda seeds: self._seed_list(seeds, "seeds.shown"), hidden=self._hid)
        drawn, hidden = given.get("hidden", (Seeds.to_draw, ()))
        seeds = Seeds(given.get("shown", Seeds.shown), hidden, drawn)
        both = sorted(set(seeds.shown) & set(seeds.hidden))
        if both:
            self._refuse("seeds.hidden", f"{both[0]} is among those that are shown. Write another.")
        return seeds

    def _hid(self, value: Any) -> tuple[int, tuple[int, ...]]:
        """How many are to be drawn, or which ones they are."""
        if isinstance(value, list):
            seeds = self._seed_list(value, "seeds.hidden")
            if not seeds:
                self._refuse("seeds.hidden", "there are none. Write at least one, or how many are to be drawn.")
            if 0 in seeds:
                self._refuse("seeds.hidden", "PyTorch's answers to seed 0 ship with tinytorch-hf. Write another.")
            return 0, seeds
        return self._whole(value, "seeds.hidden", 1, _MOST_SEEDS), ()

    def _seed_list(self, value: Any, where: str) -> tuple[int, ...]:
        entries = self._list(value, where)
        seeds = [self._whole(seed, f"{where}[{number}]", 0, _LARGEST_SEED) for number, seed in enumerate(entries)]
        if len(seeds) > _MOST_SEEDS:
            self._refuse(where, f"there are {len(seeds)}. Write at most {_MOST_SEEDS}.")
        if len(set(seeds)) < len(seeds):
            self._refuse(where, "one of them is there twice. Keep one of them.")
        return tuple(seeds)

    def _list(self, value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            self._refuse(where, f"{_shown(value)} stands there. Write a list, such as [].")
        return value

    def _truth(self, value: Any, where: str) -> bool:
        if not isinstance(value, bool):
            self._refuse(where, f"{_shown(value)} stands there. Write true or false.")
        return value

    def _number(self, value: Any, where: str, least: float, most: float) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not least <= value <= most:
            self._refuse(where, f"{_shown(value)} stands there. Write a number from {least:g} to {most:g}.")
        return float(value)

    def _whole(self, value: Any, where: str, least: int, most: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self._refuse(where, f"{_shown(value)} stands there. Write a whole number from {least} to {most}.")
        return value

    def _size(self, value: Any, where: str, least: int) -> int:
        found = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if found and found[2] in _UNITS:
            value = round(float(found[1]) * _UNITS[found[2]])
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 2**50:
            units = ", ".join(_UNITS)
            at_least = f"; at least {least} bytes" if least else ""
            self._refuse(where, f'{_shown(value)} stands there. Write such as "2 GB", in {units}{at_least}.')
        return value

    def _check_points(self, rubric: Rubric) -> None:
        if not rubric.out_of:
            self._refuse("item", "there are no points at all. Give at least one item some.")
        covered = set(rubric.operations)
        for number, name in enumerate(rubric.required):
            left_out = sorted(members(name) - covered)
            if left_out:
                problem = f"{left_out[0]} is in no item. Write an item for it, of 0 points if it is to have none."
                self._refuse(f"required[{number}]", problem)


def _shown(value: Any) -> str:
    return f"{value!r:.60}"
