"""Specification of tinytorch_hf.milestones.checkout.scripts: what scripts import, without running them."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from tinytorch_hf.milestones.checkout import scripts

SCRIPT = """
import os.path, sys as system
from data_manager import DatasetManager
from . import networks
def main():
    try:
        from tinytorch.core.dataloader import DataLoader, TinyDigits as Digits
    except ImportError:
        raise SystemExit(1)
"""


def test_imports_are_found_at_every_level(tmp_path: Path) -> None:
    """Also inside functions and attempts; relative ones mean nothing here."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")

    assert scripts.imports_of(tmp_path / "script.py") == {
        ("os.path", ""),
        ("sys", ""),
        ("data_manager", "DatasetManager"),
        ("tinytorch.core.dataloader", "DataLoader"),
        ("tinytorch.core.dataloader", "TinyDigits"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "class TinyDigits:\n    pass",
        "def TinyDigits(): ...",
        "TinyDigits = None",
        "from tinytorch_hf.milestones import TinyDigits",
        "from a import b as TinyDigits",
        "if True:\n    class TinyDigits: ...",
    ],
)
def test_a_module_defines_a_name_in_several_ways(tmp_path: Path, text: str) -> None:
    """A class, a function, a variable, an import."""
    path = tmp_path / "dataloader.py"
    path.write_text(text, encoding="utf-8")

    assert scripts.defines(path, "TinyDigits")
    assert not scripts.defines(path, "TinyDigit")


def test_a_name_that_is_renamed_away_is_not_there(tmp_path: Path) -> None:
    """What counts is the name it has in the module."""
    (tmp_path / "dataloader.py").write_text("from a import TinyDigits as Digits", encoding="utf-8")

    assert not scripts.defines(tmp_path / "dataloader.py", "TinyDigits")


def test_what_is_absent_imports_nothing(tmp_path: Path) -> None:
    """Neither does a folder."""
    assert scripts.imports_of(tmp_path / "absent.py") == scripts.imports_of(tmp_path) == set()


@hypothesis.given(data=st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_what_does_not_parse_is_passed_over(tmp_path: Path, data: bytes) -> None:
    """Whatever a student has left half-written."""
    (tmp_path / "script.py").write_bytes(data)

    scripts.imports_of(tmp_path / "script.py")
    scripts.defines(tmp_path / "script.py", "TinyDigits")
