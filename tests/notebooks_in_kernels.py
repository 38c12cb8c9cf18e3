"""Every notebook in a kernel of its own, as Jupyter runs it, for `nox -s longer`."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from conftest import CHECKOUT
from nbclient import NotebookClient
from test_notebooks import EVERY_NOTEBOOK


@EVERY_NOTEBOOK
def test_every_notebook_runs_in_a_kernel(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from the checkout; its own assertions hold."""
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    notebook = nbformat.read(path, as_version=4)

    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()

    assert any(cell.get("outputs") for cell in notebook.cells)
