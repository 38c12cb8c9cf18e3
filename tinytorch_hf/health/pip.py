"""Lines to type that install what is missing or broken, for this Python and this copy of the package."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from tinytorch_hf.files import folders
from tinytorch_hf.health.roads import Library


def install(extra: str) -> str:
    """Install an extra of this package; of a checkout in place."""
    suffix = f"[{extra}]" if extra else ""
    checkout = folders.shipped("datasets").parent
    if (checkout / "pyproject.toml").is_file():
        return f'{_pip()} install -e "{checkout}{suffix}"'
    return f'{_pip()} install "tinytorch-hf{suffix}"'


def upgrade(library: Library) -> str:
    """Replace a release that is too old."""
    return f'{_pip()} install --upgrade "{library.name}>={library.at_least}"'


def reinstall(library: Library) -> str:
    """Replace a library that does not import, together with the one it was built for."""
    names = [*([library.built_for] if library.built_for else []), library.name]
    return f"{_pip()} install --upgrade --force-reinstall {' '.join(names)}"


def _pip() -> str:
    """The command, by its whole path where `pip` alone would be that of another Python."""
    if importlib.util.find_spec("pip") is None and shutil.which("uv"):
        # Environments that uv makes have no pip.
        return "uv pip"
    found = shutil.which("pip")
    if found and Path(found).parent == Path(sys.executable).parent:
        return "pip"
    return f'"{sys.executable}" -m pip' if " " in sys.executable else f"{sys.executable} -m pip"
