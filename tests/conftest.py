"""What tests share: the checkout, an interpreter with nothing but NumPy, damaged copies of data."""

from __future__ import annotations

import os

# Before NumPy and torch are imported: tests run on all cores already, and threads of a test would only wait for others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import gzip
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cifar_files
import hypothesis
import numpy as np
import own_datasets
import pytest
import warm_client
from generations import write_package

import tinytorch_hf
from tinytorch_hf import catalog
from tinytorch_hf.acquire import selection
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.files import folders, store
from tinytorch_hf.files.splits import Split

if TYPE_CHECKING:
    from serving import Mirror

# Timing says nothing on a busy machine, and a failure must be the same for everyone who sees it.
hypothesis.settings.register_profile("here", deadline=None, derandomize=True)
hypothesis.settings.load_profile("here")

# A shell has what it starts in the background ignore Ctrl-C, and so would all that tests start, to send it Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# All that is imported while tests are collected stays: looking through it again and again would find nothing to free.
gc.disable()

CHECKOUT = Path(__file__).resolve().parents[1]

Install = Callable[[dict[str, str]], Path]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., warm_client.Process]
MakeOnce = Callable[[str, Callable[[Path], None]], Path]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked as longer, and say how many, unless LONGER asks for it."""
    if "LONGER" not in os.environ:
        left_out = [item for item in items if item.get_closest_marker("longer")]
        items[:] = [item for item in items if not item.get_closest_marker("longer")]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """From here on tests make what is worth collecting."""
    gc.enable()


def _environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", **changes}


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the checkout under test."""
    return CHECKOUT


