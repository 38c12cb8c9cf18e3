"""``dataset.json``: the facts of a folder of the user's, read strictly and written.

`tinytorch_hf.catalog.fields` says what each field means, `tinytorch_hf.catalog.reading` what each may be.
"""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tinytorch_hf.catalog.facts import DatasetInfo
from tinytorch_hf.catalog.fields import FIELDS, SCHEMA, fields_of
from tinytorch_hf.catalog.providers import DESCRIPTION, Downloaded, Folder
from tinytorch_hf.catalog.reading import facts_of
from tinytorch_hf.errors import DescriptionError, GitLFSPointerError, StorageError
from tinytorch_hf.formats.strict_json import JsonError, parse_json

_RECIPE = "recipe.json"

MOST_BYTES = 2**20
"""Size of a description that is still believed."""


def read_description(folder: Path) -> DatasetInfo:
    """The facts in a folder's ``dataset.json``; the files that it names are not opened.

    Raises
    ------
    DescriptionError
        There is no such file, or a field is missing, of the wrong type or out of range, or names a file outside of the
        folder: the message names the field and what to write.
    GitLFSPointerError, StorageError
        The file is a Git-LFS pointer, or cannot be read.
    """
    path = Path(folder).absolute() / DESCRIPTION
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DescriptionError(path, "", "this is not a file. Put a file of this name in its place.")
        if found.st_size > MOST_BYTES:
            raise DescriptionError(path, "", f"it has {found.st_size} bytes; no description has over {MOST_BYTES}.")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if (path.parent / _RECIPE).is_file():
            problem = (
                "there is no such file, only the recipe of a set. Make its data from SOURCE, what it was made of: "
                f"`tinytorch-hf tinify SOURCE --rebuild {shlex.quote(str(folder))}`"
            )
            raise DescriptionError(path, "", problem) from None
        problem = "there is no such file. Give the folder of a dataset; tinytorch_hf.write_dataset makes one."
        raise DescriptionError(path, "", problem) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
    if data.startswith(GitLFSPointerError.START):
        raise GitLFSPointerError(path, "Get the file itself with `git lfs pull`.")
    return parse_description(data, path)


def parse_description(data: bytes, path: Path) -> DatasetInfo:
    """The facts in the content of a ``dataset.json`` that stands, or is to stand, at ``path``.

    Raises
    ------
    DescriptionError
        As for `read_description`.
    """
    return facts_of(_parsed(data, path), path, Folder(str(path.parent)))


def _parsed(data: bytes, path: Path) -> dict[str, Any]:
    try:
        # No field takes infinity, a number that long or half a character; the message is to name the field.
        values = parse_json(data, with_infinity=True, with_half_pairs=True, long_number=float)
    except JsonError as error:
        raise DescriptionError(path, error.field, f"{error}.") from None
    if not isinstance(values, dict):
        raise DescriptionError(path, "", "it must be an object in braces, { ... }.")
    return values


def checked(dataset: DatasetInfo) -> DatasetInfo:
    """Facts that were made in code, held to the rules of ``dataset.json``; a folder's path becomes absolute.

    Raises
    ------
    DescriptionError
        A field is of the wrong type or out of range, or cannot be a user's: the message names it and what to write.
    """
    label, provider = f"The facts of {dataset.name}", dataset.provider
    if isinstance(provider, Folder):
        provider = Folder(str(Path(provider.path).absolute()))
    elif not isinstance(provider, Downloaded):
        raise DescriptionError(label, "provider", f"it is {type(provider).__name__}. Write Folder or Downloaded.")
    for field in ("forms", "rules", "earlier", "to_confirm"):
        if getattr(dataset, field):
            raise DescriptionError(label, field, "only built-in datasets have it. Leave it out.")
    try:
        hash(dataset)
        values = json.loads(description_of(dataset))
    except (TypeError, ValueError, AttributeError, KeyError, RecursionError) as error:
        problem = f"they are not of the types that DatasetInfo states: {error}."
        raise DescriptionError(label, "", problem) from None
    if isinstance(provider, Downloaded):
        _put_hashes(values)
    facts_of(values, label, provider)
    return replace(dataset, provider=provider)


def _put_hashes(values: dict[str, Any]) -> None:
    """Give files that have only an md5, or that others publish without one, the form of those in a folder."""
    for holder in (*({"files": values.get("other_files", [])},), *values["splits"]):
        for file in holder["files"]:
            file["sha256"] = file["sha256"] or "0" * 64


def description_of(dataset: DatasetInfo) -> str:
    """The content of ``dataset.json`` for these facts, which `read_description` reads as the same facts."""
    facts = asdict(dataset)
    values = {"schema": SCHEMA, **{key: facts[key] for key in fields_of("") if key in facts}}
    values["columns"] = [_without_defaults(column, "columns[]") for column in facts["columns"]]
    values["splits"] = [{**split, "files": _files(split["files"])} for split in facts["splits"]]
    values["other_files"] = _files(facts["other_files"])
    return json.dumps(_without_defaults(values), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _files(files: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: file[key] for key in fields_of("files[]")} for file in files]


def _without_defaults(values: dict[str, Any], group: str = "") -> dict[str, Any]:
    """The values without those that say no more than the default of their field."""
    defaults = {key: FIELDS[f"{group}.{key}" if group else key].default for key in values}
    return {
        key: value
        for key, value in values.items()
        if (tuple(value) if isinstance(value, list) else value) != defaults[key]
    }
