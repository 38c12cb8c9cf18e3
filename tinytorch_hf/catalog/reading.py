"""What a ``dataset.json`` says, held to its rules field by field, as facts."""

from __future__ import annotations

import difflib
import json
import keyword
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, cast

from tinytorch_hf.catalog.facts import Column, DatasetInfo, SplitInfo
from tinytorch_hf.catalog.fields import DTYPES, FIELDS, MOST_NUMBER, REQUIRED, SCHEMA, fields_of
from tinytorch_hf.catalog.kinds import KINDS, Kind, kind_of
from tinytorch_hf.catalog.portable import is_device, is_portable
from tinytorch_hf.catalog.providers import DESCRIPTION, DataFile, Folder, Provider
from tinytorch_hf.errors import DescriptionError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SPLIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
# A shade of a PNG is a byte.
_MOST_STEPS = 255
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KEYWORD = re.compile(r"\S(.{0,62}\S)?")
_URL = re.compile(r"(https?://[^\s<>\"]+)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# What moves a terminal's cursor, breaks a line, turns the direction of writing, or is half of a character.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def title_of(name: str) -> str:
    """The name of a dataset's class, by default: ``my_digits`` becomes ``MyDigits``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def facts_of(values: dict[str, Any], source: Path | str, provider: Provider) -> DatasetInfo:
    """The facts that the values of a ``dataset.json`` state.

    Parameters
    ----------
    values
        The object in the file.
    source
        What a message calls it: the file's path, or what else the values are from.
    provider
        Where the files are. Those in a `Folder` must not lead out of it.

    Raises
    ------
    DescriptionError
        A field is missing, unknown, of the wrong type or out of range: the message names it and what to write.
    """
    top = _Object(source, values)
    schema = top.take("schema")
    if schema != SCHEMA:
        raise top.refuse("schema", f"it is {schema}. This release reads version {SCHEMA}: write {SCHEMA}.")
    top.check_keys()
    name = top.matching("name", _NAME, "small letters, digits and _, beginning with a letter, such as my_digits")
    if is_device(name):
        raise top.refuse("name", f"Windows makes no folder that is called {name}. Write another name.")
    kind = cast(Kind, top.one_of("kind", list(KINDS)))
    columns = tuple(_columns(top))
    _check_kind(top, kind, columns)
    return DatasetInfo(
        name=name,
        title=_title(top, name),
        summary=top.take("summary"),
        version=top.matching("version", _VERSION, "letters, digits and . + - _, such as 1.0.0"),
        kind=kind,
        decoder=top.one_of("decoder", KINDS[kind].decoders, f" for {kind}"),
        provider=provider,
        splits=tuple(_splits(top, provider)),
        columns=columns,
        value_range=_value_range(top, columns[0]),
        classes=_classes(top, columns),
        license=top.take("license"),
        license_note=top.take("license_note"),
        source=top.take("source"),
        source_url=top.matching("source_url", _URL, "an address with https:// or http://, or leave it out"),
        citation=top.take("citation"),
        creator=top.take("creator"),
        pixel_steps=_pixel_steps(top, columns[0]),
        fingerprint=top.matching("fingerprint", _SHA256, "64 hexadecimal digits, or leave it out", optional=True),
        other_files=tuple(_files(top, "other_files", provider)),
        namespace=top.matching("namespace", _NAMESPACE, "a name on the Hub, or leave it out"),
        published=_day(top),
        languages=top.each("languages", _LANGUAGE, "a code such as en"),
        keywords=top.each("keywords", _KEYWORD, "a word or some, without a line end"),
    )


class _Object:
    """One object of the file while it is read: its values, of which group of `FIELDS` they are, where it stands."""

    def __init__(self, source: Path | str, values: dict[str, Any], group: str = "", where: str = "") -> None:
        self._source = source
        self._values = values
        self._group = group
        self._where = where

    def refuse(self, key: str, problem: str) -> DescriptionError:
        return DescriptionError(self._source, ".".join(filter(None, [self._where, key])), problem)

    def check_keys(self) -> None:
        known = fields_of(self._group)
        for key in self._values:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."
                raise self.refuse(key, f"there is no such field. {hint}")

    def take(self, key: str) -> Any:
        """A value of the type that its field has, a list as a tuple; its default if it is not there."""
        field = FIELDS[".".join(filter(None, [self._group, key]))]
        if key not in self._values:
            if field.default is REQUIRED:
                raise self.refuse(key, f"it is missing. Write {field.to_write}: {field.meaning}.")
            return field.default
        value = self._values[key]
        if not field.is_list:
            return self._checked(key, value, field.of, field.to_write, is_required=field.default is REQUIRED)
        if not isinstance(value, list):
            raise self.refuse(key, f"it is {_shown(value)}. Write {field.to_write}.")
        return tuple(
            self._checked(f"{key}[{at}]", item, field.of, field.item_to_write, is_required=True)
            for at, item in enumerate(value)
        )

    def _checked(self, key: str, value: Any, of: tuple[type, ...], to_write: str, *, is_required: bool) -> Any:
        if not isinstance(value, of) or isinstance(value, bool):
            raise self.refuse(key, f"it is {_shown(value)}. Write {to_write}.")
        if isinstance(value, str):
            control = _CONTROL.search(value)
            if control:
                raise self.refuse(key, f"it has the control character {control[0]!a}. Leave that out.")
            if is_required and not value.strip():
                raise self.refuse(key, f"it is empty. Write {to_write}.")
        if isinstance(value, (int, float)) and not -MOST_NUMBER <= value <= MOST_NUMBER:
            raise self.refuse(key, f"it is {_shown(value)}. Write a number of at most {MOST_NUMBER}.")
        return value

    def objects(self, key: str, group: str) -> Iterator[_Object]:
        for at, values in enumerate(self.take(key)):
            one = _Object(self._source, values, group, ".".join(filter(None, [self._where, f"{key}[{at}]"])))
            one.check_keys()
            yield one

    def matching(self, key: str, pattern: re.Pattern[str], what: str, *, optional: bool = False) -> str:
        value: str = self.take(key)
        if not pattern.fullmatch(value) and not (optional and not value):
            raise self.refuse(key, f"it is {_shown(value)}. Write {what}.")
        return value

    def each(self, key: str, pattern: re.Pattern[str], what: str) -> tuple[str, ...]:
        values: tuple[str, ...] = self.take(key)
        for at, value in enumerate(values):
            if not pattern.fullmatch(value):
                raise self.refuse(f"{key}[{at}]", f"it is {_shown(value)}. Write {what}.")
        return values

    def one_of(self, key: str, known: Sequence[str], what_for: str = "") -> str:
        value: str = self.take(key)
        if value not in known:
            raise self.refuse(key, f"it is {_shown(value)}. Write one of these{what_for}: {', '.join(known)}.")
        return value

    def different(self, key: str, value: str, seen: set[str]) -> str:
        """A name that differs from those before it, in more than upper case: not every system tells that apart."""
        if value.lower() in seen:
            raise self.refuse(key, f"{_shown(value)} is there twice. Write another name.")
        seen.add(value.lower())
        return value


def _shown(value: Any) -> str:
    """A value as JSON has it, what is long cut short."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _title(top: _Object, name: str) -> str:
    title: str = top.take("title") or title_of(name)
    if not title.isidentifier() or not title.isascii() or keyword.iskeyword(title):
        raise top.refuse("title", f"it is {_shown(title)}. Write the name of a class, such as {title_of(name)}.")
    return title


def _columns(top: _Object) -> Iterator[Column]:
    seen: set[str] = set()
    for one in top.objects("columns", "columns[]"):
        name = one.different("name", one.matching("name", _COLUMN, "letters, digits and _"), seen)
        column = Column(
            name,
            one.one_of("dtype", DTYPES),
            one.take("shape"),
            one.take("description"),
            one.take("names"),
            one.take("lowest"),
        )
        if any(length < 1 for length in column.shape):
            raise one.refuse("shape", f"it is {list(column.shape)}. Write lengths from 1 on.")
        if column.names and ("int" not in column.dtype or column.shape):
            raise one.refuse("names", f"{name} is not one whole number a sample. Leave the names out.")
        if len(set(column.names)) < len(column.names):
            raise one.refuse("names", "one of them is there twice. Write different names.")
        if column.lowest and not column.names:
            raise one.refuse("lowest", "there are no names that it could be the lowest of. Leave it out.")
        yield column


def _check_kind(top: _Object, kind: Kind, columns: Sequence[Column]) -> None:
    by_name = {column.name: (f"columns[{at}]", column) for at, column in enumerate(columns)}
    for name, dtype in KINDS[kind].required:
        if name not in by_name:
            raise top.refuse("columns", f"there is no column {name}, which every dataset of {kind} has. Add it.")
        where, column = by_name[name]
        if dtype and column.dtype != dtype:
            raise top.refuse(f"{where}.dtype", f'{name} of {kind} must be stored as {dtype}. Then write "{dtype}".')
        if dtype and column.shape:
            raise top.refuse(f"{where}.shape", f"{name} of {kind} is one value a sample. Write [].")
    if kind_of(by_name) != kind:
        raise top.refuse("kind", f'these columns are those of {kind_of(by_name)}. Write "{kind_of(by_name)}".')
    for where, column in by_name.values():
        if KINDS[kind].texts and column.shape:
            raise top.refuse(f"{where}.shape", f"columns of {kind} have one value a sample. Write [].")
        if not KINDS[kind].texts and column.dtype == "str":
            raise top.refuse(
                f"{where}.dtype", f"files of {kind} hold no texts. Use numbers, and say in names what for."
            )
    if kind == "images":
        _check_images(top, columns)


def _check_images(top: _Object, columns: Sequence[Column]) -> None:
    if [column.name for column in columns[:2]] != ["images", "labels"]:
        raise top.refuse("columns", "images come first and labels second.")
    images, labels = columns[:2]
    if images.dtype not in ("uint8", "float32"):
        raise top.refuse("columns[0].dtype", "images must be stored as uint8, 0 to 255, or as float32, 0 to 1.")
    if len(images.shape) not in (2, 3) or (len(images.shape) == 3 and images.shape[0] != 3):
        problem = f"it is {list(images.shape)}. Write [height, width], or in colour [3, height, width]."
        raise top.refuse("columns[0].shape", problem)
    if labels.names:
        raise top.refuse("columns[1].names", "what labels stand for is written in classes. Leave this out.")


def _classes(top: _Object, columns: Sequence[Column]) -> tuple[str, ...]:
    classes: tuple[str, ...] = top.take("classes")
    has_labels = any(column.name == "labels" for column in columns)
    if has_labels and not classes:
        raise top.refuse("classes", "there are labels. Write what 0, 1, 2 ... stand for.")
    if classes and not has_labels:
        raise top.refuse("classes", "there is no column labels. Leave the classes out.")
    if len(set(classes)) < len(classes):
        raise top.refuse("classes", "one of them is there twice. Write different names.")
    return classes


def _value_range(top: _Object, first: Column) -> tuple[float, float]:
    low_high = top.take("value_range")
    if low_high is None:
        return (0.0, 0.0) if first.name != "images" else (0.0, 255.0 if first.dtype == "uint8" else 1.0)
    if len(low_high) != 2 or low_high[0] > low_high[1]:
        raise top.refuse("value_range", "it is not two numbers, the lowest first. Write [lowest, highest].")
    return float(low_high[0]), float(low_high[1])


def _day(top: _Object) -> str:
    day: str = top.take("published")
    try:
        if not day or str(date.fromisoformat(day)) == day:
            return day
    except ValueError:
        pass
    raise top.refuse("published", f"it is {_shown(day)}. Write a day such as 2026-11-21, or leave it out.")


def _pixel_steps(top: _Object, first: Column) -> int:
    steps: int = top.take("pixel_steps")
    if steps and (first.name != "images" or not first.dtype.startswith("float") or len(first.shape) != 2):
        raise top.refuse("pixel_steps", "only grey images of floats have it. Leave it out.")
    if not 0 <= steps <= _MOST_STEPS:
        raise top.refuse("pixel_steps", f"it is {steps}. Write a number from 1 to {_MOST_STEPS}, or leave it out.")
    return steps


def _splits(top: _Object, provider: Provider) -> Iterator[SplitInfo]:
    seen: set[str] = set()
    for one in top.objects("splits", "splits[]"):
        name = one.different("name", one.matching("name", _SPLIT, "letters, digits and _, such as train"), seen)
        n_samples: int = one.take("n_samples")
        if n_samples < 1:
            raise one.refuse("n_samples", f"it is {n_samples}. Write how many samples there are, at least 1.")
        files = tuple(_files(one, "files", provider))
        if not files:
            raise one.refuse("files", "it is empty. Write at least one file.")
        yield SplitInfo(name, n_samples, files)
    if not seen:
        raise top.refuse("splits", "it is empty. Write at least one split.")


def _files(holder: _Object, key: str, provider: Provider) -> Iterator[DataFile]:
    seen: set[str] = set()
    for one in holder.objects(key, "files[]"):
        name = one.different("name", one.take("name"), seen)
        _check_inside(one, name, provider)
        size_bytes = one.take("size_bytes")
        if size_bytes < 0:
            raise one.refuse("size_bytes", f"it is {size_bytes}. Write how many bytes the file has.")
        yield DataFile(name, size_bytes, one.matching("sha256", _SHA256, "64 hexadecimal digits in small letters"))


def _check_inside(file: _Object, name: str, provider: Provider) -> None:
    """Refuse a name that leads out of the folder, by itself or through a link."""
    parts = PurePosixPath(name).parts
    is_plain = "\\" not in name and ":" not in name and str(PurePosixPath(name)) == name and not name.startswith("/")
    if not parts or not is_plain or ".." in parts or name.lower() == DESCRIPTION:
        raise file.refuse("name", f"it is {_shown(name)}. Write the path of a data file inside the folder, with /.")
    if not all(map(is_portable, parts)):
        raise file.refuse("name", f"it is {_shown(name)}, which Windows refuses. Write another name.")
    if isinstance(provider, Folder):
        folder, target = (os.path.realpath(place) for place in (provider.path, Path(provider.path) / name))
        if not Path(target).is_relative_to(folder):
            raise file.refuse("name", f"{name} is a link that leads out of the folder. Copy the file into it.")
