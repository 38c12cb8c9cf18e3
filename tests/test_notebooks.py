"""Specification of the notebooks: every one runs from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from conftest import CHECKOUT, Run
from seeds import examples

NOTEBOOKS = sorted((CHECKOUT / "docs" / "notebooks").glob("*.ipynb"))
EVERY_NOTEBOOK = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

# What a kernel does with a cell, without the messages by which it is asked.
RUN_CELLS = """
import sys, nbformat
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance(history_manager=None)
for cell in nbformat.read(sys.argv[1], as_version=4).cells:
    if cell.cell_type == "code":
        shell.run_cell(cell.source, store_history=True).raise_error()
"""

# A package with two operations, one of them wrong.
OWN_RELU = """
import numpy as np


class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data, self.grad, self.requires_grad = np.asarray(data, np.float32), None, requires_grad

    def __add__(self, other):
        return Tensor(self.data + other.data)


class ReLU:
    def forward(self, x):
        return Tensor(np.abs(x.data))

    __call__ = forward
"""


def test_there_are_three() -> None:
    """In the order in which they are meant to be read."""
    assert [path.name[:2] for path in NOTEBOOKS] == ["1_", "2_", "3_"]


# The third one starts three processes, each of which takes seconds to import; nox runs it here and in a kernel.
@pytest.mark.parametrize("path", examples(NOTEBOOKS[:2], NOTEBOOKS[2:]), ids=lambda path: path.stem)
def test_every_notebook_runs(path: Path, run_with_libraries: Run) -> None:
    """In IPython, away from the checkout; its own assertions hold."""
    done = run_with_libraries("-c", RUN_CELLS, str(path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout


@pytest.mark.parametrize("own", examples([False], [True]), ids=lambda own: "own" if own else "none")
def test_the_bug_notebook_ends_with_the_students_own_package(
    own: bool, tmp_path: Path, run_with_libraries: Run
) -> None:
    """One that lies beside the notebook is checked and trained; where there is none, it is said what to do."""
    book = nbformat.read(NOTEBOOKS[1], as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    book.cells = [code[0], *code[-2:]]
    nbformat.write(book, tmp_path / "end.ipynb")
    if own:
        (tmp_path / "tinytorch").mkdir()
        (tmp_path / "tinytorch" / "__init__.py").write_text(OWN_RELU, encoding="utf-8")
    go = f"import os; os.chdir({str(tmp_path)!r})\n"

    done = run_with_libraries("-c", go + RUN_CELLS, "end.ipynb", HOME=str(tmp_path / "home"))

    assert done.returncode == 0, done.stdout + done.stderr
    if own:
        assert f"Your package: {tmp_path / 'tinytorch'}" in done.stdout
        assert "differs  relu" in done.stdout or "crashes  relu" in done.stdout
    else:
        assert "Write its path in the first line of this cell" in done.stdout
        assert "There is no package of yours to train" in done.stdout


@EVERY_NOTEBOOK
def test_no_output_is_stored(path: Path) -> None:
    """What a notebook prints is made where it is run, so that it cannot be stale."""
    cells = nbformat.read(path, as_version=4).cells

    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
