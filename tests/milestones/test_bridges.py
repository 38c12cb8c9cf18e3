"""Specification of tinytorch_hf.milestones.checkout.bridges: the milestones' imports of data find something."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from checkouts import write_checkout
from conftest import Run

from tinytorch_hf.milestones.checkout import bridges
from tinytorch_hf.milestones.checkout.bridges import BRIDGES, DATA_MANAGER, DATASETS

INSTALLED = "from tinytorch_hf.milestones import install\ninstall()\ninstall()\n"


@pytest.mark.parametrize("bridge", BRIDGES, ids=lambda bridge: bridge.path)
def test_what_is_written_is_a_small_module_with_the_class(bridge: bridges.Bridge) -> None:
    """It says where it comes from, and imports this package only."""
    tree = ast.parse(bridge.text)

    assert "tinytorch-hf milestones" in str(ast.get_docstring(tree))
    assert bridge.attribute in bridge.text
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= {"pathlib", "tinytorch_hf", "tinytorch_hf.milestones"}


def test_a_bridge_belongs_only_where_its_folder_is(tmp_path: Path) -> None:
    """A package in the place of the module answers for it."""
    assert DATASETS.file(tmp_path) is DATA_MANAGER.file(tmp_path) is None
    (tmp_path / "tinytorch" / "datasets").mkdir(parents=True)
    assert DATASETS.file(tmp_path) == tmp_path / "tinytorch" / "datasets.py"
    package = tmp_path / "tinytorch" / "datasets" / "__init__.py"
    package.touch()
    assert DATASETS.file(tmp_path) == package


@pytest.mark.parametrize("generation", ["A", "B", "C"])
def test_after_install_imports_that_nothing_answers_work(run_numpy_only: Run, tmp_path: Path, generation: str) -> None:
    """In every generation, in one process; nothing is written."""
    write_checkout(tmp_path, generation)
    program = INSTALLED + (
        "from tinytorch.datasets import TinyDigits\n"
        "from data_manager import DatasetManager\n"
        "from milestones.data_manager import DatasetManager as Another\n"
        "import tinytorch.core.tensor, sys\n"
        "print(TinyDigits().get_train_data()[0].shape, DatasetManager is Another, DatasetManager().data_dir)\n"
        "print(sum(type(finder).__name__ == '_StandIns' for finder in sys.meta_path))\n"
    )

    done = run_numpy_only("-c", program, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    out = done.stdout.splitlines()[-2:]
    assert out == [f"(1000, 8, 8) True {Path('milestones', 'datasets')}", "1"]
    assert not (tmp_path / "tinytorch" / "datasets.py").exists()


def test_after_install_what_is_the_students_comes_first(run_numpy_only: Run, tmp_path: Path) -> None:
    """A stand-in stands in."""
    write_checkout(tmp_path)
    (tmp_path / "tinytorch" / "datasets.py").write_text("TinyDigits = 'mine'\n", encoding="utf-8")
    (tmp_path / "data_manager.py").write_text("DatasetManager = 'mine, too'\n", encoding="utf-8")
    program = INSTALLED + (
        "from tinytorch.datasets import TinyDigits\nfrom data_manager import DatasetManager\n"
        "print(TinyDigits, DatasetManager)\n"
    )

    assert run_numpy_only("-c", program, cwd=tmp_path).stdout.splitlines()[-1] == "mine mine, too"


def test_without_a_package_tinytorch_there_is_none_to_extend(run_numpy_only: Run, tmp_path: Path) -> None:
    """TinyTorch is not a dependency, and none is pretended; other absent modules stay absent."""
    program = INSTALLED + (
        "for name in ('tinytorch.datasets', 'tinytorch', 'data_managers'):\n"
        "    try:\n        __import__(name)\n    except ModuleNotFoundError as error:\n        print(error.name)\n"
    )

    assert run_numpy_only("-c", program, cwd=tmp_path).stdout.split() == ["tinytorch", "tinytorch", "data_managers"]


def test_importing_the_room_imports_nothing_that_is_not_used(run_numpy_only: Run) -> None:
    """NumPy comes with the first class."""
    program = "import sys, tinytorch_hf.milestones as m; m.install(); print('numpy' in sys.modules)"

    assert run_numpy_only("-c", program).stdout == "False\n"
