"""Hub-ready folders: card, picture, licence, Croissant, and Parquet files; for any dataset."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.as_hf.from_facts import FromFacts
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.loaders import load
from tinytorch_hf.errors import CorruptFileError, StorageError, TinyTorchHFError
from tinytorch_hf.files import folders
from tinytorch_hf.files.splits import Split
from tinytorch_hf.hub import card, croissant, pictures
from tinytorch_hf.hub.citation import citation

COMPANIONS = ("DATASHEET.md", "LICENSE")

# More than any dataset of the catalog has, so that a split is one file.
_ONE_SHARD = 2**50


def build(name: catalog.Dataset | str, out: str | Path, repo_id: str = "", files_at: str = "") -> Path:
    """Write the folder that is uploaded to the Hub, or given to `load_dataset` as it is.

    ::

        out/<name>/README.md                                       the card, with the sizes of these files
        out/<name>/DATASHEET.md, LICENSE                           where there are such
        out/<name>/samples.png
        out/<name>/croissant.json                                  the same for machines, with the files' hashes
        out/<name>/data/<config>/<split>-00000-of-00001.parquet

    It is built beside its final place, loaded back, compared with the curated files by fingerprint, and then
    renamed.

    Parameters
    ----------
    name
        As for `tinytorch_hf.load`.
    out
        The folder to write into.
    repo_id
        The repository that the card speaks of; "" for the dataset's own.
    files_at
        The address below which its files are going to be, for ``croissant.json``; "" for beside it.

    Raises
    ------
    UnknownNameError
        No such dataset.
    InvalidArgumentError
        A name or a shape in the dataset cannot be on the Hub.
    StorageError
        ``out/<name>`` exists already, or cannot be written.
    MissingFileError, CorruptFileError
        A file of the dataset is not there or is damaged, or what was loaded back differs from the curated files.
    """
    dataset = catalog.info(name)
    configs = as_hf.config_names(dataset)
    out = folders.expanded(out)
    target = out / dataset.name
    if target.exists():
        raise StorageError(f"{target} exists already. Remove it, or choose another folder with --out.")
    splits = load(dataset)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{dataset.name}.", dir=out, ignore_cleanup_errors=True) as scratch:
            folder = Path(scratch) / dataset.name
            _write_folder(dataset, splits, folder, Path(scratch) / "cache", repo_id or dataset.repo_id)
            description = croissant.text(dataset, folder, repo_id, files_at)
            (folder / croissant.FILE_NAME).write_text(description, encoding="utf-8", newline="\n")
            for config in configs:
                found, expected = fingerprints(dataset, folder, config)
                if found != expected:
                    raise CorruptFileError(
                        f"The {config} configuration built in {folder} does not hold the curated numbers."
                    )
            folder.rename(target)
    except OSError as error:
        if isinstance(error, TinyTorchHFError):
            raise
        raise StorageError(f"{target} could not be built: {error}") from error
    return target


def _write_folder(dataset: DatasetInfo, splits: Mapping[str, Split], folder: Path, cache: Path, repo_id: str) -> None:
    infos = {}
    for config in as_hf.config_names(dataset):
        builder = FromFacts(dataset, splits, config, cache, citation(dataset))
        prepared = cache / f"{config}-parquet"
        with quiet():
            builder.write(prepared, file_format="parquet", max_shard_size=_ONE_SHARD)
        for split in splits:
            (shard,) = prepared.glob(f"*-{split}.parquet")
            place = folder / "data" / config / f"{split}-00000-of-00001.parquet"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(shard, place)
        infos[config] = builder.info
        infos[config].download_size = sum(file.stat().st_size for file in (folder / "data" / config).iterdir())
    companions = {name: place / name for place in filter(None, [folders.documents(dataset)]) for name in COMPANIONS}
    for name, place in companions.items():
        # Of what ships, each has them all.
        if dataset.is_shipped or place.is_file():
            shutil.copyfile(place, folder / name)
    beside = frozenset(name for name in companions if (folder / name).is_file())
    text = card.with_sizes(dataset, infos, repo_id, beside)
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
    (folder / pictures.FILE_NAME).write_bytes(pictures.samples_png(dataset))


def fingerprints(name: catalog.Dataset | str, folder: Path, config: str) -> tuple[str, str]:
    """Fingerprint of a configuration of a built folder, and what it should be, as `as_hf.fingerprints` has them."""
    with _loaded(folder, config) as splits:
        return as_hf.fingerprints(name, splits)


def read_back(name: catalog.Dataset | str, folder: Path, config: str) -> dict[str, Split]:
    """A built folder as `load_dataset` gives it, in the catalog's columns, for comparison."""
    with _loaded(folder, config) as splits:
        return as_hf.to_numpy(name, splits)


@contextlib.contextmanager
def _loaded(folder: Path, config: str) -> Iterator[Any]:
    """What `load_dataset` makes of a folder, as long as its cache is there."""
    import datasets

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache, quiet():
        yield datasets.load_dataset(str(folder), config, cache_dir=cache)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Switch the progress bars of `datasets` off, and on again if they were on."""
    import datasets

    were_off = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if not were_off:
            datasets.enable_progress_bars()
