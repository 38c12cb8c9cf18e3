"""Lines to type that install what is missing or broken, for this Python and this copy of the package."""

from __future__ import annotations

import importlib.util
import os
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
        return f'{_install()} -e "{checkout}{suffix}"'
    return f'{_install()} "tinytorch-hf{suffix}"'


def upgrade(library: Library) -> str:
    """Replace a release that is too old."""
    return f'{_install()} --upgrade "{library.name}>={library.at_least}"'


def reinstall(library: Library) -> str:
    """Replace a library that does not import, together with the one it was built for."""
    names = [*([library.built_for] if library.built_for else []), library.name]
    return f"{_install()} --upgrade --force-reinstall {' '.join(names)}"


def _install() -> str:
    """The command that installs, by its whole path where `pip` alone would be that of another Python."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    if importlib.util.find_spec("pip") is None:
        if _is_made_by_uv() or shutil.which("uv"):
            # By itself uv takes the environment that is switched on, which may be another one.
            is_switched_on = os.environ.get("VIRTUAL_ENV") == sys.prefix
            return "uv pip install" if is_switched_on else f"uv pip install --python {python}"
        if importlib.util.find_spec("ensurepip") is not None:
            return f"{python} -m ensurepip && {python} -m pip install"
    found = shutil.which("pip")
    if found and Path(found).parent == Path(sys.executable).parent:
        return "pip install"
    return f"{python} -m pip install"


def _is_made_by_uv() -> bool:
    """Whether uv has made this environment: it writes its version into the file by which Python knows one."""
    try:
        text = (Path(sys.prefix) / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(line.partition("=")[0].strip() == "uv" for line in text.splitlines())
