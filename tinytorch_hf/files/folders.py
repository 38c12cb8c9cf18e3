"""Where files are: the installation, the cache, the user's own folders, and a dataset's place in each."""

from __future__ import annotations

import os
from pathlib import Path

from tinytorch_hf.catalog import Built, DatasetInfo, Folder, built_in_names
from tinytorch_hf.errors import InvalidArgumentError

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(folder: str) -> Path:
    """Path of a folder that ships with the package: "datasets", "cards" or "loading_scripts".

    A wheel carries them inside the package; in a checkout they are the folders beside it.
    """
    inside = _PACKAGE / "_shipped"
    return (inside if inside.is_dir() else _PACKAGE.parent) / folder


def documents(dataset: DatasetInfo) -> Path | None:
    """Folder of what people wrote about a dataset, such as its licence; None where there is none."""
    if isinstance(dataset.provider, Folder):
        return Path(dataset.provider.path)
    # A registered one may be called as one of the folders.
    folder = shipped("datasets") / dataset.folder_name
    return folder if dataset.name in built_in_names() and folder.is_dir() else None


def loading_script(dataset: DatasetInfo) -> Path | None:
    """The script by which old releases of Hugging Face's library load a dataset; None for those without one."""
    path = shipped("loading_scripts") / f"{dataset.name}.py"
    return path if path.is_file() else None


def cache() -> Path:
    """Folder of what was downloaded or built: TINYTORCH_HF_CACHE, else ``tinytorch_hf`` among the user's caches.

    It is laid out as any root, so that torchvision reads it, too.
    """
    chosen = os.environ.get("TINYTORCH_HF_CACHE")
    if chosen:
        return expanded(chosen)
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "tinytorch_hf"


def base(root: str | Path | None) -> Path:
    """The root that was given, its leading ``~`` expanded, or else the cache."""
    return cache() if root is None else expanded(root)


def nearby(package: str) -> str:
    """What to type for a package that cannot be imported: a folder of its name may be in the working folder."""
    if Path(package.partition(".")[0]).is_dir():
        return f"There is a folder {package.partition('.')[0]} here: add --package {package.partition('.')[0]}. "
    return "Give --package PATH, the folder of your package; "


def expanded(path: str | Path) -> Path:
    """A path that a user gave, its leading ``~`` expanded.

    Raises
    ------
    InvalidArgumentError
        It is not a path, or begins with a home folder that is not known.
    """
    if "\0" in str(path):
        raise InvalidArgumentError(f"No file or folder is called {str(path)!r}: there is a NUL in it.")
    try:
        return Path(path).expanduser()
    except TypeError:
        raise InvalidArgumentError(f"A file or folder is given as str or pathlib.Path, not as {path!r}.") from None
    except RuntimeError:
        raise InvalidArgumentError(
            f"{path} begins with a home folder that is not known here. Write the folder in full, without `~`; "
            "TINYTORCH_HF_CACHE may name one for the cache."
        ) from None


def folder(dataset: DatasetInfo, root: str | Path | None = None) -> Path:
    """Folder of a dataset's files under a root.

    Without a root these are the shipped files, those in the folder that was registered, or those in the cache.
    """
    if root is None and dataset.is_shipped:
        return shipped("datasets") / dataset.folder_name
    if root is None and isinstance(dataset.provider, Folder):
        return Path(dataset.provider.path)
    place = base(root) / dataset.place
    if not isinstance(dataset.provider, Built):
        return place
    from tinytorch_hf.files import sums

    return place / sums.release()
