"""Specification of what is shipped and tested with: builds are the same bytes, licences go along, releases known."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from docs.tools import environment

_EPOCH = "1750000000"
_LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "*.lock", "build", "dist", ".hypothesis", ".nox")


def _built(checkout: Path, folder: Path, umask: int) -> dict[str, Path]:
    """Wheel and sdist, built in a copy of the checkout, by their endings."""
    source, out = folder / "source", folder / "out"
    shutil.copytree(checkout, source, ignore=_LEFT_OUT, copy_function=shutil.copyfile)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.suffix: path for path in out.iterdir()}


@pytest.mark.longer
@pytest.mark.skipif(sys.platform == "win32", reason="there is no umask")
def test_two_builds_are_the_same_bytes(checkout: Path, tmp_path: Path) -> None:
    """In other folders, at other times, for users with other rights; and each licence is in them."""
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    first, second = (_built(checkout, tmp_path / str(n), umask) for n, umask in enumerate((0o022, 0o077)))

    assert set(first) == set(second) == {".whl", ".gz"}
    for ending, path in first.items():
        digests = {hashlib.sha256(one.read_bytes()).hexdigest() for one in (path, second[ending])}
        assert len(digests) == 1, ending
    licences = {path.relative_to(checkout).as_posix() for path in checkout.glob("datasets/*/LICENSE*")} | {"LICENSE"}
    with zipfile.ZipFile(first[".whl"]) as wheel:
        names = wheel.namelist()
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
        assert {f"tinytorch_hf/_shipped/{path}" for path in licences - {"LICENSE"}} <= set(names)
    with tarfile.open(first[".gz"]) as sdist:
        assert licences <= {name.partition("/")[2] for name in sdist.getnames()}


def test_every_dataset_that_ships_has_its_licence_beside_it(checkout: Path) -> None:
    """In the folder that the wheel takes as it is."""
    from tinytorch_hf import catalog
    from tinytorch_hf.files import folders

    for name in catalog.shipped_names():
        assert (folders.folder(catalog.info(name)) / "LICENSE").is_file(), name


def test_the_environment_is_told_with_releases_and_licences() -> None:
    """As a lock and as an SBOM, of the same packages."""
    some = environment.packages()
    numpy = next(package for package in some if package.name == "numpy")

    assert numpy.version == metadata.version("numpy") and "BSD" in numpy.licence
    lines = list(environment.lock(some))
    assert f"numpy=={numpy.version}  # {numpy.licence}" in lines
    components = environment.sbom(some)["components"]
    assert [(one["name"], one["version"]) for one in components] == [(one.name, one.version) for one in some]


def test_the_lock_holds_what_the_tests_need(checkout: Path) -> None:
    """Every requirement of the extra `test`, each with one release and a licence."""
    tomllib = pytest.importorskip("tomllib", reason="it reads TOML from Python 3.11 on")
    extras = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    lines = [line for line in environment.LOCK.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    locked = {line.partition("==")[0] for line in lines}

    assert all(re.fullmatch(r"[a-z0-9-]+==[^ +]+  # .+", line) for line in lines)
    wanted = {re.split(r"[\[<>=; ]", one)[0].lower() for extra in extras.values() for one in extra}
    assert wanted - locked <= {"tinytorch-hf", "tomli"}
