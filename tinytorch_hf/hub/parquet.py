"""Hub-ready folders: card, picture, licence, Croissant, and Parquet files written with the loading script."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tinytorch_hf import as_hf, catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.data.content_hash import fingerprints
from tinytorch_hf.errors import CorruptFileError, StorageError
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import Split
from tinytorch_hf.hub import card, croissant, pictures

COMPANIONS = ("DATASHEET.md", "LICENSE")


def build(name: str, out: str | Path) -> Path:
    """Write the folder that is uploaded to the Hub, or given to `load_dataset` as it is.

    ::

        out/<name>/README.md                                       the card, with the sizes of these files
        out/<name>/DATASHEET.md, LICENSE, samples.png
        out/<name>/croissant.json                                  the same for machines, with the files' hashes
        out/<name>/data/<config>/<split>-00000-of-00001.parquet

    It is built beside its final place, loaded back, compared with the curated files by fingerprint, and then
    renamed.

    Raises
    ------
    UnknownNameError
        No such dataset.
    StorageError
        ``out/<name>`` exists already, or cannot be written.
    CorruptFileError
        What was loaded back differs from the curated files.
    """
    dataset = catalog.info(name)
    out = folders.expanded(out)
    target = out / name
    if target.exists():
        raise StorageError(f"{target} exists already. Remove it, or choose another folder with --out.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=out, ignore_cleanup_errors=True) as scratch:
            folder = Path(scratch) / name
            _write_folder(dataset, folder, Path(scratch) / "cache")
            for config in as_hf.config_names(name):
                found, expected = fingerprints(name, read_back(name, folder, config))
                if found != expected:
                    raise CorruptFileError(
                        f"The {config} configuration built in {folder} does not hold the curated numbers."
                    )
            folder.rename(target)
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{target} could not be built: {error}") from error
    return target


def _write_folder(dataset: DatasetInfo, folder: Path, cache: Path) -> None:
    for file in dataset.files:
        store.read(dataset, file)
    infos = {}
    for config in as_hf.config_names(dataset.name):
        builder = as_hf.builder_class(dataset.name)(
            config_name=config, cache_dir=str(cache), base_path=str(folders.folder(dataset))
        )
        prepared = cache / f"{config}-parquet"
        with quiet():
            builder.download_and_prepare(str(prepared), file_format="parquet")
        for split in dataset.splits:
            (shard,) = prepared.glob(f"*-{split.name}.parquet")
            place = folder / "data" / config / f"{split.name}-00000-of-00001.parquet"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(shard, place)
        infos[config] = builder.info
        infos[config].download_size = sum(file.stat().st_size for file in (folder / "data" / config).iterdir())
    (folder / "README.md").write_text(card.with_sizes(dataset.name, infos), encoding="utf-8")
    (folder / pictures.FILE_NAME).write_bytes(pictures.samples_png(dataset.name))
    for companion in COMPANIONS:
        shutil.copyfile(folders.folder(dataset) / companion, folder / companion)
    (folder / croissant.FILE_NAME).write_text(croissant.text(dataset.name, folder), encoding="utf-8")


def read_back(name: str, folder: Path, config: str) -> dict[str, Split]:
    """A built folder as `load_dataset` gives it, in the catalog's columns, for comparison."""
    import datasets

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache, quiet():
        return as_hf.to_numpy(name, datasets.load_dataset(str(folder), config, cache_dir=cache))


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
