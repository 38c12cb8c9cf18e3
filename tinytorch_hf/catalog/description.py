"""``dataset.json``: the facts of a folder of the user's, read strictly and written.

The page "Add a dataset" in CONTRIBUTING.md says what each field means.
"""

from __future__ import annotations

import difflib
import json
import keyword
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, cast

from tinytorch_hf.catalog.facts import Column, DatasetInfo, SplitInfo
from tinytorch_hf.catalog.kinds import DECODERS, KINDS, Kind
from tinytorch_hf.catalog.providers import DESCRIPTION, DataFile, Folder
from tinytorch_hf.errors import DescriptionError, StorageError

SCHEMA = 1
"""The version of the schema that is written, and the only one that is read."""

DTYPES = ("bool", *(f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("", "u")), "float32", "float64", "str")
"""NumPy dtypes that a column may have; "str" for texts."""

_MOST_BYTES = 2**24
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SPLIT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_KINDS_OF_VALUES: dict[Any, str] = {
    str: "a text in quotes",
    int: "a whole number",
    list: "a list in brackets",
    dict: "an object in braces",
    (int, float): "a number",
}


def read_description(folder: Path) -> DatasetInfo:
    """The facts in a folder's ``dataset.json``; the files that it names are not opened.

    Raises
    ------
    DescriptionError
        There is no such file, or a field is missing, of the wrong type or out of range, or names a file outside of the
        folder: the message names the field and what to write.
    StorageError
        The file cannot be read.
    """
    path = Path(folder) / DESCRIPTION
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise DescriptionError(
            path, "", "there is no such file, so that this is not the folder of a dataset."
        ) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > _MOST_BYTES:
        raise DescriptionError(path, "", f"it is larger than {_MOST_BYTES} bytes, which no description is.")
    return _Description(path.absolute(), _parsed(path, data)).facts()


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            twice = next(key for key in values if [name for name, _ in pairs].count(key) > 1)
            raise DescriptionError(path, twice, "it is there twice; keep one of them.")
        return values

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not a number of JSON")

    try:
        values = json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, DescriptionError):
            raise
        raise DescriptionError(path, "", f"it is not JSON in UTF-8: {error}.") from None
    if not isinstance(values, dict):
        raise DescriptionError(path, "", "it must be an object in braces, { ... }.")
    return values


