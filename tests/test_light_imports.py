"""Specification of what programs pay: nothing is imported before it is used, and loading takes little beside NumPy."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from conftest import Run

from tinytorch_hf import catalog

# What the package itself and its loaders may use of the standard library. Whoever makes this list longer makes every
# program of every student slower to start; what is seldom needed is imported where it is needed.
OF_THE_PACKAGE = {"__future__", "collections", "importlib", "sys", "typing"}
OF_THE_LOADERS = {
    *("__future__", "collections", "contextlib", "dataclasses", "enum", "hashlib", "io", "math", "os", "pathlib"),
    *("pickle", "pickletools", "re", "struct", "typing", "zlib"),
}
OF_NPZ = {"bz2", "encodings.cp437", "zipfile"}  # cp437 is the code of names inside archives
OF_JSON_LINES = {"json"}
# Never on this road: what talks to networks, runs other programs, or belongs to the command line.
TOO_HEAVY = {
    *("argparse", "asyncio", "email", "http", "logging", "multiprocessing", "socket", "sqlite3", "ssl", "subprocess"),
    *("tarfile", "urllib.request", "venv", "xml"),
}
# Of this package, the rooms that stand between a file and its arrays; what is in a room may move there freely.
CATALOG = {"_version", "_lazy", "shown", "errors", "catalog"}
LOADERS = {*CATALOG, "formats", "files", "data"}

# Prints what a program imports beyond what others import: the modules of a bare interpreter do not count, and neither
# does what a module of the standard library imports for itself.
_LOOK = """
import sys
before = set(sys.modules)
for name in {allowed!r}:
    __import__(name)
{program}
print(*sorted(set(sys.modules) - {{*before, '__main__'}}))
"""


def _imported(run_python: Run, program: str, allowed: Collection[str] = ()) -> set[str]:
    done = run_python("-c", _LOOK.format(program=program, allowed=sorted(allowed)))
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("program", "ours", "allowed"),
    [
        ("import tinytorch_hf", {"_version", "_lazy"}, OF_THE_PACKAGE),
        (
            "from tinytorch_hf import load_tinydigits; load_tinydigits()",
            LOADERS,
            OF_THE_LOADERS | {"numpy"},
        ),
        (
            "import tinytorch_hf; tinytorch_hf.load('tinymnist'), tinytorch_hf.load('digits_8x8')",
            LOADERS,
            OF_THE_LOADERS | OF_NPZ | {"numpy"},
        ),
        (
            "from tinytorch_hf import load_tinytalks; load_tinytalks()",
            LOADERS,
            OF_THE_LOADERS | OF_JSON_LINES | {"numpy"},
        ),
        ("from tinytorch_hf import catalog, errors", CATALOG, OF_THE_LOADERS),
    ],
)
def test_only_what_is_listed_is_imported(run_python: Run, program: str, ours: set[str], allowed: set[str]) -> None:
    """The package alone needs not even NumPy; loading needs NumPy, a few modules of ours, and nothing new of Python."""
    expected = _imported(run_python, "", allowed)

    beyond = _imported(run_python, program, allowed) - expected

    # Modules that are written in C and stand behind a listed one have names with an underscore.
    strangers = {name for name in beyond if name.split(".")[0] != "tinytorch_hf" and not name.startswith("_")}
    assert {name.split(".")[1] for name in beyond if name.startswith("tinytorch_hf.")} <= ours
    assert strangers == set()


def test_nothing_heavy_stands_behind_what_is_listed(run_python: Run) -> None:
    """Where NumPy itself imports such a thing, it is NumPy's."""
    with_numpy = _imported(run_python, "import numpy")

    loaded = _imported(run_python, "from tinytorch_hf import load_tinydigits; load_tinydigits()")

    assert (loaded - with_numpy) & TOO_HEAVY == set()


def test_listing_datasets_needs_no_numpy(run_python: Run) -> None:
    """The command line starts as fast as Python does; so does help, and the answer to a command that is not there."""
    calls = ([], ["list"], ["info", "tinydigits"], ["info", "xor"], ["hub"], ["milestones"], ["lst"])
    program = f"from tinytorch_hf.cli import main; [main(words) for words in {calls}]"

    imported = _imported(
        run_python, f"import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): {program}"
    )

    ours = {f"tinytorch_hf.{room}" for room in ("compare", "files", "health", "hub", "milestones")}
    assert imported & {"numpy", "argcomplete", "subprocess", *ours} == set()


# What Linux noted of this program alone; the figure that `resource` gives may be that of the process that started it.
_PEAK_KB = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux tells the peak of one program")
@pytest.mark.parametrize("name", catalog.shipped_names())
def test_loading_takes_little_memory(run_python: Run, name: str) -> None:
    """At most 15 MB beyond NumPy for all columns, and for what a lesson needs."""

    def peak_mb(program: str) -> float:
        return int(run_python("-c", f"{program}\n{_PEAK_KB}").stdout) / 1000

    loaded = peak_mb(f"import tinytorch_hf; a = tinytorch_hf.load({name!r}); b = tinytorch_hf.load_{name}()")

    assert loaded - peak_mb("import numpy") < 15
