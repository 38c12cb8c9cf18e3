"""Archives of datasets that do not ship, as this machine's cache holds them, for `tinytorch-hf download` of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.acquire.places import on_mirror
from tinytorch_hf.errors import MissingFileError, StorageError
from tinytorch_hf.files import advice, folders
from tinytorch_hf.hub.contents import StoredFile, hash_file

# Verified archives by the path under which they are served.
Archives = Mapping[str, StoredFile]


def names() -> tuple[str, ...]:
    """The datasets that have archives."""
    return tuple(name for name in catalog.names() if catalog.info(name).archives)


def in_cache(wanted: Iterable[str] = ()) -> dict[str, StoredFile]:
    """Every archive in the cache that has the catalog's hash.

    Parameters
    ----------
    wanted
        Datasets that must be there whole; without any, whatever is there.

    Raises
    ------
    MissingFileError
        An archive of a wanted dataset is not there, or is damaged.
    StorageError
        A file cannot be read.
    """
    wanted = tuple(wanted)
    found = {}
    for name in wanted or names():
        for archive in catalog.info(name).archives:
            path = folders.base(None) / archive.folder / archive.file.name
            stored = _stored(path)
            if stored is not None and stored.sha256 == archive.file.sha256:
                found[on_mirror(name, archive)] = stored
            elif wanted:
                raise MissingFileError(f"{path} is not there, or is damaged. {advice.how_to_get(catalog.info(name))}")
    return found


def _stored(path: Path) -> StoredFile | None:
    try:
        return hash_file(path) if path.is_file() else None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}.") from error
