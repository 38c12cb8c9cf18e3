"""Virtual environments made in a moment: some real libraries linked into them, others pretended."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from importlib import metadata
from pathlib import Path

from conftest import CHECKOUT, _environment


class Environment:
    """A fresh virtual environment without pip."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True, with_pip=False)
        places = {"base": str(folder), "platbase": str(folder)}
        # The scheme of virtual environments has a name of its own only from Python 3.11 on.
        scheme = "nt" if os.name == "nt" else "posix_prefix"
        self.site = Path(sysconfig.get_path("purelib", scheme, places))
        self.python = Path(sysconfig.get_path("scripts", scheme, places)) / Path(os.path.realpath(sys.executable)).name

    def link(self, *names: str) -> None:
        """Make real libraries importable, without what they depend on."""
        for name in names:
            distribution = metadata.distribution(name)
            for top in {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}:
                (self.site / top).symlink_to(Path(str(distribution.locate_file(top))))

    def pretend(self, name: str, version: str, source: str) -> None:
        """Install a library of one module that holds this source."""
        (self.site / f"{name}.py").write_text(source, encoding="utf-8")
        info = self.site / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")

    def run(self, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run its Python, which finds this checkout."""
        return subprocess.run(
            [self.python, *arguments],
            cwd=cwd,
            env=_environment(**{"PYTHONPATH": str(CHECKOUT), "HF_HOME": str(self.site / "hf-home"), **variables}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
