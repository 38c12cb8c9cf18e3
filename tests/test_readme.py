"""Specification of the README: what it says works as it says it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from conftest import Run

from tinytorch_hf.hub import cache, parquet

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL_BLOCKS = re.findall(r"^```shell\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_two_commands_do_all_set_up() -> None:
    """One runs the main job, one the tests; there is no third to forget."""
    assert SHELL_BLOCKS == [
        'pip install -e ".[compare]" && tinytorch-hf compare tinydigits\n',
        'pip install -e ".[test]" && pytest\n',
    ]


def test_ci_runs_the_second_to_the_letter(checkout: Path) -> None:
    """The line that the script takes out of the README is the command."""
    script = (checkout / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep -E '(.*)' README\.md", script)
    assert pattern

    assert re.findall(pattern[1], README, re.MULTILINE) == [SHELL_BLOCKS[1].rstrip()]


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=lambda block: block.splitlines()[0])
def test_every_python_block_runs(
    block: str, run_with_torch: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the Hub folder built and the cache prepared as the text before it says."""
    if "hub/" in block:
        parquet.build("tinydigits", tmp_path / "hub")
    if '"tinytorch/' in block:
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf-home" / "datasets")
        cache.prepare(["tinydigits", "tinytalks"])

    done = run_with_torch("-c", block)

    assert done.returncode == 0, done.stderr


def test_the_commands_of_the_table_exist() -> None:
    """And none is missing from it."""
    in_table = re.findall(r"^\| `tinytorch-hf (\w+)", README, re.MULTILINE)
    in_help = subprocess.run(
        [sys.executable, "-m", "tinytorch_hf", "--help"],
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert in_table == re.findall(r"^    (\w+)", in_help, re.MULTILINE)


def test_links_lead_somewhere(checkout: Path) -> None:
    """Every relative link of every document."""
    documents = [*checkout.glob("*.md"), *(checkout / "datasets").rglob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), (document, target)
