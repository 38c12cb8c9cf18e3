"""Which source a path, a name or a dataset in memory is, and which of its columns are read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DESCRIPTION, DatasetInfo
from tinytorch_hf.curation import canonical
from tinytorch_hf.curation.source import Source, place_of
from tinytorch_hf.curation.sources import (
    archives,
    catalogued,
    class_folders,
    columns,
    hub,
    in_memory,
    loose_files,
    parquet,
    splits,
    tables,
    web_datasets,
)
from tinytorch_hf.curation.sources.columns import Roles
from tinytorch_hf.curation.sources.files import Files
from tinytorch_hf.curation.sources.looking import Found, found_in
from tinytorch_hf.errors import InvalidArgumentError, MissingFileError, printable
from tinytorch_hf.files import folders

_PARQUET = (".parquet",)
_NPZ = (".npz",)
_TAR = (".tar", ".tgz")
_TABLES = (*tables.CSV, *tables.JSON)
_READ = (*_PARQUET, *_NPZ, *_TAR, *_TABLES)
_KINDS = "Parquet, CSV, JSON lines, WebDataset tars (.tar), .npz, or a folder for each class with images or .txt files"
_MOST_OWN = 64
_USUAL = 32


@dataclass(frozen=True)
class Opened:
    """A source that can be read.

    Attributes
    ----------
    source
        The source.
    columns
        What it takes to read the same again beside its name: "image" or "text", "label", "split", "config",
        "revision"; only what there is.
    license
        As its own facts state it; "" where nobody does.
    place
        The file or folder on this machine that the user gave; None if it is something else.
    """

    source: Source
    columns: Mapping[str, str] = field(default_factory=dict)
    license: str = ""
    place: Path | None = None


@dataclass(frozen=True)
class Wanted:
    """What the user says of a source; None where it is to be found out."""

    image: str | None = None
    text: str | None = None
    label: str | None = None
    split: str | None = None
    config: str | None = None
    revision: str | None = None
    root: str | Path | None = None


def open_source(
    source: Any,
    *,
    image: str | None = None,
    text: str | None = None,
    label: str | None = None,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    root: str | Path | None = None,
) -> Opened:
    """Find out what a source is.

    Parameters
    ----------
    source
        The path of a file or a folder; the name of a dataset of the catalogue, or its facts; the identifier of one on
        the Hub, such as ``owner/name``; or a dataset in memory whose items are pairs of a sample and its label.
    image, text, label
        The columns, arrays or extensions that hold samples and labels. Where there is only one that can, it is found.
    split
        Which split: "all" for everything; by default train where there is one, else everything.
    config, revision
        Of a repository as the Hub has them.
    root
        Where the files of a dataset of the catalogue are; by default in the cache.

    Raises
    ------
    InvalidArgumentError
        It is nothing that can be read, or it has to be said which column is which: the message says what there is.
    MissingFileError, CorruptFileError, StorageError, NetworkError
        Something is not there, or cannot be read.
    MissingExtraError
        A library is needed that is not installed.
    """
    wanted = Wanted(image, text, label, split, config, revision, root)
    if isinstance(source, DatasetInfo):
        return _of_catalog(source, source.name, wanted)
    if not isinstance(source, (str, os.PathLike)):
        _refuse(wanted, "a dataset in memory", ("image", "text", "label", "split", "config", "revision", "root"))
        return Opened(in_memory.of_map_style(source))
    name = os.fspath(source)
    if not name:
        raise InvalidArgumentError("The source is empty. Give a path, a dataset's name, or an identifier on the Hub.")
    if isinstance(source, str) and source in catalog.names():
        return _of_catalog(catalog.info(source), name, wanted)
    path = folders.expanded(name)
    if path.exists():
        return replace(_of_path(name, path.absolute(), wanted), place=path.absolute())
    return _elsewhere(name, path, wanted)


def size_of(source: Source) -> int:
    """The size that images become by default: that of the first, if it is square and at most 64, else 32."""
    for shard in source.shards():
        for piece in source.pieces(shard):
            for batch in source.batches(piece, None, 1):
                height, width = canonical.size_of(batch.samples[0], place_of(source, shard, 0))
                return height if height == width and 4 <= height <= _MOST_OWN else _USUAL
    raise InvalidArgumentError(f"{source.name} has no rows.")


def _of_catalog(dataset: DatasetInfo, name: str, wanted: Wanted) -> Opened:
    _refuse(wanted, f"the dataset {name}", ("config", "revision"))
    roles = columns.roles(name, catalogued.columns_of(dataset), wanted.image, wanted.text, wanted.label)
    known = [split.name for split in dataset.splits]
    split = splits.which(name, known, wanted.split)
    root = None if wanted.root is None else folders.expanded(wanted.root).absolute()
    chosen = tuple(known) if split == splits.ALL else (split,)
    opened = catalogued.Catalogued(name, dataset, root, chosen, roles)
    return Opened(opened, {**_named(roles), "split": split}, dataset.license)


def _of_path(name: str, path: Path, wanted: Wanted) -> Opened:
    _refuse(wanted, f"{name}, which is on this machine", ("revision",))
    if not path.is_file() and not path.is_dir():
        raise InvalidArgumentError(f"{name} is a device or a pipe. Give a file or a folder.")
    if (path / DESCRIPTION).is_file():
        return _of_catalog(catalog.info(path), name, wanted)
    _refuse(wanted, f"{name}, which is on this machine", ("root",))
    if path.is_file():
        _refuse(wanted, f"the file {name}", ("config", "split") if path.suffix.lower() not in _NPZ else ("config",))
        return _of_files(name, Files({path.name: str(path)}), wanted, {})
    if hub.is_copy(path):
        return _of_repository(name, str(path), wanted)
    _refuse(wanted, f"the folder {name}", ("config",))
    return _of_folder(name, path, wanted)


def _elsewhere(name: str, path: Path, wanted: Wanted) -> Opened:
    if not hub.is_id(name) or path.suffix.lower() in _READ:
        raise MissingFileError(
            f"{name} is not there. A source is a path, a dataset's name ({', '.join(catalog.names())}), or the "
            "identifier of one on the Hub, such as owner/name."
        )
    _refuse(wanted, f"{name}, which is on the Hub", ("root",))
    return _of_repository(name, name, wanted)


def _of_repository(name: str, source: str, wanted: Wanted) -> Opened:
    found = hub.resolved(source, wanted.config, wanted.split, wanted.revision)
    words = {"config": wanted.config, "split": found.split, "revision": found.revision}
    if loose_files.are_loose(found.files):
        _refuse(wanted, f"{name}, which has a folder for each class", ("image", "text", "label"))
        opened = Opened(loose_files.of_repository(name, found.files))
    else:
        opened = _of_files(name, found.files, wanted, found.classes)
    return Opened(opened.source, {**opened.columns, **{key: value for key, value in words.items() if value}})


def _of_folder(name: str, path: Path, wanted: Wanted) -> Opened:
    """A folder of tables, archives or class folders, of which only the files of one kind may be there."""
    found = found_in(path, _READ)
    there = {"tables or archives": found.files, "images": found.images, "texts": found.texts}
    kinds = [kind for kind, some in there.items() if some]
    if len(kinds) != 1:
        what = f"holds {_counted(found, kinds)}" if kinds else "holds nothing that is read"
        raise InvalidArgumentError(f"{name} {what}. Read are: {_KINDS}.")
    if found.files:
        addresses = {one: str(path / one) for one in found.files}
        chosen = splits.chosen(name, addresses, wanted.split)
        read = _of_files(name, Files({shard: addresses[shard] for shard in chosen}), wanted, {})
        return replace(read, columns={**read.columns, **_split_of(wanted)})
    _refuse(wanted, f"{name}, which has a folder for each class", ("image", "text", "label"))
    chosen = splits.chosen(name, found.images or found.texts, wanted.split)
    opened = class_folders.ClassFolders(name, path, tuple(chosen), "images" if found.images else "texts")
    return Opened(opened, _split_of(wanted))


def _counted(found: Found, kinds: Sequence[str]) -> str:
    """What a folder holds of each kind, the fewest first and by name: often it is one file that strays."""
    known = sorted((found.counted[kind], kind) for kind in kinds)
    told = [f"{kind} ({n:,}{', such as' if n > 1 else ':'} {printable(first)})" for (n, first), kind in known]
    return f"{' and '.join(told)}. Move out what is no sample, or give the folder of one kind"


def _of_files(name: str, files: Files, wanted: Wanted, classes: Mapping[str, Sequence[str]]) -> Opened:
    suffixes = sorted({tables.suffix_of(files.place(shard)) for shard in files.names()})
    groups = [kind for kind in (_PARQUET, _NPZ, _TAR, _TABLES) if any(suffix in kind for suffix in suffixes)]
    if len(groups) != 1 or not all(suffix in groups[0] for suffix in suffixes):
        raise InvalidArgumentError(
            f"{name} has files {', '.join(suffix or 'without an ending' for suffix in suffixes)}. Read are: {_KINDS}, "
            "of one kind at a time. What a server has otherwise is downloaded first; then give the folder."
        )
    if groups[0] == _NPZ:
        return _of_archives(name, files, wanted)
    if groups[0] == _TAR:
        found = _first(name, files, web_datasets.columns_of)
        roles = columns.roles(name, found, wanted.image, wanted.text, wanted.label)
        return Opened(web_datasets.WebDatasets(name, files, roles), _named(roles))
    is_parquet = groups[0] == _PARQUET
    schema = _first(name, files, parquet.schema_of if is_parquet else tables.schema_of)
    named = [
        columns.Column(one.name, "class" if one.name in classes and one.holds == "number" else one.holds)
        for one in columns.columns_of(schema)
    ]
    roles = columns.roles(name, named, wanted.image, wanted.text, wanted.label)
    known = classes.get(roles.label)
    reader = parquet.ParquetFiles if is_parquet else tables.Tables
    return Opened(reader(name, files, roles, known), _named(roles))


def _of_archives(name: str, files: Files, wanted: Wanted) -> Opened:
    found = archives.columns_of(archives.path_of(files, files.names()[0]))
    named = {wanted.image, wanted.text, wanted.label}
    chosen = {one.name for one in found}
    if not named - {None} or wanted.split is not None:
        chosen = set(splits.chosen(name, chosen, wanted.split))
    roles = columns.roles(
        name, [one for one in found if one.name in chosen | named], wanted.image, wanted.text, wanted.label
    )
    return Opened(archives.Archives(name, files, roles), _named(roles))


def _first(name: str, files: Files, columns_of: Any) -> Any:
    """What is known of the columns of the first file that has any."""
    found = None
    for shard in files.names():
        found = columns_of(files, shard)
        if len(found):
            return found
    raise InvalidArgumentError(f"{name} has no rows: all its files are empty.")


def _split_of(wanted: Wanted) -> dict[str, str]:
    return {} if wanted.split is None else {"split": wanted.split}


def _named(roles: Roles) -> dict[str, str]:
    return {"image" if roles.kind == "images" else "text": roles.sample, "label": roles.label}


def _refuse(wanted: Wanted, what: str, options: Sequence[str]) -> None:
    """Refuse what is said of a source that has no such thing."""
    for option in options:
        if getattr(wanted, option) is not None:
            raise InvalidArgumentError(f"There is no {option} to choose in {what}. Leave {option} out.")
