"""Specification of tinytorch_hf.reports.sweep_table, and of what a training with a validation part is told by."""

from __future__ import annotations

import dataclasses
import json

import pytest
from test_report import AGREEING, CAUSE, REFERENCE

from tinytorch_hf.compare.choosing import Chosen
from tinytorch_hf.compare.lockstep import Comparison, Epoch
from tinytorch_hf.compare.paired import compared
from tinytorch_hf.compare.settings import Settings
from tinytorch_hf.compare.sweep import SeedRun, swept
from tinytorch_hf.reports import sweep_table, training_table

SETTINGS = Settings("tinydigits")


def run(seed: int, mine: float, theirs: float, **changed: object) -> SeedRun:
    """What came of a seed, with these accuracies on 200 samples."""
    epoch = Epoch(1, 1.5, 1.5, mine, theirs, 2e-8)
    settings = dataclasses.replace(SETTINGS, seed=seed)
    return SeedRun(seed, dataclasses.replace(AGREEING, settings=settings, epochs=[epoch], n_test=200, **changed))


def test_accuracies_the_test_and_its_power_are_told() -> None:
    """In percent and points, paired by seed."""
    runs = [run(seed, 0.9 - 0.01 * (seed % 3), 0.92 - 0.01 * (seed % 3)) for seed in range(8)]

    lines = sweep_table.conclusion(swept(SETTINGS, range(8), runs)).splitlines()

    told = {line[:11].strip(): line[11:] for line in lines if line[:10].strip()}
    assert told["accuracy"].startswith("TinyTorch 89.12 ± 0.83, PyTorch 91.12 ± 0.83 percent on the test split")
    assert told["paired"].startswith("-2.00 ± 0.00 points")
    assert told["paired"].endswith("8 of 8 differences are not 0")
    assert told["test"].endswith("two-sided: p = 0.0078")
    assert "           distinguishable at 0.05" in lines
    assert "with 8 seeds p can be as small as 0.0078, and a mean difference of 0.50 points is found" in told["power"]
    assert told["verdict"] == "agree with each of 8 seeds"


def test_a_fault_is_told_once_with_all_its_seeds() -> None:
    """And an error of the student's code beside it."""
    runs = [run(0, 0.5, 0.9, cause=CAUSE), run(1, 0.5, 0.9, cause=CAUSE), run(2, 0.9, 0.9)]
    runs.append(SeedRun(3, None, "tinytorch raised an error: KeyError\nIn a.py, line 3."))

    text = sweep_table.conclusion(swept(SETTINGS, range(4), runs))

    assert "verdict    they differ with 3 of 4 seeds: seeds 0, 1, 3" in text
    assert text.count(f"first      step {CAUSE.step}, {CAUSE.layer}:") == 1
    assert "with seeds 0, 1:" in text
    assert "with seed 3:\ntinytorch raised an error: KeyError\nIn a.py, line 3." in text
    assert sweep_table.run_line(runs[3]).split()[:3] == ["3", "error", "tinytorch"]
    printed = json.loads(json.dumps(sweep_table.as_dict(swept(SETTINGS, range(4), runs))))
    assert printed["verdict"] == "differ"
    assert [one["comparison"] and one["comparison"]["verdict"] for one in printed["runs"]] == [
        *("differ", "differ", "agree", None)
    ]


def test_what_is_not_known_is_no_agreement() -> None:
    """After an interruption before the first seed, and after some."""
    assert sweep_table.conclusion(swept(SETTINGS, range(3), [])) == "verdict    interrupted before any seed ended"
    some = sweep_table.conclusion(swept(SETTINGS, range(3), [run(0, 0.9, 0.9, framework=REFERENCE)]))
    assert "verdict    interrupted: only 1 of 3 seeds ended; the reference agrees with the one" in some


@pytest.mark.parametrize(
    ("seeds", "words"), [((3,), "seed 3"), ((0, 1), "seeds 0, 1"), ((4, 5, 6), "seeds 4 to 6"), ((1, 3), "seeds 1, 3")]
)
def test_seeds_are_named_shortly(seeds: tuple[int, ...], words: str) -> None:
    """As one would say them."""
    assert sweep_table._named(seeds) == words


def test_every_line_of_the_test_fits_a_page() -> None:
    """As the rest of the report does."""
    for mine in ([190] * 10, [150, 190, 170, 160, 180, 175, 165, 185, 181, 182], [10] * 3):
        lines = sweep_table.paired_lines(compared(mine, [185] * len(mine), 200))
        assert max(map(len, lines)) <= 120


def stopped(mine: Chosen, theirs: Chosen, **changed: object) -> Comparison:
    """A training with early stopping."""
    settings = dataclasses.replace(SETTINGS, validation=True, patience=2)
    changes = {"chosen_tinytorch": mine, "chosen_pytorch": theirs, "settings": settings, **changed}
    return dataclasses.replace(AGREEING, **changes)


def test_where_the_sides_choose_different_epochs_it_is_said() -> None:
    """With both losses; where everything agrees it is rounding that decides."""
    same = stopped(Chosen(4, 0.25, 6, 0.91), Chosen(4, 0.25, 6, 0.91))
    other = stopped(Chosen(5, 0.2, 7, 0.91), Chosen(4, 0.2001, 6, 0.9))

    text = training_table.conclusion(same)
    assert "chosen     epoch 4 of 6 on both sides, by the validation loss: TinyTorch 0.250000" in text
    assert "accuracy   TinyTorch 91.0%, PyTorch 91.0% on the test split" in text
    text = training_table.conclusion(other)
    assert (
        "chosen     they diverge: rounding decides: TinyTorch epoch 5 of 7, validation loss 0.200000; PyTorch" in text
    )
    assert "they diverge: TinyTorch epoch 5" in training_table.conclusion(dataclasses.replace(other, cause=CAUSE))
    assert "epochs 5 of 7 and 4 of 6 were chosen" in sweep_table.run_line(SeedRun(0, other))


def test_a_training_that_broke_off_claims_nothing_of_the_test_split() -> None:
    """Only its validation part was looked at."""
    settings = dataclasses.replace(SETTINGS, validation=True)
    broken = dataclasses.replace(AGREEING, settings=settings, is_interrupted=True)

    assert broken.accuracies is None
    assert "on the validation part after epoch 1" in training_table.conclusion(broken)