class _Description:
    """One ``dataset.json`` while it is read."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        self._path = path
        self._values = values

    def _refuse(self, field: str, problem: str) -> DescriptionError:
        return DescriptionError(self._path, field, problem)

    def _take(self, values: dict[str, Any], where: str, key: str, of: Any, default: Any = ...) -> Any:
        """A value of the right type; without a default it must be there."""
        field = f"{where}.{key}" if where else key
        if key not in values:
            if default is ...:
                raise self._refuse(field, f"it is missing. Write {_KINDS_OF_VALUES[of]}.")
            return default
        value = values[key]
        if not isinstance(value, of) or isinstance(value, bool):
            raise self._refuse(field, f"it is {_shown(value)}. Write {_KINDS_OF_VALUES[of]}.")
        return value

    def _known_keys(self, values: dict[str, Any], where: str, known: Sequence[str]) -> None:
        for key in values:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."
                raise self._refuse(f"{where}.{key}" if where else key, f"there is no such field. {hint}")

    def _list(self, values: dict[str, Any], where: str, key: str, of: Any, default: Any = ...) -> list[Any]:
        items = self._take(values, where, key, list, default)
        for number, item in enumerate(items):
            if not isinstance(item, of) or isinstance(item, bool):
                field = f"{where}.{key}[{number}]" if where else f"{key}[{number}]"
                raise self._refuse(field, f"it is {_shown(item)}. Write {_KINDS_OF_VALUES[of]}.")
        return list(items)

    def _matching(self, field: str, value: str, pattern: re.Pattern[str], what: str) -> str:
        if not pattern.fullmatch(value):
            raise self._refuse(field, f"it is {_shown(value)}. Write {what}.")
        return value

    def _one_of(self, field: str, value: str, known: Sequence[str]) -> str:
        if value not in known:
            raise self._refuse(field, f"it is {_shown(value)}. Write one of {', '.join(known)}.")
        return value

    def facts(self) -> DatasetInfo:
        """All of it, checked."""
        values = self._values
        schema = self._take(values, "", "schema", int)
        if schema != SCHEMA:
            raise self._refuse("schema", f"it is {schema}. This release reads version {SCHEMA}: write {SCHEMA}.")
        self._known_keys(values, "", FIELDS)
        name = self._matching(
            "name",
            self._take(values, "", "name", str),
            _NAME,
            "small letters, digits and _, beginning with a letter, such as my_digits",
        )
        title = self._take(values, "", "title", str, title_of(name))
        if not title.isidentifier() or not title.isascii() or keyword.iskeyword(title):
            raise self._refuse("title", f"it is {_shown(title)}. Write the name of a class, such as {title_of(name)}.")
        kind = cast(Kind, self._one_of("kind", self._take(values, "", "kind", str), list(KINDS)))
        columns = tuple(self._columns())
        classes = tuple(self._list(values, "", "classes", str, []))
        self._check_kind(kind, columns, classes)
        given = {key: self._take(values, "", key, str, default) for key, default in _TEXTS.items()}
        fingerprint = given.pop("fingerprint")
        if fingerprint:
            self._matching("fingerprint", fingerprint, _SHA256, "64 hexadecimal digits, or leave it out")
        self._matching("namespace", given["namespace"], _NAMESPACE, "a name on the Hub, or leave it out")
        return DatasetInfo(
            name=name,
            title=title,
            kind=kind,
            decoder=self._one_of("decoder", self._take(values, "", "decoder", str), list(DECODERS)),
            provider=Folder(str(self._path.parent)),
            splits=tuple(self._splits()),
            columns=columns,
            value_range=self._value_range(),
            classes=classes,
            other_files=tuple(self._files(values, "", "other_files", [])),
            fingerprint=fingerprint,
            **given,
        )

    def _columns(self) -> Iterator[Column]:
        seen: set[str] = set()
        for number, values in enumerate(self._list(self._values, "", "columns", dict)):
            where = f"columns[{number}]"
            self._known_keys(values, where, ("name", "dtype", "shape", "description", "names", "lowest"))
            name = self._take(values, where, "name", str)
            if not name.isidentifier():
                raise self._refuse(f"{where}.name", f"it is {_shown(name)}. Write letters, digits and _.")
            if name in seen:
                raise self._refuse(f"{where}.name", f"{name} is there twice; columns need different names.")
            seen.add(name)
            shape = tuple(self._list(values, where, "shape", int, []))
            if any(length < 1 for length in shape):
                raise self._refuse(f"{where}.shape", f"it is {list(shape)}. Write lengths from 1 on.")
            yield Column(
                name,
                self._one_of(f"{where}.dtype", self._take(values, where, "dtype", str), DTYPES),
                shape,
                self._take(values, where, "description", str, ""),
                tuple(self._list(values, where, "names", str, [])),
                self._take(values, where, "lowest", int, 0),
            )

    def _check_kind(self, kind: Kind, columns: Sequence[Column], classes: Sequence[str]) -> None:
        by_name = {column.name: (number, column) for number, column in enumerate(columns)}
        for name, dtype in KINDS[kind].required:
            if name not in by_name:
                raise self._refuse("columns", f"there is no column {name}, which every dataset of {kind} has. Add it.")
            number, column = by_name[name]
            if dtype and (column.dtype, column.shape) != (dtype, ()):
                raise self._refuse(f"columns[{number}].dtype", f"{name} of {kind} is {dtype}, one value a sample.")
        if kind == "images":
            number, images = by_name["images"]
            if (columns[0].name, columns[1].name) != ("images", "labels"):
                raise self._refuse("columns", "images come first and labels second.")
            if images.dtype not in ("uint8", "float32"):
                raise self._refuse(f"columns[{number}].dtype", "images are uint8, 0 to 255, or float32, 0 to 1.")
            if len(images.shape) not in (2, 3) or (len(images.shape) == 3 and images.shape[0] != 3):
                raise self._refuse(
                    f"columns[{number}].shape",
                    f"it is {list(images.shape)}. Write [height, width], or in colour [3, height, width].",
                )
        if "labels" in by_name and not classes:
            raise self._refuse("classes", "there are labels, so write what each label from 0 on stands for.")

    def _value_range(self) -> tuple[float, float]:
        low_high = self._list(self._values, "", "value_range", (int, float), [0, 0])
        if len(low_high) != 2 or not -math.inf < low_high[0] <= low_high[1] < math.inf:
            raise self._refuse("value_range", f"it is {low_high}. Write the smallest and the largest value.")
        return float(low_high[0]), float(low_high[1])

    def _splits(self) -> Iterator[SplitInfo]:
        splits = self._list(self._values, "", "splits", dict)
        if not splits:
            raise self._refuse("splits", "it is empty. Write at least one split.")
        seen: set[str] = set()
        for number, values in enumerate(splits):
            where = f"splits[{number}]"
            self._known_keys(values, where, ("name", "n_samples", "files"))
            name = self._matching(
                f"{where}.name", self._take(values, where, "name", str), _SPLIT, "letters and digits, such as train"
            )
            if name in seen:
                raise self._refuse(f"{where}.name", f"{name} is there twice; splits need different names.")
            seen.add(name)
            n_samples = self._take(values, where, "n_samples", int)
            if n_samples < 1:
                raise self._refuse(f"{where}.n_samples", f"it is {n_samples}. Write how many samples there are.")
            files = tuple(self._files(values, where, "files"))
            if not files:
                raise self._refuse(f"{where}.files", "it is empty. Write at least one file.")
            yield SplitInfo(name, n_samples, files)

    def _files(self, values: dict[str, Any], where: str, key: str, default: Any = ...) -> Iterator[DataFile]:
        for number, file in enumerate(self._list(values, where, key, dict, default)):
            at = f"{where}.{key}[{number}]" if where else f"{key}[{number}]"
            self._known_keys(file, at, ("name", "size_bytes", "sha256"))
            name = self._take(file, at, "name", str)
            self._check_inside(f"{at}.name", name)
            size_bytes = self._take(file, at, "size_bytes", int)
            if size_bytes < 0:
                raise self._refuse(f"{at}.size_bytes", f"it is {size_bytes}. Write how many bytes the file has.")
            sha256 = self._matching(
                f"{at}.sha256",
                self._take(file, at, "sha256", str),
                _SHA256,
                "64 hexadecimal digits, as sha256sum prints",
            )
            yield DataFile(name, size_bytes, sha256)

    def _check_inside(self, field: str, name: str) -> None:
        """Refuse a name that leads out of the folder, by itself or through a link."""
        parts = PurePosixPath(name).parts
        plain = name.isprintable() and "\\" not in name and ":" not in name and str(PurePosixPath(name)) == name
        if not parts or not plain or ".." in parts or name.startswith("/") or name == DESCRIPTION:
            raise self._refuse(field, f"it is {_shown(name)}. Write the path of a file inside the folder, with /.")
        folder = self._path.parent
        try:
            is_inside = (folder / name).resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError):
            # Links that lead in a circle.
            is_inside = False
        if not is_inside:
            raise self._refuse(field, f"{name} is a link that leads out of the folder. Copy the file into it.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def title_of(name: str) -> str:
    """The name of a dataset's class, by default: ``my_digits`` becomes ``MyDigits``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


