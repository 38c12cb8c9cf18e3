"""Which TinyTorch is used: the student's own package, found by what it offers, or the reference."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tinytorch_hf.errors import StudentCodeError, TinyTorchHFError
from tinytorch_hf.student import standin

# What a student's module may raise while it is imported or runs: anything, also by `sys.exit()`, which must not end the
# command without a word. Ctrl-C is the user's.
_RAISED_BY_STUDENTS = (Exception, SystemExit)

_ACTIVATIONS = ("Sigmoid", "ReLU", "Tanh", "GELU", "Softmax")
_LAYERS = ("Linear", "Dropout", "Flatten", "Sequential")
_LOSSES = ("MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss")
_OPTIMIZERS = ("SGD", "Adam", "AdamW")
_SPATIAL = ("Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d")
_ATTENTION = ("scaled_dot_product_attention", "MultiHeadAttention")
_TRANSFORMERS = ("create_causal_mask", "LayerNorm", "MLP", "TransformerBlock", "GPT")

# Where each name lives, below the package, in the three generations of TinyTorch; the top level comes first.
HOMES: dict[str, tuple[str, ...]] = {
    "Tensor": ("core.tensor",),
    **dict.fromkeys(_ACTIVATIONS, ("core.activations",)),
    **dict.fromkeys(_LAYERS, ("core.layers",)),
    **dict.fromkeys(_LOSSES, ("core.losses",)),
    "Dataset": ("core.dataloader", "data.loader"),
    "TensorDataset": ("core.dataloader", "data.loader"),
    "DataLoader": ("core.dataloader", "data.loader"),
    **dict.fromkeys(_OPTIMIZERS, ("core.optimizers",)),
    **dict.fromkeys(_SPATIAL, ("core.spatial",)),
    "CharTokenizer": ("core.tokenization", "text.tokenization"),
    "Embedding": ("core.embeddings", "text.embeddings"),
    "PositionalEncoding": ("core.embeddings", "text.embeddings"),
    "create_sinusoidal_embeddings": ("core.embeddings", "text.embeddings"),
    **dict.fromkeys(_ATTENTION, ("core.attention",)),
    **dict.fromkeys(_TRANSFORMERS, ("core.transformers", "core.transformer", "models.transformer")),
}

BRIDGE_PARTS = ("Tensor", "TensorDataset", "DataLoader")


@dataclass(frozen=True)
class Framework:
    """A TinyTorch: the student's or the reference.

    Attributes
    ----------
    name
        "tinytorch" with its version, or "tinytorch_hf.reference".
    location
        Folder of the package.
    parts
        The classes that were asked for, by name; also reachable as attributes.
    note
        Why this one was taken.
    """

    name: str
    location: str
    parts: Mapping[str, Any]
    note: str

    def __str__(self) -> str:
        return f"{self.name} ({self.note})"

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["parts"][name]
        except KeyError:
            raise AttributeError(f"{self.__dict__.get('name')} was not asked for {name!r}") from None


def find_framework(needed: tuple[str, ...] = BRIDGE_PARTS, package: str = "tinytorch") -> Framework:
    """Find the student's TinyTorch, or give the reference if it is absent or lacks a needed part.

    The package is recognised by what it offers, not by its name: the package called ``tinytorch`` on the
    package index is another one. What it prints while it is imported is swallowed.

    Parameters
    ----------
    needed
        Names of the classes that will be used.
    package
        Import name of the student's package.
    """
    module, problem = _import(package)
    if module is None:
        return reference_framework(problem, needed)
    with contextlib.suppress(*_RAISED_BY_STUDENTS):
        import_autograd(module)
    parts = {name: _find_part(module, name) for name in needed}
    missing = [name for name, part in parts.items() if part is None]
    location = package_location(module)
    if missing:
        why = f"the package {package} at {location} has no {', '.join(missing)}"
        return reference_framework(why, needed)
    version = getattr(module, "__version__", None)
    return Framework(
        name=f"{package} {version}" if version else package,
        location=location,
        parts=parts,
        note=f"your own package at {location}",
    )


def import_package(name: str) -> ModuleType:
    """Import the student's package, and swallow what it prints meanwhile.

    If it fails because it imports parts of itself that are not built yet, what is given has its modules, but none of
    the names that its ``__init__`` makes; see `tinytorch_hf.student.standin`.

    Raises
    ------
    ModuleNotFoundError
        There is no such package, or it imports something absent: `is_absent` tells.
    BaseException
        Whatever else the package raises while it is imported.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return standin.import_package(name)


