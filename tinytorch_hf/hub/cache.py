"""The literal `load_dataset("tinytorch/tinydigits")` without a network: the library's own cache, prepared.

With ``HF_HUB_OFFLINE=1`` the library takes what it finds in its cache::

    $HF_DATASETS_CACHE/tinytorch___tinydigits/<config>/0.0.0/<hash>/dataset_info.json, *.arrow, tinytorch_hf.json

Where no configuration is named it takes the folder that was changed last, and refuses when that one's hash occurs
with other configurations, too. So each configuration gets a hash of its own, and the default is dated in the future.
A result of `map` is stored in the folder it was made from, which dates that one of today. So the default has spare
folders, too, dated in the future one after the other; their files are links to the same content. Once all of them were
mapped, the default is taken as long as nothing else is mapped. If something is, the library shall refuse and not give
another configuration: for each other configuration the default has a folder of the same hash, dated long ago. `prepare`
dates all anew. A copy from the Hub, whatever its date, is asked for by its revision.

The last file marks a folder as made here. Only such folders are replaced or removed; what the library itself keeps of
the same repository stands beside them under the hash of a commit.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.as_hf.from_facts import FromFacts
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.content_hash import fingerprint
from tinytorch_hf.data.loaders import load
from tinytorch_hf.errors import StorageError
from tinytorch_hf.files.splits import Split
from tinytorch_hf.formats.strict_json import parse_json
from tinytorch_hf.hub.citation import citation
from tinytorch_hf.hub.parquet import quiet

_MARK = "tinytorch_hf.json"
_SCRATCH = ".tinytorch_hf-"

# 2038-01-01 in UTC, some days before the largest time that 32 bits hold.
_FUTURE_NS = 2_145_916_800 * 10**9
# 1980-01-02, from which on every file system can date.
_PAST_NS = 315_619_200 * 10**9

# How often the default can be mapped anew before it is dated of today; each costs a few links.
_SPARES = 3


def root() -> Path:
    """Where the library keeps its Arrow files: HF_DATASETS_CACHE, or ``datasets`` in HF_HOME."""
    import datasets

    return Path(datasets.config.HF_DATASETS_CACHE).expanduser()


def place(name: catalog.Dataset | str, config: str) -> Path:
    """Folder in which one configuration of a dataset is prepared."""
    return root() / _repository(catalog.info(name)) / config / "0.0.0" / f"tinytorch_hf-{config}"


def beside(name: catalog.Dataset | str) -> dict[Path, int]:
    """The other folders of the default configuration, with the times they are dated; none if it is the only one."""
    dataset = catalog.info(name)
    default, *others = as_hf.config_names(dataset)
    if not others:
        return {}
    main = place(dataset, default)
    spares = {main.with_name(f"{main.name}-{n}"): _FUTURE_NS - n * 10**9 for n in range(1, _SPARES + 1)}
    return spares | {main.with_name(place(dataset, other).name): _PAST_NS for other in others}


def _repository(dataset: DatasetInfo) -> str:
    return dataset.repo_id.replace("/", "___")


def prepare(names: Sequence[catalog.Dataset | str]) -> list[Path]:
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
    InvalidArgumentError
        A name or a shape in a dataset cannot be on the Hub; nothing is written.
    MissingFileError, CorruptFileError
        A file of a dataset is not there or is damaged.
    StorageError
        The cache cannot be written, or files of somebody else's are in the way.
    """
    wanted = {dataset: as_hf.config_names(dataset) for dataset in map(catalog.info, names)}
    made = []
    with _storage_errors(), _scratch() as scratch:
        for dataset, configs in wanted.items():
            content = _content(dataset)
            missing = [config for config in configs if not _is_whole(content, place(dataset, config))]
            splits = load(dataset) if missing else {}
            for config in missing:
                _write(dataset, splits, content, config, scratch)
            # The default comes first and is dated at once: it never lacks, and never is older than another.
            for config in configs:
                if config in missing and _put(_written(dataset, config, scratch), place(dataset, config), scratch):
                    made.append(place(dataset, config))
                if config == configs[0]:
                    _date(place(dataset, config), _FUTURE_NS)
                    for folder, date in beside(dataset).items():
                        if not _is_whole(content, folder):
                            _put(_linked(place(dataset, config), scratch), folder, scratch)
                        _date(folder, date)
    return made


def _date(folder: Path, nanoseconds: int) -> None:
    os.utime(folder, ns=(nanoseconds, nanoseconds))


def _linked(folder: Path, scratch: Path) -> Path:
    """A folder with the same files; they take no room where the file system has links."""
    copy = Path(tempfile.mkdtemp(dir=scratch)) / "copy"
    copy.mkdir()
    for name in (_MARK, *_read_mark(folder)["files"]):
        try:
            os.link(folder / name, copy / name)
        except OSError:
            shutil.copyfile(folder / name, copy / name)
    return copy


def _content(dataset: DatasetInfo) -> str:
    """What tells the content of one release of a dataset from that of another."""
    return dataset.fingerprint or fingerprint(dataset)


def _written(dataset: DatasetInfo, config: str, scratch: Path) -> Path:
    return scratch / _repository(dataset) / config


def _write(dataset: DatasetInfo, splits: Mapping[str, Split], content: str, config: str, scratch: Path) -> None:
    folder = _written(dataset, config, scratch)
    builder = FromFacts(dataset, splits, config, scratch / "cache", citation(dataset))
    with quiet():
        builder.write(folder)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    mark = json.dumps(_mark(content, sizes), indent=2)
    (folder / _MARK).write_text(mark, encoding="utf-8", newline="\n")


def _mark(content: str, sizes: dict[str, int]) -> dict[str, Any]:
    # The command by its first name, as the caches of users say it: with another, what they hold would be made anew.
    return {"made_by": "tinytorch-hf cache", "fingerprint": content, "files": sizes}


def _is_whole(content: str, folder: Path) -> bool:
    """Whether a folder stands in the cache as it was made here, from this release of the dataset."""
    mark = _read_mark(folder)
    if mark is None or mark != _mark(content, mark["files"]):
        return False
    present = {path.name: path.stat().st_size for path in folder.iterdir()}
    return all(present.get(file) == size for file, size in mark["files"].items())


def _read_mark(folder: Path) -> Any:
    """The content of a folder's mark; None if the folder was not made here."""
    try:
        mark = parse_json((folder / _MARK).read_bytes())
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


def undo(names: Sequence[catalog.Dataset | str]) -> list[Path]:
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
    places = [
        folder
        for name in names
        for folder in (*(place(name, config) for config in as_hf.config_names(name)), *beside(name))
    ]
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
