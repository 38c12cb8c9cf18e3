"""Names that are imported when they are used, and what `dir` says of them and of rooms."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def attach(
    package: str, homes: Mapping[str, str], extras: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions ``__getattr__`` and ``__dir__`` of a package whose names live in modules below it.

    Parameters
    ----------
    package
        Its name.
    homes
        For each name the module that it is imported from, below the package; "" for a module of this name.
    extras
        For modules that not everyone can import, what has to be installed for them. Their names are listed only where
        that is there; asking for one anyway raises what importing it raises, which says what to install.
    """

    def get(name: str) -> Any:
        if name == "__all__":
            return listed()
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        module = importlib.import_module(f"{package}.{homes[name] or name}")
        value = getattr(module, name) if homes[name] else module
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        absent = {module for module, distribution in extras.items() if not _is_installed(distribution)}
        return sorted(name for name, home in homes.items() if (home or name).partition(".")[0] not in absent)

    def directory() -> list[str]:
        # Of the whole package its rooms are not listed: what they offer is.
        return sorted({*_own(package), *listed(), *(_modules(package) if "." in package else ())})

    return get, directory


def directory_of(room: str) -> Callable[[], list[str]]:
    """The function ``__dir__`` of a room: what it exports, and the modules in it, imported or not."""

    def directory() -> list[str]:
        return sorted({*_own(room), *_modules(room)})

    return directory


def _modules(package: str) -> Iterator[str]:
    """Names of the modules in a package, imported or not."""
    import pkgutil

    return (module.name for module in pkgutil.iter_modules(sys.modules[package].__path__))


def _own(package: str) -> set[str]:
    """What a package has, but for what it needs itself to say so."""
    return set(vars(sys.modules[package])) - {
        "TYPE_CHECKING",
        "annotations",
        "directory_of",
        "_lazy",
        "_HOMES",
        "_EXTRAS",
    }


def _is_installed(distribution: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