def import_autograd(package: ModuleType) -> ModuleType | None:
    """Import the package's module ``core.autograd``, or give None where it is not built.

    In some generations tensors take gradients only once it has been imported.

    Raises
    ------
    BaseException
        Whatever the module raises.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return _import_if_built(f"{package.__name__}.core.autograd")


def import_part(package: ModuleType, name: str, place: str | None = None) -> Any:
    """The class or function called ``name``, or None: unbuilt modules are absent, and unbuilt names may be None.

    Parameters
    ----------
    package
        What `import_package` gave.
    name
        One of `HOMES`.
    place
        Where the part is to be found instead, such as ``mylib.nn.Dense``; it must be there.

    Raises
    ------
    ImportError
        A module is there but imports something that is not, such as an earlier module of the course.
    BaseException
        Whatever else a module raises while it is imported.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        if place is not None:
            home, _, attribute = place.rpartition(".")
            return getattr(_import_beside(package, home or package.__name__), attribute)
        part = getattr(package, name, None)
        for home in HOMES[name]:
            if part is None:
                part = getattr(_import_if_built(f"{package.__name__}.{home}"), name, None)
    return part


def is_laid_out_as_tinytorch(package: ModuleType) -> bool:
    """Whether a package has TinyTorch's name or its modules, so that parts which are not there are not built yet."""
    if any(word.startswith("tinytorch") for word in package.__name__.split(".")):
        return True
    return _has_home(package, *HOMES)


def has_no_tensor(package: ModuleType) -> bool:
    """Whether a package that has modules of TinyTorch's has another name, and not the first of them."""
    is_named = any(word.startswith("tinytorch") for word in package.__name__.split("."))
    return not is_named and not _has_home(package, "Tensor")


def _has_home(package: ModuleType, *parts: str) -> bool:
    homes = {home.replace(".", "/") for part in parts for home in HOMES[part] if home.startswith("core.")}
    return any((Path(place) / f"{home}.py").is_file() for place in getattr(package, "__path__", ()) for home in homes)


def _import_beside(package: ModuleType, name: str) -> ModuleType:
    """A module of a framework whose modules may import each other as scripts in its folder do."""
    try:
        return standin.import_module(name)
    except ModuleNotFoundError as error:
        folder = Path(package_location(package))
        wanted = str(error.name or "").partition(".")[0]
        if not wanted or not ((folder / wanted).is_dir() or (folder / f"{wanted}.py").is_file()):
            raise
    sys.path.append(str(folder))
    try:
        return standin.import_module(name)
    finally:
        sys.path.remove(str(folder))


def _import_if_built(name: str) -> ModuleType | None:
    try:
        return standin.import_module(name)
    except ModuleNotFoundError as error:
        if is_absent(error, name):
            return None
        raise


def is_absent(error: ModuleNotFoundError, name: str) -> bool:
    """Whether the module ``name`` itself is what was not found, and not something that it imports."""
    return error.name is not None and (name == error.name or name.startswith(f"{error.name}."))


def _import(name: str) -> tuple[ModuleType | None, str]:
    """Import a package quietly; in its place None and the reason why not."""
    try:
        return import_package(name), ""
    except ModuleNotFoundError as error:
        if is_absent(error, name):
            return None, f"no package {name} is installed"
        return None, f"importing {name} failed: {error}"
    except _RAISED_BY_STUDENTS as error:
        return None, f"importing {name} failed: {type(error).__name__}: {error}"


def _find_part(package: ModuleType, name: str) -> Any:
    """The class called ``name``, or None if it is absent or does not import."""
    try:
        return import_part(package, name)
    except _RAISED_BY_STUDENTS:
        return None


def package_location(module: ModuleType) -> str:
    """Folder of a package, also of one without ``__init__.py``."""
    if module.__file__:
        return str(Path(module.__file__).parent)
    return str(next(iter(module.__path__), "?"))


def reference_framework(why: str, needed: Iterable[str] = ()) -> Framework:
    """The reference, whatever is installed.

    Parameters
    ----------
    why
        Why it is taken, for reports.
    needed
        Names of the parts that will be used; all by default.
    """
    from tinytorch_hf import reference

    return Framework(
        name="tinytorch_hf.reference",
        location=package_location(reference),
        parts={name: getattr(reference, name) for name in needed or reference.__all__},
        note=why,
    )


@contextlib.contextmanager
def blaming(framework: Framework, doing: str) -> Iterator[None]:
    """Turn whatever the framework raises into a StudentCodeError that says what was being done."""
    try:
        yield
    except TinyTorchHFError:
        raise
    except _RAISED_BY_STUDENTS as error:
        raise StudentCodeError(
            f"{framework.name} raised an error while {doing}: {type(error).__name__}: {error}\n"
            f"The package is at {framework.location}."
        ) from error
