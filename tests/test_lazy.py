"""Specification of tinytorch_hf._lazy: names are imported when they are used, and listed where they can be had."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import pytest
from conftest import Run

import tinytorch_hf
from tinytorch_hf import errors

FOLDER = Path(errors.__file__).parent
ROOMS = sorted(path.parent.name for path in FOLDER.glob("*/__init__.py") if path.parent.name != "_shipped")


def test_everything_can_be_listed_with_numpy_alone(run_numpy_only: Run) -> None:
    """`dir`, `help`, `inspect.getmembers` and `import *`; what an extra brings is not among it."""
    program = (
        "import inspect, pydoc, tinytorch_hf\n"
        "members = dict(inspect.getmembers(tinytorch_hf))\n"
        "assert pydoc.render_doc(tinytorch_hf)\n"
        "scope = {}\n"
        "exec('from tinytorch_hf import *', scope)\n"
        "assert set(tinytorch_hf.__all__) <= set(scope) and set(tinytorch_hf.__all__) <= set(members)\n"
        "print(*dir(tinytorch_hf))\n"
    )
    done = run_numpy_only("-c", program)

    assert (done.returncode, done.stderr) == (0, "")
    listed = done.stdout.split()
    assert {"load", "load_tinydigits", "register", "reference", "milestones", "as_tinytorch", "verify"} <= set(listed)
    assert {"TinyDigits", "DataLoader", "subset", "as_torch", "as_hf"} & set(listed) == set()


@pytest.mark.parametrize(
    ("statement", "extra"),
    [
        ("from tinytorch_hf import TinyDigits", "torch"),
        ("import tinytorch_hf; tinytorch_hf.DataLoader", "torch"),
        ("from tinytorch_hf import as_torch", "torch"),
        ("from tinytorch_hf import as_hf", "hf"),
    ],
)
def test_asking_for_what_an_extra_brings_says_what_to_install(run_numpy_only: Run, statement: str, extra: str) -> None:
    """The line to type, as a MissingExtraError."""
    done: subprocess.CompletedProcess[str] = run_numpy_only("-c", statement)

    assert done.returncode == 1
    assert "MissingExtraError" in done.stderr.splitlines()[-1]
    assert f'pip install "tinytorch-hf[{extra}]"' in done.stderr.splitlines()[-1]


def test_with_everything_installed_everything_is_listed() -> None:
    """`__all__` for type checkers and `__all__` at run time are the same."""
    source = (FOLDER / "__init__.py").read_text(encoding="utf-8")
    static = source.partition("    __all__ = [")[2].partition("]")[0]

    assert sorted(name.strip(' "\n') for name in static.split(",") if name.strip()) == sorted(tinytorch_hf.__all__)
    assert {"TinyDigits", "as_hf"} <= set(dir(tinytorch_hf))


@pytest.mark.parametrize("room", ROOMS)
def test_dir_of_a_room_shows_what_is_in_it(room: str) -> None:
    """Its modules, imported or not, and what it exports; asking for all of it imports nothing."""
    module = importlib.import_module(f"tinytorch_hf.{room}")

    inside = {path.stem for path in (FOLDER / room).glob("*.py")} - {"__init__", "__main__"}
    inside |= {path.parent.name for path in (FOLDER / room).glob("*/__init__.py")}
    assert inside <= set(dir(module))
    assert set(getattr(module, "__all__", ())) <= set(dir(module))
