"""Specification of the command `tinytorch-hf milestones prepare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkouts import own_cache, snapshot, write_checkout
from conftest import Run

from tinytorch_hf.cli import OK, PROBLEM, USAGE, main

# Of a checkout whose scripts load nothing, nothing is executed.
POINTS = {"01_1958_perceptron/01_rosenblatt_forward.py": "print('points')"}

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command in this process: exit status, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main(["milestones", "prepare", *(str(argument) for argument in arguments)])
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_it_prepares_and_says_what_each_milestone_finds(run: Any, tmp_path: Path) -> None:
    """First what was written, then a paragraph for each milestone."""
    root = write_checkout(tmp_path / "checkout")

    status, out, err = run(root)

    assert (status, err) == (OK, "")
    assert f"wrote  1 file in {root / 'tinytorch'}\n" in out
    lines = out.splitlines()
    assert [line for line in lines if line.startswith("0")] == [
        "01 Perceptron: ready",
        "02 XOR: no script",
        "03 MLP: ready",
        "04 CNN: ready",
        "05 Transformer: ready",
        "06 MLPerf: ready",
        "07 TinyGPT: ready",
    ]
    assert f"   good     {Path('datasets', 'tinydigits', 'train.pkl')}" in lines
    assert len([line for line in lines if line.startswith("   proven   milestones")]) == 6


def test_check_writes_nothing(run: Any, tmp_path: Path) -> None:
    """Something is missing before, nothing after."""
    root = write_checkout(tmp_path / "checkout", scripts=POINTS)
    before = snapshot(root)

    status, out, _ = run(root, "--check")

    assert status == PROBLEM
    assert snapshot(root) == before
    assert "03 MLP: not ready" in out and "absent   datasets" in out
    run(root)
    assert run(root, "--check")[0] == OK
    assert "wrote" not in run(root)[1]


def test_json_is_for_programs(run_numpy_only: Run, tmp_path: Path, own_cache: Path) -> None:
    """Nothing else is on standard output, also with a package that prints when it is imported; NumPy suffices."""
    root = write_checkout(tmp_path / "checkout", "A", POINTS)

    done = run_numpy_only(
        *("-m", "tinytorch_hf", "milestones", "prepare", str(root), "--json"), TINYTORCH_HF_CACHE=str(own_cache)
    )

    values = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (OK, "")
    assert values["root"] == str(root) and values["problems"] == []
    assert str(root / "milestones" / "data_manager.py") in values["written"]
    third = values["milestones"][2]
    assert (third["number"], third["ready"], third["scripts"]) == ("03", False, [])
    assert third["imports"] == ["datasets.tinydigits", "data_manager", "milestones.data_manager"]
    assert third["files"][0] == {
        "path": "datasets/tinydigits/train.pkl",
        "state": "good",
        "needed": True,
        "note": "",
    }


DETACHING = """
    import sys
    from pathlib import Path
    import numpy as np
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tinytorch.core.tensor import Tensor
    from tinytorch.core.layers import Linear
    from tinytorch.core.losses import CrossEntropyLoss
    X = np.load(Path(__file__).parent / "X.npy")
    y = Tensor([0, 1])
    one, two = Linear(4, 3), Linear(3, 2)
    hidden = Tensor(np.maximum(one(Tensor(X)).data, 0))
    loss = CrossEntropyLoss()(two(hidden), y)
    loss.backward()
"""


def test_scripts_are_looked_at_too(run: Any, tmp_path: Path) -> None:
    """A line that cuts the graph is a warning; a script that does not get its data is why a milestone is not ready."""
    script = "03_1986_mlp/03_mine.py"
    root = write_checkout(tmp_path / "checkout", scripts={script: DETACHING})

    status, out, _ = run(root, "--json")

    third = json.loads(out)["milestones"][2]
    assert (status, third["ready"]) == (PROBLEM, False)
    (proof,) = third["proofs"]
    assert (proof["script"], proof["outcome"]) == (f"milestones/{script}", "failed")
    assert proof["calls"] == ["np.load(Path(__file__).parent / 'X.npy')"]
    assert proof["note"].startswith("FileNotFoundError: ") and proof["note"].endswith("X.npy' (line 9)")
    assert third["detached"] == [
        {
            "path": f"milestones/{script}",
            "line": 12,
            "expression": "Tensor(np.maximum(one(Tensor(X)).data, 0))",
            "why": "the new tensor has the numbers but not the graph: backward ends here, and one gets no gradient",
            "instead": "use what keeps the graph: ReLU()(...) for np.maximum",
        }
    ]

    np.save(root / "milestones" / "03_1986_mlp" / "X.npy", np.zeros((1000, 8, 8)))
    status, out, _ = run(root, "--check")

    path = Path("milestones", script)
    assert status == OK
    assert "03 MLP: ready\n" in out
    assert f"   proven   {path}, np.load(Path(__file__).parent / 'X.npy'): X (1000, 8, 8)\n" in out
    assert f"   warning  {path}:12 Tensor(np.maximum(one(Tensor(X)).data, 0)): the new tensor has" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "ROOT"),
        (["nowhere"], "Give the root of a TinyTorch checkout"),
        ([".", "--check", "--download"], "not allowed with"),
        ([".", "--from", "x", "--download"], "not allowed with"),
    ],
)
def test_a_wrong_call_exits_with_2(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """One message, no traceback, nothing written."""
    monkeypatch.chdir(tmp_path)

    status, out, err = run(*arguments)

    assert (status, out) == (USAGE, "")
    assert message in err and "Traceback" not in err
    assert snapshot(tmp_path) == {}


def test_a_source_with_nothing_exits_with_1(run: Any, tmp_path: Path) -> None:
    """After everything else was done."""
    root = write_checkout(tmp_path / "checkout", scripts=POINTS)

    status, out, err = run(root, "--from", tmp_path)

    assert status == PROBLEM
    assert "06 MLPerf: no script" in out
    assert "train-images-idx3-ubyte.gz" in err and "cifar-10-python.tar.gz" in err


def test_help_says_what_stays_and_how_large_downloads_are(run: Any) -> None:
    """With an example."""
    status, out, _ = run("--help")
    text = " ".join(out.split())

    assert status == OK
    assert "Your own files are left untouched" in text
    assert "MNIST (12 MB, 10 s at 10 Mbit/s) and CIFAR10 (170 MB, 2-3 min at 10 Mbit/s)" in text
    assert "Example: tinytorch-hf milestones prepare ~/TinyTorch" in text


def test_a_folder_that_is_no_checkout_is_told_what_is_looked_for(run: Any, tmp_path: Path) -> None:
    """Both folders by which one is known."""
    status, _, err = run(tmp_path)

    assert status == USAGE
    assert "It has no folder `milestones` and no package `tinytorch`" in err
