"""Specification of the torch classes where torchvision cannot be imported: everything else stays as it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import Run
from seeds import examples

# Of what may lean on torchvision; further interpreters, workers and orders of samples would tell nothing new.
SPECIFICATIONS = pytest.mark.parametrize("name", examples(["test_images"], ["test_loader"]))
INTERPRETERS = "has_not_imported_us or without_pillow or without_torch or many_processes"
WORKERS = "exact_numbers and not [0-"
OTHER_ORDERS = "in_torchs_order and not shuffle"


@SPECIFICATIONS
def test_the_same_specifications_hold(name: str, run_with_torch: Run, checkout: Path) -> None:
    """They are run again in a process where importing torchvision raises."""
    tests = [str(checkout / "tests" / "as_torch" / f"{name}.py")]
    paths = os.pathsep.join([str(checkout), str(checkout / "tests")])

    done = run_with_torch(
        *("-m", "pytest", "-q", "-n0", "-p", "without_torchvision", "-p", "no:cacheprovider", "-k"),
        *(f"not ({INTERPRETERS} or {WORKERS} or {OTHER_ORDERS})", *tests),
        cwd=checkout,
        PYTHONPATH=paths,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 50


@pytest.mark.parametrize("failure", ["None", "the wrong build"])
def test_the_classes_derive_from_torchs_dataset_alone(failure: str, run_with_torch: Run, checkout: Path) -> None:
    """Whether torchvision is absent or raises on import; repr and samples say nothing of it."""
    prepare = "import sys; sys.modules['torchvision'] = None" if failure == "None" else "import without_torchvision"
    program = (
        f"{prepare}\nimport sys\nfrom tinytorch_hf import TinyMNIST, DataLoader\n"
        "dataset = TinyMNIST(train=False)\n"
        "print([base.__module__.split('.')[0] for base in TinyMNIST.__mro__ if base is not object])\n"
        "print(repr(dataset)); print(dataset[0][0].mode, next(iter(DataLoader(dataset, batch_size=2)))[0].shape)\n"
        "print(sys.modules.get('torchvision'))"
    )

    done = run_with_torch("-c", program, PYTHONPATH=os.pathsep.join([str(checkout), str(checkout / "tests")]))

    assert done.stdout.splitlines() == [
        "['tinytorch_hf', 'tinytorch_hf', 'tinytorch_hf', 'tinytorch_hf', 'torch', 'typing']",
        "Dataset TinyMNIST",
        "    Number of datapoints: 200",
        "    Split: Test",
        "L torch.Size([2, 1, 28, 28])",
        "None",
    ], done.stderr
