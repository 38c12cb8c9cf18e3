"""Specification of several seeds beside PyTorch: the same numbers on every executor, and every seed's verdict."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import Install
from generations import GENERATION_C, write_package
from in_process import HERE, run_here

import tinytorch_hf
from tinytorch_hf.compare import sweep
from tinytorch_hf.compare.sweep import Sweep
from tinytorch_hf.compare.target import Target
from tinytorch_hf.compare.tasks import settings_for
from tinytorch_hf.errors import InvalidArgumentError
from tinytorch_hf.judging.judges import judged_by

SETTINGS = settings_for("xor", epochs=2)
SEEDS = (2, 0, 5)
WRONG_GRADIENT = {
    "core/activations.py": (
        "from tinytorch_hf.reference import Sigmoid as _Sigmoid, ReLU, Tensor\n"
        "class Sigmoid(_Sigmoid):\n    def forward(self, x):\n"
        "        y = _Sigmoid.forward(self, x).data\n"
        "        return Tensor.from_operation(y, (x,), lambda g: (g * y,))\n"
    )
}


def swept(seeds: tuple[int, ...] = SEEDS, **options: object) -> Sweep:
    """What these seeds come to."""
    return sweep.swept(SETTINGS, seeds, list(sweep.runs(SETTINGS, seeds, **options)))  # type: ignore[arg-type]


def test_each_seed_is_what_it_is_alone() -> None:
    """In the order in which they were asked for, with the accuracies of both sides paired."""
    found = swept(workers=1)

    assert [run.seed for run in found.runs] == list(SEEDS)
    for run in found.runs:
        assert run.comparison == run_here(dataclasses.replace(SETTINGS, seed=run.seed))
    assert found.agree and found.is_complete and found.is_isolated
    mine = [run.accuracies[0] for run in found.runs if run.accuracies]
    assert found.paired is not None
    assert found.paired.mean_tinytorch == pytest.approx(np.mean(mine))
    assert found.paired.sd_tinytorch == pytest.approx(np.std(mine, ddof=1))
    assert found.settings.seed == SEEDS[0]


def test_dasks_executor_gives_the_same_numbers() -> None:
    """On a cluster of this machine, through the interface that every executor has."""
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)

    with cluster, distributed.Client(cluster) as client:
        found = tinytorch_hf.compare_training("xor", seeds=SEEDS, epochs=2, executor=client.get_executor())

    assert found == swept(workers=1)


def test_a_package_has_a_process_for_each_seed_and_a_fault_is_said_of_each(tmp_path: Path) -> None:
    """Here two at once, from threads; the accuracies are compared all the same."""
    folder = write_package(tmp_path, {**GENERATION_C, **WRONG_GRADIENT})

    with ThreadPoolExecutor(2) as pool:
        found = tinytorch_hf.compare_training("xor", folder, seeds=2, epochs=1, executor=pool)

    assert [(run.seed, run.is_right) for run in found.runs] == [(0, False), (1, False)]
    assert not found.agree
    for run in found.runs:
        assert run.comparison is not None and run.comparison.cause is not None
        assert run.comparison.cause.layer.startswith("sigmoid")
        assert run.comparison.is_isolated
    assert found.paired is not None


def test_what_the_students_code_raises_ends_its_seed_alone(install: Install) -> None:
    """The others are trained, and the message is kept."""
    install(
        {
            **GENERATION_C,
            "core/losses.py": (
                "from pathlib import Path\n"
                "from tinytorch_hf.reference import BinaryCrossEntropyLoss as _Loss, CrossEntropyLoss, MSELoss\n"
                "seen = Path(__file__).with_name('seen.txt')\n"
                "number = len(seen.read_text()) if seen.exists() else 0\n"
                "seen.write_text('x' * (number + 1))\n"
                "class BinaryCrossEntropyLoss(_Loss):\n"
                "    def forward(self, *given):\n"
                "        if number == 1: raise KeyError('the second time')\n"
                "        return super().forward(*given)\n"
            ),
        }
    )

    found = swept(workers=1, target=HERE)

    failed = [run for run in found.runs if run.error]
    assert [run.comparison for run in failed] == [None]
    assert "KeyError: 'the second time'" in failed[0].error
    assert not found.agree
    assert found.paired is not None and found.paired.n_seeds == 2


def test_an_interruption_leaves_what_is_known() -> None:
    """With two seeds there is a spread, with one there is none, and nothing incomplete agrees."""
    known = list(sweep.runs(SETTINGS, SEEDS, workers=1))

    two, one, none = (sweep.swept(SETTINGS, SEEDS, known[:n]) for n in (2, 1, 0))

    assert two.paired is not None and two.paired.n_seeds == 2
    assert (one.paired, none.paired) == (None, None)
    assert not any(found.agree or found.is_complete for found in (two, one, none))


@pytest.mark.parametrize("seeds", [(1,), (1, 1), ()])
def test_seeds_that_cannot_be_paired_are_refused(seeds: tuple[int, ...]) -> None:
    """One has no spread, and one that is there twice is one."""
    with pytest.raises(InvalidArgumentError, match="Two seeds or more"):
        swept(seeds)


def test_records_are_of_one_seed_and_it_is_said_what_to_install() -> None:
    """Nothing is taken in PyTorch's place without a word."""
    with judged_by("recorded"), pytest.raises(InvalidArgumentError, match=r"recorded with one seed, and 3 are asked"):
        swept()


def test_one_seed_is_a_comparison(install: Install) -> None:
    """And takes neither workers nor an executor; no seed fixes a start of one's own."""
    found = tinytorch_hf.compare_training("xor", "tinytorch_hf.reference", epochs=1, early_stopping=1)

    assert found.chosen_tinytorch is not None
    assert found.settings.patience == 1
    with pytest.raises(InvalidArgumentError, match="Give seeds"):
        tinytorch_hf.compare_training("xor", workers=2)  # type: ignore[call-overload]
    with pytest.raises(InvalidArgumentError, match="own_start"):
        tinytorch_hf.compare_training("xor", seeds=2, own_start=True)  # type: ignore[call-overload]


def test_a_target_travels_to_other_processes() -> None:
    """Whatever is sent there can be pickled."""
    import pickle

    piece = sweep._Piece(SETTINGS, Target(given="x"), "torch")

    assert pickle.loads(pickle.dumps(piece)) == piece