def _for_a_run(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    return _environment(**{"PYTHONPATH": str(CHECKOUT), "HF_HOME": str(tmp_path / "hf-home"), **environment})


@pytest.fixture
def run_python(tmp_path: Path) -> Run:
    """Run a fresh interpreter with everything that is installed, and the checkout on its path."""

    def run(*arguments: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd,
            env=_for_a_run(tmp_path, environment),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def warm(of_the_run: Path) -> Iterator[Path]:
    """Folder of an interpreter that has imported torch, and forks; the workers of a run share it."""
    with warm_client.kept(of_the_run / "warm", _environment()):
        yield of_the_run / "warm"


@pytest.fixture(scope="session")
def start_in(request: pytest.FixtureRequest) -> Start:
    """Begin a program, with a folder of its own, in an interpreter of which nothing is used but what it has imported.

    That is one of `warm_client.IMPORTED`. Only Linux forks it safely; elsewhere the interpreter is a fresh one.
    ``only`` is all of its environment.
    """

    def start(
        folder: Path,
        imported: str,
        *arguments: str,
        cwd: Path | None = None,
        stdin: bytes = b"",
        only: Mapping[str, str] | None = None,
        **environment: str,
    ) -> warm_client.Process:
        what = (folder, arguments, stdin, cwd or folder, only or _for_a_run(folder, environment))
        if sys.platform != "linux":
            return warm_client.Fresh(*what)
        return warm_client.Forked(*what, request.getfixturevalue("warm"), imported)

    return start


@pytest.fixture
def start(start_in: Start, tmp_path: Path) -> Start:
    """As `start_in`, in the folder of the test."""
    return partial(start_in, tmp_path)


@pytest.fixture
def run_with_torch(start: Start) -> Run:
    """As `run_python`, in an interpreter that has imported torch, which takes seconds."""
    return lambda *arguments, **options: start("torch", *arguments, **options).wait()


@pytest.fixture
def run_with_libraries(start: Start) -> Run:
    """As `run_with_torch`; what Hugging Face's library imports is imported, too, but not that itself."""
    return lambda *arguments, **options: start("libraries", *arguments, **options).wait()


@pytest.fixture(scope="session")
def numpy_only_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which NumPy can be imported, and nothing else."""
    site = tmp_path_factory.mktemp("numpy-only")
    installed = Path(np.__file__).parents[1]
    for entry in [*installed.glob("numpy"), *installed.glob("numpy.libs"), *installed.glob("numpy-*.dist-info")]:
        (site / entry.name).symlink_to(entry)
    return site


@pytest.fixture
def run_numpy_only(run_python: Run, numpy_only_site: Path) -> Run:
    """Run a fresh interpreter that finds the standard library, NumPy and the checkout, nothing else."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        options.setdefault("PYTHONPATH", os.pathsep.join([str(CHECKOUT), str(numpy_only_site)]))
        return run_python("-S", *arguments, **options)

    return run


@pytest.fixture(scope="session")
def mnist_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with all of MNIST, laid out as torchvision does; tests that need it are skipped where there is none."""
    archives = CHECKOUT.parent / "shared" / "data" / "mnist"
    if not archives.is_dir():
        pytest.skip("MNIST's official archives are not in ../shared/data/mnist")
    root = tmp_path_factory.mktemp("mnist")
    folder = folders.folder(catalog.MNIST, root)
    folder.mkdir(parents=True)
    for file in catalog.MNIST.files:
        (folder / file.name).write_bytes(gzip.decompress((archives / f"{file.name}.gz").read_bytes()))
    return root


@pytest.fixture(scope="session", autouse=True)
def cache(of_the_run: Path) -> Path:
    """The cache of this session, which its workers share; no test writes into the user's own."""
    folder = of_the_run / "tinytorch_hf_cache"
    os.environ["TINYTORCH_HF_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def genuine_cifar10() -> dict[str, Split]:
    """CIFAR-10's splits as far as their images are on this machine; tests that need it are skipped where none is."""
    if not cifar_files.PARTIAL.is_file():
        pytest.skip("no images of CIFAR-10 are in ../shared/data/cifar10_partial.npz")
    return {
        name: Split(name, {"images": images, "labels": labels})
        for name, (images, labels) in cifar_files.genuine().items()
    }


@pytest.fixture(scope="session")
def tinycifar_root(genuine_cifar10: dict[str, Split], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with TinyCIFAR, cut from genuine images."""
    root = tmp_path_factory.mktemp("tinycifar")
    for name, data in selection.cut(catalog.TINYCIFAR, genuine_cifar10).items():
        store.write(folders.folder(catalog.TINYCIFAR, root) / name, data)
    return root


@pytest.fixture(scope="session")
def tinypy(cache: Path, numpy_only_site: Path) -> str:
    """TinyPy in the session's cache, made by its recipe with NumPy alone; the hashes that the recipe has printed.

    The first worker that comes here starts it.
    """
    printed = cache / "tinypy_hashes.txt"
    cache.mkdir(parents=True, exist_ok=True)
    try:
        (cache / "tinypy_is_being_built").mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 120
        while not printed.exists():
            assert time.monotonic() < deadline, "another worker has not built TinyPy"
            time.sleep(0.1)
    else:
        (hashes,) = build_tinypy(numpy_only_site, "1")
        store.write(printed, hashes.encode())
    return printed.read_text(encoding="utf-8")


def build_tinypy(site: Path, *hash_seeds: str) -> Iterator[str]:
    """The hashes that TinyPy's recipe prints, run at the same time with each of these seeds of Python's hashes."""
    command = [sys.executable, "-S", str(CHECKOUT / catalog.TINYPY.recipe)]
    processes = [
        subprocess.Popen(
            command,
            env=_environment(PYTHONHASHSEED=seed, PYTHONPATH=str(site)),
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for seed in hash_seeds
    ]
    for process in processes:
        output, _ = process.communicate(timeout=110)
        assert process.returncode == 0
        yield "\n".join(line for line in output.splitlines() if " sha256 " in line)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root that holds good copies of every dataset's files, free to be damaged."""
    root = tmp_path / "root"
    for name in catalog.shipped_names():
        dataset = catalog.info(name)
        for file in dataset.files:
            target = root / name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folders.folder(dataset) / file.name, target)
    return root


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Make a package called tinytorch importable for one test."""
    monkeypatch.syspath_prepend(tmp_path)

    yield lambda files: write_package(tmp_path, files)

    for name in [name for name in sys.modules if name.split(".")[0] == "tinytorch"]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def made_once(of_the_run: Path) -> MakeOnce:
    """Have a folder made by the worker that asks for it first; it is the same for all workers of a run."""
    from filelock import FileLock

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder = of_the_run / name
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                unfinished = Path(tempfile.mkdtemp(dir=of_the_run))
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def hub(made_once: MakeOnce) -> Path:
    """A folder with every dataset of the Hub built, for all tests that only read."""
    from tinytorch_hf.hub import parquet

    def build(folder: Path) -> None:
        for name in catalog.shipped_names():
            parquet.build(name, folder)

    return made_once("hub", build)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DatasetInfo]:
    """Facts of the small datasets of `own_datasets`, by their names; they are not registered."""
    folder = tmp_path_factory.mktemp("own")
    return {name: make(folder / name) for name, make in own_datasets.MAKERS.items()}


@pytest.fixture(scope="session")
def own_hub(made_once: MakeOnce, own: dict[str, DatasetInfo]) -> Path:
    """A folder with each of these built, for all tests that only read."""
    from tinytorch_hf.hub import parquet

    def build(folder: Path) -> None:
        for dataset in own.values():
            parquet.build(dataset, folder)

    return made_once("own_hub", build)


@pytest.fixture(scope="session")
def shelf(own: dict[str, DatasetInfo], tmp_path_factory: pytest.TempPathFactory) -> dict[str, DatasetInfo]:
    """Facts of every built-in dataset, by its name; those that do not ship have a few samples of their own."""
    folder = tmp_path_factory.mktemp("shelf")
    made = {name: own.get(name) or make(folder / name) for name, make in own_datasets.STAND_INS.items()}
    return {name: made.get(name) or catalog.info(name) for name in catalog.built_in_names()}


@pytest.fixture(scope="session")
def shelf_hub(made_once: MakeOnce, shelf: dict[str, DatasetInfo], hub: Path, own_hub: Path) -> dict[str, Path]:
    """The folder of each of these as it is built, for all tests that only read."""
    from tinytorch_hf.hub import parquet

    ready = {name: folder / name for folder in (hub, own_hub) for name in shelf if (folder / name).is_dir()}

    def build(folder: Path) -> None:
        for name in sorted(set(shelf) - set(ready)):
            parquet.build(shelf[name], folder)

    more = made_once("shelf_hub", build)
    return {name: ready.get(name) or more / name for name in shelf}


@pytest.fixture(scope="session")
def mirror(hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """A mirror that serves every dataset of the Hub and an instructor's folder, for all tests that only read."""
    import serving

    from tinytorch_hf.mirror import server

    course = serving.write_course(tmp_path_factory.mktemp("instructor") / "course")
    repositories = serving.everything(hub, course)
    with serving.serving(server.server(repositories)) as address:
        yield serving.Mirror(address, repositories, course)


@pytest.fixture
def same_random_state() -> Iterator[None]:
    """Fail the test if it changes the caller's random state, in NumPy or in the standard library."""
    before = (random.getstate(), str(np.random.get_state()))
    yield
    assert (random.getstate(), str(np.random.get_state())) == before


@pytest.fixture
def fresh_reference() -> Iterator[None]:
    """A copy of the reference that a mutant may change; the one before comes back."""

    def loaded() -> list[str]:
        return [name for name in sys.modules if name.startswith("tinytorch_hf.reference")]

    from tinytorch_hf import reference

    kept = {name: sys.modules.pop(name) for name in loaded()}
    yield
    for name in loaded():
        del sys.modules[name]
    sys.modules.update(kept)
    tinytorch_hf.reference = reference  # type: ignore[attr-defined]
