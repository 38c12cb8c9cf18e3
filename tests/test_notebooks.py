"""Specification of the notebooks: every one runs from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from conftest import CHECKOUT
from nbclient import NotebookClient

NOTEBOOKS = sorted((CHECKOUT / "tinytorch_hf" / "notebooks").glob("*.ipynb"))


def test_there_are_three() -> None:
    """In the order in which they are meant to be read."""
    assert [path.name[:2] for path in NOTEBOOKS] == ["1_", "2_", "3_"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel of its own, away from the checkout; its own assertions hold."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    notebook = nbformat.read(path, as_version=4)

    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()

    assert any(cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_stored(path: Path) -> None:
    """What a notebook prints is made where it is run, so that it cannot be stale."""
    cells = nbformat.read(path, as_version=4).cells

    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
