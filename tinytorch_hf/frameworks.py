"""Which TinyTorch is used: the student's own package, found by what it offers, or the reference."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tinytorch_hf.errors import StudentCodeError, TinyTorchHFError

# Where each name lives, below the package, in the three generations of TinyTorch; the top level comes first.
_HOMES: dict[str, tuple[str, ...]] = {
    "Tensor": ("core.tensor",),
    "Linear": ("core.layers",),
    "ReLU": ("core.activations",),
    "CrossEntropyLoss": ("core.losses",),
    "SGD": ("core.optimizers",),
    "Adam": ("core.optimizers",),
    "Dataset": ("core.dataloader", "data.loader"),
    "TensorDataset": ("core.dataloader", "data.loader"),
    "DataLoader": ("core.dataloader", "data.loader"),
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
        return _reference(needed, problem)
    # In some generations tensors take gradients only once this module has been imported.
    _import(f"{package}.core.autograd")
    parts = {name: _find_part(module, name) for name in needed}
    missing = [name for name, part in parts.items() if part is None]
    location = _location(module)
    if missing:
        return _reference(needed, f"the package {package} at {location} has no {', '.join(missing)}")
    version = getattr(module, "__version__", None)
    return Framework(
        name=f"{package} {version}" if version else package,
        location=location,
        parts=parts,
        note=f"your own package at {location}",
    )


def _import(name: str) -> tuple[ModuleType | None, str]:
    """Import a module quietly; in its place None and the reason why not."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module(name), ""
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None, f"no package {name} is installed"
        return None, f"importing {name} failed: {error}"
    except Exception as error:
        # A student's module may raise anything while it is imported.
        return None, f"importing {name} failed: {type(error).__name__}: {error}"


def _find_part(package: ModuleType, name: str) -> Any:
    """The class called ``name``, or None: unbuilt modules are absent, and unbuilt names may be None."""
    part = getattr(package, name, None)
    for home in _HOMES[name]:
        if part is None:
            module, _ = _import(f"{package.__name__}.{home}")
            part = getattr(module, name, None)
    return part


def _location(module: ModuleType) -> str:
    if module.__file__:
        return str(Path(module.__file__).parent)
    return str(next(iter(module.__path__), "?"))


def _reference(needed: tuple[str, ...], why: str) -> Framework:
    from tinytorch_hf import reference

    return Framework(
        name="tinytorch_hf.reference",
        location=_location(reference),
        parts={name: getattr(reference, name) for name in needed},
        note=why,
    )


@contextlib.contextmanager
def blaming(framework: Framework, doing: str) -> Iterator[None]:
    """Turn whatever the framework raises into a StudentCodeError that says what was being done."""
    try:
        yield
    except TinyTorchHFError:
        raise
    except Exception as error:
        raise StudentCodeError(
            f"{framework.name} raised an error while {doing}: {type(error).__name__}: {error}\n"
            f"The package is at {framework.location}."
        ) from error
