"""Where things are: the installation, its files, the caches, and the environment variables that count."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from tinytorch_hf import catalog
from tinytorch_hf._version import __version__
from tinytorch_hf.errors import TinyTorchHFError
from tinytorch_hf.files import folders, store
from tinytorch_hf.health.finding import Finding, Outcome
from tinytorch_hf.shown import address, printable

# What each variable does here. Names in small letters are those that Unix programs read.
VARIABLES = {
    "TINYTORCH_HF_CACHE": "folder of what was downloaded or built",
    "TINYTORCH_HF_MIRROR": "server that is asked before the official ones",
    "TINYTORCH_AUTO_DOWNLOAD": "1 says yes to every download of the milestones' DatasetManager",
    "HF_ENDPOINT": "server that load_dataset asks in place of the Hub",
    "HF_HUB_OFFLINE": "1 keeps load_dataset from asking any server",
    "HF_HOME": "folder of Hugging Face's caches",
    "HF_DATASETS_CACHE": "folder of what load_dataset has prepared",
    "HF_TOKEN": "token for the Hub",
    "HUGGING_FACE_HUB_TOKEN": "token for the Hub, an older name",
    "XDG_CACHE_HOME": "folder of the user's caches",
    **{
        name: "proxy, or hosts without one"
        for kind in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
        for name in (kind.upper(), kind)
    },
    "PYTHONPATH": "folders in which Python looks for packages first",
    "VIRTUAL_ENV": "the virtual environment that is switched on",
}


def variables(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of `VARIABLES` that are set, without anything secret."""
    environment = os.environ if environment is None else environment
    return {name: _shown(name, environment[name]) for name in VARIABLES if name in environment}


def _shown(name: str, value: str) -> str:
    if "TOKEN" in name:
        return "set, not shown"
    if name.startswith("PYTHON") or name.endswith(("HOME", "CACHE", "ENV")):
        return printable(value)
    return address(value)


def installation() -> dict[str, str]:
    """Facts of this package and of Python: release, wheel or checkout, and where they are."""
    is_wheel = folders.shipped("datasets").parent.name == "_shipped"
    return {
        "version": __version__,
        "kind": "wheel" if is_wheel else "checkout",
        "pip": _pip_says(),
        "folder": str(Path(__file__).resolve().parents[1]),
        "files": str(folders.shipped("datasets")),
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": _system(),
    }


def _system() -> str:
    """The operating system as Python describes it; it asks another process, for which there may be no room."""
    try:
        return platform.platform(terse=True)
    except (OSError, RuntimeError, AttributeError):
        return sys.platform


def _pip_says() -> str:
    """Which release pip installed, and if it is a checkout in place; empty if it did not install this package."""
    try:
        distribution = metadata.distribution("tinytorch-hf")
    except metadata.PackageNotFoundError:
        return ""
    # https://packaging.python.org/en/latest/specifications/direct-url/
    direct_url = json.loads(distribution.read_text("direct_url.json") or "{}")
    in_place = direct_url.get("dir_info", {}).get("editable", False)
    return f"{distribution.version}{', in place (pip install -e)' if in_place else ''}"


def files() -> list[Finding]:
    """Whether every shipped dataset's files are there and hold what was published."""
    return [_intact(catalog.info(name)) for name in catalog.shipped_names()]


def _intact(dataset: catalog.DatasetInfo) -> Finding:
    try:
        sizes = [len(store.read(dataset, file)) for file in dataset.files]
    except TinyTorchHFError as error:
        return Finding(dataset.name, Outcome.BROKEN, str(error))
    return Finding(
        dataset.name,
        Outcome.OK,
        f"{len(sizes)} file{'s' * (len(sizes) > 1)}, {sum(sizes) / 1000:.0f} kB, SHA-256 right",
    )


def cache() -> dict[str, Any]:
    """The folder of what was downloaded or built, and what it holds of each dataset that does not ship."""
    found = {}
    for name in catalog.names():
        dataset = catalog.info(name)
        if name not in catalog.shipped_names():
            folder = folders.folder(dataset)
            paths = [folder / file.name for file in dataset.files]
            if isinstance(dataset.provider, catalog.Built):
                # Each release of Python has a folder of its own.
                paths = _of_all_releases(folder.parent, dataset) or paths
            present = [path for path in paths if store.is_file(path)]
            found[name] = {
                "files": len(present),
                "of": len(paths),
                "size_bytes": sum(path.stat().st_size for path in present),
            }
    return {"folder": str(folders.cache()), "datasets": found}


def _of_all_releases(folder: Path, dataset: catalog.DatasetInfo) -> list[Path]:
    """The dataset's files in the folders below; none where the system forbids to look."""
    try:
        return sorted(path for file in dataset.files for path in folder.glob(f"*/{file.name}"))
    except OSError:
        return []


def hugging_face_cache() -> dict[str, Any]:
    """Where the library `datasets` keeps what it has prepared, and what `tinytorch-hf hub cache` put there.

    The library itself is not asked: importing it takes a second, and it may be broken.
    """
    home = os.environ.get("HF_HOME") or str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    folder = folders.expanded(os.environ.get("HF_DATASETS_CACHE") or str(Path(home) / "datasets"))
    marks = sorted(folder.glob("tinytorch___*/*/*/*/tinytorch_hf.json"))
    prepared = [mark.relative_to(folder).parents[2].as_posix().replace("___", "/") for mark in marks]
    # The default configuration has several folders.
    return {"folder": str(folder), "prepared": list(dict.fromkeys(prepared))}
