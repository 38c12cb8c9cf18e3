"""`tinify` in Python: what is asked is made a plan, and the plan is carried out."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf import workers as parallel
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.curation import described
from tinytorch_hf.curation.made import Made
from tinytorch_hf.curation.making import Say, made
from tinytorch_hf.curation.mapping import N_ROWS
from tinytorch_hf.curation.planning import Plan
from tinytorch_hf.curation.rebuilding import rebuilt
from tinytorch_hf.curation.recipe import RECIPE, read_recipe
from tinytorch_hf.curation.reducing import Engine
from tinytorch_hf.curation.sources.opening import Opened, open_source, size_of
from tinytorch_hf.curation.wish import Wish
from tinytorch_hf.errors import (
    CorruptFileError,
    InvalidArgumentError,
    MissingExtraError,
    NetworkError,
    StorageError,
    whole_number,
)
from tinytorch_hf.files import folders, store

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)B?", re.IGNORECASE)
# What a recipe may say of how a source is read.
_COLUMNS = ("image", "text", "label", "split", "config", "revision")
_LEAST_MEMORY = 256 * 10**6
# What Python and the libraries take before anything is read, in each process.
_BASE = 128 * 10**6


def tinify(
    source: Any,
    out: str | os.PathLike[str],
    *,
    n_per_class: int = 100,
    n_test_per_class: int = 20,
    image: str | None = None,
    label: str | None = None,
    text: str | None = None,
    size: int | None = None,
    near: float | None = None,
    n_candidates: int | None = None,
    memory: int | str = "1GB",
    workers: int | None = None,
    executor: Executor | None = None,
    license: str | None = None,
    source_url: str = "",
    name: str | None = None,
    seed: int = 0,
    is_proven: bool = True,
    resume: bool = False,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
    root: str | os.PathLike[str] | None = None,
    on_progress: Say | None = None,
) -> Made:
    """Make a tiny dataset out of a large one: balanced, graded, without look-alikes, and measured against chance.

    The result depends on the source's content, on the numbers asked for and on the seed; never on shards, workers,
    memory or the executor.

    Parameters
    ----------
    source
        The path of a folder or a file (images or texts in a folder for each class, Parquet, CSV, JSON lines, WebDataset
        tars, npz); the name of a dataset of this package; the identifier of one on the Hub; or a dataset in memory
        whose items are pairs of a sample and its label, such as torchvision's.
    out
        The folder that comes to be; it must not be there yet.
    n_per_class, n_test_per_class
        Samples of each class to train and to test.
    image, label, text
        The columns of the source, where they are not the only ones that come into question.
    size
        Rows and columns of the images; by default their own if they are square and at most 64, else 32.
    near
        From which cosine of centred pixels, or of runs of letters, on two samples are look-alikes: by default 0.985
        for grey images, 0.92 for images in colour, 0.9 for texts. Photographs in grey want 0.92, too.
    n_candidates
        How many samples of each class are looked at; by default twelve times what is asked for.
    memory
        Bytes, or a text such as "1GB", that everything together may take.
    workers, executor
        How many processes; or where to run instead, such as Dask's ``client.get_executor()``.
    license, source_url
        An SPDX identifier and a page of the source. Content is written only if the licence lets everybody pass it on;
        otherwise the selection and the recipe are. By default what the catalogue states of its own datasets.
    name
        Of the new dataset; by default that of the folder.
    seed
        Of everything that is drawn.
    is_proven
        Whether it is measured what the choice is worth; that needs scikit-learn.
    resume
        Whether to go on with a run that was interrupted.
    split
        Of the source: "all" for everything; by default train where there is one, else everything.
    config, revision
        Of a repository on the Hub.
    root
        Where the files of a dataset of this package are; by default in the cache.
    on_progress
        Called with what is being done, how much of it is done, and of how much.

    Returns
    -------
    Made
        The folder, the dataset (registered by its name), and all that was found.

    Raises
    ------
    InvalidArgumentError, UnknownNameError
        Something is asked for that the source cannot give; the message says what it has.
    CorruptFileError
        A row of the source is bad; the message names file and row.
    MissingFileError, StorageError, NetworkError
        Something cannot be read or written.
    MissingExtraError
        A library is needed that is not installed.
    """
    if workers is not None and executor is not None:
        raise InvalidArgumentError("An executor knows how many workers it has. Leave out workers or executor.")
    if workers is not None:
        whole_number("The number of workers", workers)
    columns = {"image": image, "text": text, "label": label}
    opened = open_source(source, **columns, split=split, config=config, revision=revision, root=_path(root))
    plan = planned(
        opened,
        out,
        n_per_class=n_per_class,
        n_test_per_class=n_test_per_class,
        size=size,
        near=near,
        n_candidates=n_candidates,
        license=license,
        source_url=source_url,
        name=name,
        seed=seed,
        is_proven=is_proven,
    )
    return carried_out(
        plan, memory=memory, workers=workers, executor=executor, resume=resume, say=on_progress or (lambda *_: None)
    )


def rebuild(folder: str | os.PathLike[str], source: Any, *, root: str | os.PathLike[str] | None = None) -> DatasetInfo:
    """Make the files of a set of which only the recipe is there, byte for byte, from what it was made of.

    Parameters
    ----------
    folder
        The set's folder.
    source, root
        As for `tinify`; how its columns are called stands in the recipe. Where the set was made of a dataset of this
        package, also the root in which that lies.

    Returns
    -------
    DatasetInfo
        The set's facts, registered.

    Raises
    ------
    MissingFileError, CorruptFileError
        There is no recipe, or the source is not what the set was made of: the message names the shard.
    InvalidArgumentError, StorageError, NetworkError, MissingExtraError
        As for `tinify`.
    """
    place = folders.expanded(os.fspath(folder))
    made_of = read_recipe(place)
    unknown = sorted(set(made_of.columns) - set(_COLUMNS))
    if unknown:
        raise CorruptFileError(f"{place / RECIPE} has columns that no source has: {', '.join(unknown)}.")
    if root is None and _is_root_of(made_of.source, source):
        source, root = made_of.source, source
    return rebuilt(place, open_source(source, **made_of.columns, root=_path(root)).source)


def _is_root_of(name: str, root: Any) -> bool:
    """Whether a dataset of this package lies in a root."""
    if name not in catalog.names() or not isinstance(root, (str, os.PathLike)) or root == name:
        return False
    return store.is_there(catalog.info(name), os.fspath(root))


def planned(
    opened: Opened,
    out: str | os.PathLike[str],
    *,
    n_per_class: int = 100,
    n_test_per_class: int = 20,
    size: int | None = None,
    near: float | None = None,
    n_candidates: int | None = None,
    license: str | None = None,
    source_url: str = "",
    name: str | None = None,
    seed: int = 0,
    is_proven: bool = True,
) -> Plan:
    """What `tinify` would do with an opened source; nothing is written.

    Parameters
    ----------
    opened
        What is read.
    out, n_per_class, n_test_per_class, size, near, n_candidates, license, source_url, name, seed, is_proven
        As for `tinify`.

    Raises
    ------
    InvalidArgumentError, DescriptionError
        A number is out of range, or what is said of the set breaks a rule.
    StorageError
        The folder is there already.
    """
    folder = folders.expanded(os.fspath(out)).absolute()
    if opened.place is not None and opened.place.resolve() in folder.resolve().parents:
        raise InvalidArgumentError(
            f"{folder} lies inside the source {opened.source.name}, of which it would become a part. Choose a folder "
            "beside it."
        )
    if os.path.lexists(folder):
        raise StorageError(f"{folder} is there already. Choose another folder, or remove it.")
    is_images = opened.source.kind == "images"
    if size is not None and not is_images:
        raise InvalidArgumentError("Texts have no size. Leave out size.")
    wish = Wish(
        n_per_class,
        n_test_per_class,
        # That of the default where there is none, so that it is the same in every plan.
        size if size is not None else size_of(opened.source) if is_images else Wish.size,
        near,
        seed,
        0 if n_candidates is None else n_candidates,
        is_proven,
    )
    facts = {
        "name": described.name_of(folder) if name is None else name,
        "license": opened.license or "not stated" if license is None else license,
    }
    if source_url:
        facts["source_url"] = source_url
    described.check(folder, opened.source.kind, facts, ("one", "other"))
    return Plan(opened, folder, wish, facts)


def carried_out(
    plan: Plan,
    *,
    memory: int | str = "1GB",
    workers: int | None = None,
    executor: Executor | None = None,
    resume: bool = False,
    say: Say = lambda *_: None,
) -> Made:
    """Carry out a plan; the parameters are those of `tinify`."""
    # Before anything is written: a worker that imports the script again would meet the run that has started it.
    parallel.check_not_imported_by_worker()
    most = bytes_of(memory)
    engine = Engine(workers, executor, max(_BASE // 4, (most - _BASE) // (2 * (workers or os.cpu_count() or 1))), most)
    return made(plan, engine=engine, resume=resume, n_rows=_rows_at_once(plan, most), say=say)


def bytes_of(memory: int | str) -> int:
    """A number of bytes, or a text such as 500MB, as bytes.

    Raises
    ------
    InvalidArgumentError
        It is none, or less than Python and the libraries need themselves.
    """
    match = _MEMORY.fullmatch(str(memory).strip())
    if match is None:
        raise InvalidArgumentError(f"{memory!r} is no amount of memory; write 500MB or 2GB, for example.")
    n = int(float(match[1]) * _UNITS[match[2].upper()])
    if n < _LEAST_MEMORY:
        raise InvalidArgumentError(f"{memory} are too little memory: Python and its libraries alone need 256MB.")
    return n


def _rows_at_once(plan: Plan, memory: int) -> int:
    """Rows of a batch: less than usual where the first sample is large."""
    source = plan.opened.source
    for shard in source.shards():
        for piece in source.pieces(shard):
            for batch in source.batches(piece, None, 1):
                sample = batch.samples[0]
                n_bytes = len(sample) if isinstance(sample, (bytes, str)) else getattr(sample, "nbytes", 1)
                return max(1, min(N_ROWS, memory // 32 // max(n_bytes, 1)))
    return N_ROWS


@contextmanager
def dask_executor(scheduler: str | None, workers: int | None) -> Iterator[Executor]:
    """An executor on a Dask cluster, or on one that is started here.

    Every worker has to see the source and the folder that comes to be under the same paths, as on a shared file system,
    and to have this package installed. docs/explanations/tinify_scale.md has the lines for Slurm and for Kubernetes.

    Parameters
    ----------
    scheduler
        The address of its scheduler, such as ``tcp://10.0.0.1:8786``; None for processes on this machine.
    workers
        How many processes, where they are started here.

    Raises
    ------
    MissingExtraError
        Dask is not installed.
    NetworkError
        The scheduler does not answer.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("distributed", "cluster", error) from error
    if scheduler is not None and workers is not None:
        raise InvalidArgumentError("A cluster knows how many workers it has. Leave out --workers or --scheduler.")
    try:
        options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        client: Any = distributed.Client(**({"address": scheduler, "timeout": 10} if scheduler else options))
    except (OSError, ValueError) as error:
        raise NetworkError(f"The scheduler {scheduler} does not answer: {error}.") from error
    with client:
        yield client.get_executor()


def _path(root: str | os.PathLike[str] | None) -> Path | None:
    return None if root is None else folders.expanded(os.fspath(root))
