"""What `--package` means: an import name, a folder that is a package, a folder that holds one, or one file."""

from __future__ import annotations

import dataclasses
import keyword
from pathlib import Path

from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.files import folders
from tinytorch_hf.student.mapping import FrameworkMap


def locate(package: str | None, framework_map: FrameworkMap) -> tuple[FrameworkMap, Path | None]:
    """The map with the right import name, and the folder to import it from; None for what is installed.

    Parameters
    ----------
    package
        What the user gave: a folder or a ``.py`` file if there is one of this name, else an import name. None for
        the map's own package among what is installed.
    framework_map
        What the user's mapping file says, or TinyTorch's own map.

    Raises
    ------
    InvalidArgumentError
        There is no such folder, or its name cannot be imported.
    """
    if package is None:
        return framework_map, None
    path = folders.expanded(package)
    # An empty text, as an unset variable leaves it, is the working directory to pathlib.
    if package and path.is_dir():
        folder = path.resolve()
        first = framework_map.package.split(".")[0]
        if (folder / first).is_dir() or (folder / f"{first}.py").is_file():
            return framework_map, folder
        _refuse_inside(folder, first, package)
        return _named(framework_map, folder.name, package), folder.parent
    if path.suffix == ".py" and path.is_file():
        _refuse_inside(path.resolve(), framework_map.package.split(".")[0], package)
        return _named(framework_map, path.stem, package), path.resolve().parent
    if any(sign in package for sign in "/\\~") or path.suffix == ".py":
        raise InvalidArgumentError(f"There is no folder {package}. Give the folder of your package, or an import name.")
    return _named(framework_map, package, package), None


def _refuse_inside(path: Path, name: str, given: str) -> None:
    """Raise InvalidArgumentError if a path leads into a package of this name, whose modules import it by that name."""
    above = next((folder for folder in path.parents if folder.name == name and (folder / "core").is_dir()), None)
    if above is not None:
        raise InvalidArgumentError(f"{given} is a part of the package {name}. Give the whole of it: --package {above}")


def _named(framework_map: FrameworkMap, name: str, given: str) -> FrameworkMap:
    if not all(word.isidentifier() and not keyword.iskeyword(word) for word in name.split(".")):
        raise InvalidArgumentError(
            f"{given!r} cannot be imported: {name!r} is no name of a package. If it is a checkout, give the folder "
            "inside it that is the package."
        )
    return dataclasses.replace(framework_map, package=name)