_TEXTS: dict[str, Any] = {
    **dict.fromkeys(("summary", "version", "license", "source"), ...),
    **dict.fromkeys(("license_note", "source_url", "citation", "fingerprint"), ""),
    "namespace": "local",
}

FIELDS = (
    *("schema", "name", "title", "kind", "decoder", "columns", "splits", "classes", "value_range", "other_files"),
    *_TEXTS,
)
"""Every field that a description may have."""


def description_of(dataset: DatasetInfo) -> str:
    """The content of ``dataset.json`` for these facts, which `read_description` reads as the same facts."""
    facts = {"schema": SCHEMA, **{key: value for key, value in asdict(dataset).items() if key in FIELDS}}
    _without(facts["columns"], names=[], lowest=0, description="", shape=[])
    for files in ({"files": facts["other_files"]}, *facts["splits"]):
        files["files"] = [{key: file[key] for key in ("name", "size_bytes", "sha256")} for file in files["files"]]
    if not facts["other_files"]:
        del facts["other_files"]
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _without(items: Sequence[dict[str, Any]], **defaults: Any) -> None:
    """Take out what says no more than the default."""
    for item in items:
        for key, default in defaults.items():
            if (list(item[key]) if isinstance(item[key], tuple) else item[key]) == default:
                del item[key]
