"""Every mutated package through the real command line. Its name keeps it out of the default suite; nox runs it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import Run
from generations import write_package
from mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_command_finds_the_fault(mutant: Mutant, run_python: Run, tmp_path: Path) -> None:
    """Exit status 1, the operations by name, and as many failures and errors in the JUnit XML."""
    write_package(tmp_path, mutant.package)
    junit = tmp_path / "junit.xml"

    done = run_python(
        *("-m", "tinytorch_hf", "check", "--package", str(tmp_path / "tinytorch"), "--json", "--junit", str(junit))
    )

    assert (done.returncode, done.stderr) == (1, "")
    values = json.loads(done.stdout)
    wrong = {result["name"] for result in values["results"] if result["outcome"] in ("differs", "crashes")}
    assert set(mutant.finds) <= wrong
    root = ElementTree.parse(junit).getroot()  # noqa: S314 -- the command wrote it
    assert int(root.get("failures", 0)) + int(root.get("errors", 0)) == len(wrong)
