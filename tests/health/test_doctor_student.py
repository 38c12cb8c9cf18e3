"""Specification of what the doctor says of the student's own package."""

from __future__ import annotations

from pathlib import Path

import pytest
from generations import GENERATIONS, write_package

from tinytorch_hf.health import doctor
from tinytorch_hf.health.doctor import Outcome


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the doctor is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("generation", "layout"),
    [
        ("A", "core.dataloader, data.loader, text.tokenization, text.embeddings, core.transformer"),
        ("B", "core.dataloader, core.tokenization, core.embeddings, core.transformers"),
        ("C", "core.dataloader, core.tokenization, core.embeddings, core.transformers"),
    ],
)
def test_each_generation_is_found_and_its_layout_told(here: Path, generation: str, layout: str) -> None:
    """With how much of the course is built; what it prints on import is not heard."""
    write_package(here, GENERATIONS[generation])

    found = doctor.tinytorch()

    assert found.outcome is Outcome.OK
    assert f"in {here / 'tinytorch'}, " in found.detail
    assert found.detail.endswith(f"parts are built (layout: {layout})")
    assert {"Tensor", "Linear", "GPT"} <= set(found.more["built"])


def test_what_is_not_built_yet_is_no_fault(here: Path) -> None:
    """A package in its second week."""
    write_package(here, {"__init__.py": "", "core/tensor.py": "class Tensor: pass\n"})

    found = doctor.tinytorch()

    assert (found.outcome, found.more["built"]) == (Outcome.OK, ["Tensor"])
    assert "Linear" in found.more["unbuilt"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"__init__.py": "raise ValueError('half done')"}, "ValueError: half done"),
        ({"__init__.py": "import absent"}, "No module named 'absent'"),
        ({"__init__.py": "", "core/tensor.py": "def f(:\n"}, "looking for Tensor: SyntaxError"),
        ({"__init__.py": "raise SystemExit(1)"}, "SystemExit: 1"),
    ],
)
def test_a_package_that_does_not_import_is_broken(here: Path, files: dict[str, str], reason: str) -> None:
    """With the reason and the folder, so that the student knows which copy is meant."""
    write_package(here, files)

    found = doctor.tinytorch()

    assert found.outcome is Outcome.BROKEN
    assert reason in found.detail
    assert str(here / "tinytorch") in found.detail


def test_the_package_of_that_name_on_the_index_is_another(here: Path) -> None:
    """It has none of the parts, so the reference stands in."""
    write_package(here, {"__init__.py": ""})

    found = doctor.tinytorch()

    assert found.outcome is Outcome.MISSING
    assert "is another package of this name" in found.detail


def test_without_a_package_the_reference_stands_in(here: Path) -> None:
    """Which is not a fault."""
    found = doctor.tinytorch("tinytorch_of_nobody")

    assert found.outcome is Outcome.MISSING
    assert found.detail == "no package tinytorch_of_nobody is installed; the reference of tinytorch_hf is used instead"
