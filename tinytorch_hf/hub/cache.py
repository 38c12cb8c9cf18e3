"""The literal `load_dataset("tinytorch/tinydigits")` without a network: the library's own cache, prepared.

With ``HF_HUB_OFFLINE=1`` the library takes what it finds in its cache::

    $HF_DATASETS_CACHE/tinytorch___tinydigits/<config>/0.0.0/<hash>/dataset_info.json, *.arrow, tinytorch_hf.json

Where no configuration is named it takes the folder that was changed last, and refuses when that one's hash occurs
with other configurations, too. So each configuration gets a hash of its own, and the default is dated last.
A result of `map` is stored in the folder it was made from and dates it anew: whoever uses several configurations of
one dataset names the one that is wanted.

The last file marks a folder as made here. Only such folders are replaced or removed; what the library itself keeps of
the same repository stands beside them under the hash of a commit.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.errors import StorageError
from tinytorch_hf.files import folders, store
from tinytorch_hf.hub.parquet import quiet

_MARK = "tinytorch_hf.json"
_SCRATCH = ".tinytorch_hf-"


def root() -> Path:
    """Where the library keeps its Arrow files: HF_DATASETS_CACHE, or ``datasets`` in HF_HOME."""
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE).expanduser()


def place(name: str, config: str) -> Path:
    """Folder in which one configuration of a dataset is prepared."""
    repository = catalog.info(name).repo_id.replace("/", "___")
    return root() / repository / config / "0.0.0" / f"tinytorch_hf-{config}"


def prepare(names: Sequence[str]) -> list[Path]:
    """Put every configuration of some datasets into the library's cache.

    All of a dataset is written beside the cache's folders and then renamed, so that a run that is interrupted leaves
    nothing that is half made. What is there already and whole is left alone.

    Returns
    -------
    list of Path
        The folders that were made, empty if all were there.

    Raises
    ------
    UnknownNameError
        No such dataset; nothing is written.
    MissingFileError, CorruptFileError
        A file of the installation is not there or is damaged.
    StorageError
        The cache cannot be written, or files of somebody else's are in the way.
    """
    wanted = {name: as_hf.config_names(name) for name in names}
    made = []
    with _storage_errors(), _scratch() as scratch:
        for name, configs in wanted.items():
            missing = [config for config in configs if not _is_whole(name, config)]
            # The default is written last, so that it is the newest, and moved first, so that it never lacks.
            for config in reversed(missing):
                _write(name, config, scratch)
            for config in missing:
                if _put(scratch / name / config, place(name, config), scratch):
                    made.append(place(name, config))
            _date_default_last(name, configs)
    return made


def _write(name: str, config: str, scratch: Path) -> None:
    dataset = catalog.info(name)
    for file in dataset.files:
        store.read(dataset, file)
    builder = as_hf.builder_class(name)(
        config_name=config, dataset_name=name, cache_dir=str(scratch / "cache"), base_path=str(folders.folder(dataset))
    )
    folder = scratch / name / config
    with quiet():
        builder.download_and_prepare(str(folder))
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    (folder / _MARK).write_text(json.dumps(_mark(name, sizes), indent=2), encoding="utf-8")


def _mark(name: str, sizes: dict[str, int]) -> dict[str, Any]:
    # The command by its first name, as the caches of users say it: with another, what they hold would be made anew.
    return {"made_by": "tinytorch-hf cache", "fingerprint": catalog.info(name).fingerprint, "files": sizes}


def _is_whole(name: str, config: str) -> bool:
    """Whether a configuration stands in the cache as it was made here, from this release of the dataset."""
    folder = place(name, config)
    mark = _read_mark(folder)
    if mark is None or mark != _mark(name, mark["files"]):
        return False
    present = {path.name: path.stat().st_size for path in folder.iterdir()}
    return all(present.get(file) == size for file, size in mark["files"].items())


def _read_mark(folder: Path) -> Any:
    """The content of a folder's mark; None if the folder was not made here."""
    try:
        mark = json.loads((folder / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return mark if isinstance(mark, dict) and isinstance(mark.get("files"), dict) else None


def _put(folder: Path, target: Path, scratch: Path) -> bool:
    """Move a folder to its place; False if another process was faster."""
    if target.exists():
        _take_away(target, scratch)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(target)
    except OSError:
        if _read_mark(target) is None:
            raise
        return False
    return True


def _take_away(folder: Path, scratch: Path) -> None:
    """Move a folder that was made here out of the cache, to be deleted with the scratch folder."""
    mark = _read_mark(folder)
    ours = {_MARK, *mark["files"]} if mark else set()
    # The library stores results of `map` and `filter` beside the files that they were made from.
    others = [path.name for path in folder.iterdir() if path.name not in ours and not path.match("cache-*.arrow")]
    if others:
        raise StorageError(f"{folder} holds files that are not from here, such as {others[0]}. Move it elsewhere.")
    folder.rename(Path(tempfile.mkdtemp(dir=scratch)) / "old")


def _date_default_last(name: str, configs: Sequence[str]) -> None:
    default, *others = (place(name, config) for config in configs)
    latest = max((folder.stat().st_mtime_ns for folder in others), default=0)
    if default.stat().st_mtime_ns <= latest:
        os.utime(default, ns=(latest + 1_000_000_000,) * 2)


def undo(names: Sequence[str]) -> list[Path]:
    """Remove from the library's cache what `prepare` put there, and what the library made from it with `map`.

    Returns
    -------
    list of Path
        The folders that were removed.

    Raises
    ------
    UnknownNameError
        No such dataset.
    StorageError
        A folder cannot be removed, or holds files of somebody else's.
    """
    places = [place(name, config) for name in names for config in as_hf.config_names(name)]
    removed = []
    with _storage_errors():
        if not root().is_dir():
            return []
        with _scratch() as scratch:
            for folder in places:
                if _read_mark(folder) is not None:
                    _take_away(folder, scratch)
                    removed.append(folder)
                    _remove_empty(folder.parent)
                    _remove_locks(folder)
        for leftover in root().glob(f"{_SCRATCH}*"):
            shutil.rmtree(leftover)
    return removed


def _remove_locks(folder: Path) -> None:
    """Remove the files by which the library locks a folder; their names hold the folder's."""
    for lock in root().glob(f"*{'_'.join(folder.relative_to(root()).parts)}.lock"):
        lock.unlink()


def _remove_empty(folder: Path) -> None:
    while folder != root() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder on the cache's own disk, whose name the library does not look at."""
    root().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=root(), ignore_cleanup_errors=True) as scratch:
        yield Path(scratch)


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"The cache in {root()} could not be changed: {error}") from error
