"""The README's figures by the README's command, for `nox -s longer`."""

from __future__ import annotations

import json

import pytest

from docs.tools import seeds
from tinytorch_hf import cli
from tinytorch_hf.cli import OK
from tinytorch_hf.compare import paired


@pytest.mark.parametrize("name", seeds.DATASETS)
def test_the_command_reproduces_the_documents(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each seed's accuracies within a sample, which is what another release of PyTorch may round, and the test's p."""
    arguments = ["compare", name, "--seeds", str(seeds.N_SEEDS), "--package", "tinytorch_hf.reference", "--json"]
    assert cli.main(arguments) == OK

    printed, kept = json.loads(capsys.readouterr().out), seeds.recorded(name)
    assert printed["verdict"] == "agree"
    for run, mine, theirs in zip(printed["runs"], kept["tinytorch"], kept["pytorch"], strict=True):
        last = run["comparison"]["epochs"][-1]
        assert kept["n_test"] * last["accuracy_tinytorch"] == pytest.approx(mine, abs=1)
        assert kept["n_test"] * last["accuracy_pytorch"] == pytest.approx(theirs, abs=1)
    stated = paired.compared(kept["tinytorch"], kept["pytorch"], kept["n_test"])
    assert printed["paired"]["mean_pytorch"] == pytest.approx(stated.mean_pytorch, abs=0.002)
    assert printed["paired"]["p"] == stated.p
